import { cameraId, epochMs, lineId, monoMs, trackId } from "../../src/core/brand.ts";
import type { CrossingDirection, EventOrigin, JourneyEvent } from "../../src/core/events.ts";
import type { MetricId } from "../../src/core/metric-value.ts";
import { seededRandom } from "../../src/core/random.ts";
import { createJourney, type Journey } from "../../src/journey/journey.ts";
import { createMetrics, type Metrics } from "../../src/metrics/metrics.ts";
import { shopSite } from "../../test/fakes/journey-events.ts";
import { createHearing, type StaffRadio, staffTags } from "./staff-radio.ts";
import { type ShopOptions, simulateShop, spotAt, type TrueDay } from "./staff-shop.ts";

/** What to simulate. */
export interface StaffRunOptions extends Omit<ShopOptions, "random"> {
  readonly seed: number;
  readonly days: number;
  readonly radio: StaffRadio;
  /** Share of people whom the camera at the door does not count. */
  readonly missRatio: number;
}

/** A figure of one day: as counted, with staff left out, and as it is when staff are known. */
export interface Compared {
  readonly raw: number;
  readonly marked: number;
  readonly known: number;
}

/** What came of all days. */
export interface StaffRun {
  /** Crossings of staff that the camera counted, and those of them whose tag sent at that time. */
  readonly truth: number;
  readonly tagged: number;
  readonly marked: number;
  /** Marks on a crossing of this wearer, of other staff, and of customers. */
  readonly right: number;
  readonly swapped: number;
  readonly wrong: number;
  /** Mean probability told with the marks. */
  readonly meanProbability: number;
  readonly days: readonly Readonly<Record<(typeof COMPARED)[number], Compared>>[];
}

const COMPARED = [
  "entrants",
  "shopfront-conversion",
  "sales-conversion",
  "visit-duration-mean",
] as const satisfies readonly MetricId[];

const DAY_MS = 86_400_000;
const MIDNIGHT = Date.UTC(2026, 2, 2);
const STORE = { kind: "store" } as const;
const CAMERAS = ["entrance", "front", "floor"] as const;

const originKey = ({ source, seq }: EventOrigin): string => `${source} ${seq}`;

/** Simulates days of one shop and counts them three times over. Deterministic. */
export function runStaff(options: StaffRunOptions): StaffRun {
  const run = new Run(options);
  for (let day = 0; day < options.days; day += 1) run.day(day);
  return run.result();
}

class Run {
  readonly #options: StaffRunOptions;
  readonly #random: () => number;
  readonly #site;
  readonly #metrics: { readonly raw: Metrics; readonly marked: Metrics; readonly known: Metrics };
  readonly #journey: Journey;
  /** Who each counted crossing was: number of staff, -1 for a customer. */
  readonly #who = new Map<string, number>();
  readonly #days: Record<(typeof COMPARED)[number], Compared>[] = [];
  #seq = 0;
  #truth = 0;
  #tagged = 0;
  #right = 0;
  #swapped = 0;
  #wrong = 0;
  #probability = 0;

  constructor(options: StaffRunOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#site = { ...shopSite(), tags: staffTags(options.staff) };
    const create = (): Metrics => createMetrics({ site: this.#site });
    this.#metrics = { raw: create(), marked: create(), known: create() };
    const anchor = { mono: monoMs(0), epoch: epochMs(MIDNIGHT), clock: "synced" } as const;
    this.#journey = createJourney({
      site: this.#site,
      anchor: () => anchor,
      onEvent: (event) => this.#take(event),
    });
  }

