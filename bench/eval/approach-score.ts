import type { ZoneApproached } from "../../src/core/events.ts";
import { insidePolygon } from "../../src/core/geometry.ts";
import type { EntryForecast } from "../../src/vision/camera-pipeline.ts";

/** Where one person really was, in Px, in the order of time. */
export interface TruePath {
  readonly atMs: readonly number[];
  readonly xPx: readonly number[];
  readonly yPx: readonly number[];
}

/** What the forecasts of a recording are judged against. */
export interface ApproachTruth {
  /** By track id. */
  readonly paths: ReadonlyMap<number, TruePath>;
  /** Zones by id, flat in Px. */
  readonly zones: ReadonlyMap<string, Float64Array>;
  /** Forecasts that reach beyond the end of the recording are not judged. */
  readonly endMs: number;
}

/** A forecast and what became of it. */
export interface JudgedForecast {
  readonly zone: string;
  readonly probability: number;
  readonly didEnter: boolean;
}

/** Scores of many forecasts; null where there was none. */
export interface ForecastScore {
  readonly forecasts: number;
  /** Share that came true: what the climatology always forecasts. */
  readonly baseRate: number | null;
  /** Mean squared error of the probability. */
  readonly brier: number | null;
  /** Share of the climatology's Brier score that is saved; null where it makes no error itself. */
  readonly brierSkill: number | null;
  /** Per tenth of the probability: how many, mean forecast, share that came true. */
  readonly reliability: readonly {
    readonly from: number;
    readonly forecasts: number;
    readonly forecast: number;
    readonly observed: number;
  }[];
}

/** Scores of the events. */
export interface ApproachScore {
  readonly told: number;
  /** Share of those told who came in within the horizon. */
  readonly toldPrecision: number | null;
  /** Entries by people seen outside for a second before, and the share that was announced within the horizon. */
  readonly entries: number;
  readonly toldRecall: number | null;
  /** Mean time between the event and the entry, of those that came true. */
  readonly meanLeadMs: number | null;
  /** Mean of |forecast lead - true lead|, of those that came true. */
  readonly leadErrorMs: number | null;
}

/** Forecasts are judged once a second for each track and zone. */
const EVERY_MS = 1000;
/** The true way between two rows is looked at this finely. */
const STEP_MS = 50;

/** Takes one forecast a second for each track and zone. */
export class ForecastSampler {
  readonly #lastMs = new Map<string, number>();
  readonly sampled: EntryForecast[] = [];

  add(forecast: EntryForecast): void {
    const key = `${forecast.trackId} ${forecast.zoneId}`;
    const lastMs = this.#lastMs.get(key);
    if (lastMs !== undefined && forecast.atMono - lastMs < EVERY_MS) return;
    this.#lastMs.set(key, forecast.atMono);
    this.sampled.push(forecast);
  }
}

/** Judges forecasts by the true ways. Pure. */
export function judgeForecasts(
  forecasts: readonly EntryForecast[],
  truth: ApproachTruth,
): JudgedForecast[] {
  return forecasts.flatMap(({ trackId, zoneId, atMono, horizonMs, probability }) => {
    const path = truth.paths.get(trackId);
    const zone = truth.zones.get(zoneId);
    if (path === undefined || zone === undefined || atMono + horizonMs > truth.endMs) return [];
    const enterMs = firstInside(path, zone, atMono, atMono + horizonMs);
    return [{ zone: zoneId, probability, didEnter: enterMs !== null }];
  });
}

/** Pure. */
export function scoreForecasts(judged: readonly JudgedForecast[]): ForecastScore {
  const n = judged.length;
  if (n === 0)
    return { forecasts: 0, baseRate: null, brier: null, brierSkill: null, reliability: [] };
  const baseRate = judged.filter(({ didEnter }) => didEnter).length / n;
  const brier = judged.reduce((sum, f) => sum + (f.probability - (f.didEnter ? 1 : 0)) ** 2, 0) / n;
  const climatology = baseRate * (1 - baseRate);
  const reliability = Array.from({ length: 10 }, (_, bin) => {
    const inBin = judged.filter((f) => Math.min(9, Math.floor(f.probability * 10)) === bin);
    const mean = (of: (f: JudgedForecast) => number): number =>
      round(inBin.reduce((sum, f) => sum + of(f), 0) / Math.max(1, inBin.length));
    return {
      from: bin / 10,
      forecasts: inBin.length,
      forecast: mean((f) => f.probability),
      observed: mean((f) => (f.didEnter ? 1 : 0)),
    };
  });
  return {
    forecasts: n,
    baseRate: round(baseRate),
    brier: round(brier),
    brierSkill: climatology === 0 ? null : round(1 - brier / climatology),
    reliability: reliability.filter(({ forecasts }) => forecasts > 0),
  };
}