  day(number: number): void {
    const { random, day, startMs } = this.#begin(number);
    const hearing = createHearing(this.#options.radio, {
      tags: this.#site.tags,
      random,
      run: `day${number}`,
      onEvent: (event) => this.#journey.ingest(event),
    });
    const news = this.#newsOf(day, startMs);
    const firstMs = Math.min(...day.walks.flatMap((walk) => walk[0]?.atMs ?? 0)) - 120_000;
    const lastMs = Math.max(...news.map(({ atMs }) => atMs), firstMs) + 600_000;
    let next = 0;
    for (let ms = Math.floor(firstMs / 1000) * 1000; ms < lastMs; ms += 1000) {
      for (; (news[next]?.atMs ?? lastMs) <= ms; next += 1) news[next]?.tell();
      const spots = day.walks.map((walk, i) => {
        const isSending = ms >= (day.tagFromMs[i] ?? 0) && ms < (day.tagToMs[i] ?? 0);
        return isSending ? spotAt(walk, ms) : null;
      });
      hearing.second(monoMs(startMs + ms), spots);
      this.#journey.advance(epochMs(MIDNIGHT + startMs + ms));
    }
    hearing.finish(monoMs(startMs + lastMs));
    this.#journey.finish();
    this.#compare(startMs);
  }

  result(): StaffRun {
    const marked = this.#right + this.#swapped + this.#wrong;
    return {
      truth: this.#truth,
      tagged: this.#tagged,
      marked,
      right: this.#right,
      swapped: this.#swapped,
      wrong: this.#wrong,
      meanProbability: marked === 0 ? 0 : this.#probability / marked,
      days: this.#days,
    };
  }

  #begin(number: number): { random: () => number; day: TrueDay; startMs: number } {
    const random = this.#random;
    const startMs = number * DAY_MS;
    const day = simulateShop({ ...this.#options, random });
    CAMERAS.forEach((id, i) => {
      this.#journey.ingest({
        kind: "sensor-changed",
        source: `camera-state:${id}#sim`,
        seq: number * CAMERAS.length + i,
        atMono: monoMs(startMs + 4 * 3_600_000),
        sensorId: id,
        sensorKind: "camera",
        state: "seeing",
        code: null,
      });
    });
    return { random, day, startMs };
  }

  /** Everything the cameras and the till tell in a day, in time. */
  #newsOf(day: TrueDay, startMs: number): { readonly atMs: number; readonly tell: () => void }[] {
    const news: { atMs: number; tell: () => void }[] = [];
    for (const { atMs, direction, staff } of day.crossings) {
      if (this.#random() < this.#options.missRatio) continue;
      const isSending = atMs >= (day.tagFromMs[staff] ?? 0) && atMs < (day.tagToMs[staff] ?? 0);
      if (staff >= 0) this.#truth += 1;
      if (staff >= 0 && isSending) this.#tagged += 1;
      news.push({ atMs, tell: () => this.#cross(startMs + atMs, "door", direction, staff) });
    }
    day.passingMs.forEach((atMs, i) => {
      const side = i % 2 === 0 ? "pass-left" : "pass-right";
      news.push({ atMs, tell: () => this.#cross(startMs + atMs, side, "in", -1) });
    });
    for (const atMs of day.salesMs) news.push({ atMs, tell: () => this.#sell(startMs + atMs) });
    return news.sort((a, b) => a.atMs - b.atMs);
  }

  #cross(ms: number, line: string, direction: CrossingDirection, staff: number): void {
    const seq = this.#seq;
    this.#seq += 1;
    const source = "camera:entrance#sim";
    this.#who.set(originKey({ source, seq }), staff);
    this.#journey.ingest({
      kind: "line-crossed",
      source,
      seq,
      atMono: monoMs(ms),
      cameraId: cameraId("entrance"),
      lineId: lineId(line),
      trackId: trackId(seq),
      direction,
      confidence: 0.9,
      path: [],
    });
  }

  #sell(ms: number): void {
    const seq = this.#seq;
    this.#seq += 1;
    this.#journey.ingest({
      kind: "transaction",
      source: "pos#sim",
      seq,
      atMono: monoMs(ms),
      receiptId: `r${seq}`,
      transactionKind: "sale",
      paidAt: epochMs(MIDNIGHT + Math.round(ms)),
      netMinor: 1000,
      units: 1,
    });
  }

  #take(event: JourneyEvent): void {
    const { raw, marked, known } = this.#metrics;
    marked.ingest(event);
    if (event.kind === "staff-crossed") {
      this.#judge(originKey(event.crossing), event.tagId, event.probability);
      return;
    }
    raw.ingest(event);
    const isDoor = event.kind === "entered" || event.kind === "exited";
    if (!isDoor || (this.#who.get(originKey(event)) ?? -1) < 0) known.ingest(event);
  }

  #judge(key: string, tag: string, probability: number): void {
    const staff = this.#who.get(key) ?? -1;
    this.#probability += probability;
    if (staff < 0) this.#wrong += 1;
    else if (tag === `staff-${staff}`) this.#right += 1;
    else this.#swapped += 1;
  }

  #compare(startMs: number): void {
    const from = epochMs(MIDNIGHT + startMs + 4 * 3_600_000);
    const to = epochMs(from + DAY_MS);
    const read = (metrics: Metrics, metric: MetricId): number =>
      metrics.value(metric, STORE, from, to).value ?? Number.NaN;
    const compared = COMPARED.map((metric) => [
      metric,
      {
        raw: read(this.#metrics.raw, metric),
        marked: read(this.#metrics.marked, metric),
        known: read(this.#metrics.known, metric),
      },
    ]);
    this.#days.push(Object.fromEntries(compared));
  }
}