/** Compares the events with the true entries. Pure. */
export function scoreApproaches(
  events: readonly ZoneApproached[],
  truth: ApproachTruth,
): ApproachScore {
  const leads: number[] = [];
  const leadErrors: number[] = [];
  let judged = 0;
  for (const { trackId, zoneId, atMono, horizonMs, leadMs } of events) {
    const path = truth.paths.get(trackId);
    const zone = truth.zones.get(zoneId);
    if (path === undefined || zone === undefined || atMono + horizonMs > truth.endMs) continue;
    judged += 1;
    const enterMs = firstInside(path, zone, atMono, atMono + horizonMs);
    if (enterMs === null) continue;
    leads.push(enterMs - atMono);
    leadErrors.push(Math.abs(enterMs - atMono - leadMs));
  }
  const entries = [...truth.paths].flatMap(([id, path]) =>
    [...truth.zones].flatMap(([zoneId, zone]) =>
      entriesOf(path, zone).map((atMs) => ({ id, zoneId, atMs })),
    ),
  );
  const announced = entries.filter(({ id, zoneId, atMs }) =>
    events.some(
      (event) =>
        event.trackId === id &&
        event.zoneId === zoneId &&
        event.atMono < atMs &&
        atMs - event.atMono <= event.horizonMs,
    ),
  );
  return {
    told: events.length,
    toldPrecision: judged === 0 ? null : round(leads.length / judged),
    entries: entries.length,
    toldRecall: entries.length === 0 ? null : round(announced.length / entries.length),
    meanLeadMs: mean(leads),
    leadErrorMs: mean(leadErrors),
  };
}

/** When the path is first inside after `fromMs` and not after `toMs`; null when it is not. */
function firstInside(
  path: TruePath,
  zone: Float64Array,
  fromMs: number,
  toMs: number,
): number | null {
  const endMs = Math.min(toMs, path.atMs.at(-1) ?? 0);
  for (let atMs = fromMs + STEP_MS; atMs <= endMs; atMs += STEP_MS) {
    const { x, y } = placeAt(path, atMs);
    if (insidePolygon(zone, x, y)) return atMs;
  }
  return null;
}

/** Instants at which somebody came in who was outside for a second before. */
function entriesOf(path: TruePath, zone: Float64Array): number[] {
  const entries: number[] = [];
  const firstMs = path.atMs[0] ?? 0;
  let outsideSinceMs: number | null = null;
  for (let atMs = firstMs; atMs <= (path.atMs.at(-1) ?? 0); atMs += STEP_MS) {
    const { x, y } = placeAt(path, atMs);
    const isInside = insidePolygon(zone, x, y);
    if (isInside && outsideSinceMs !== null && atMs - outsideSinceMs >= 1000) entries.push(atMs);
    if (isInside) outsideSinceMs = null;
    else outsideSinceMs ??= atMs;
  }
  return entries;
}

function placeAt({ atMs, xPx, yPx }: TruePath, at: number): { x: number; y: number } {
  let low = 0;
  let high = atMs.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((atMs[middle] ?? 0) <= at) low = middle;
    else high = middle;
  }
  const [t0 = 0, t1 = 0] = [atMs[low], atMs[high]];
  const share = t1 === t0 ? 0 : Math.min(1, Math.max(0, (at - t0) / (t1 - t0)));
  const between = (values: readonly number[]): number =>
    (values[low] ?? 0) + share * ((values[high] ?? 0) - (values[low] ?? 0));
  return { x: between(xPx), y: between(yPx) };
}

const round = (value: number): number => Math.round(value * 1e4) / 1e4;

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}
