import type { Difficulty, Fault } from "../../src/app/simulate/model.ts";
import {
  Simulation,
  tradingDay,
  VARIANTS,
  type VariantName,
} from "../../src/app/simulate/simulation.ts";
import { ToldShop } from "../../src/app/simulate/told-shop.ts";
import type { TrueDay } from "../../src/app/simulate/true-day.ts";
import type { Identity } from "../../src/app/simulate/truth/question.ts";
import { ShopTruth } from "../../src/app/simulate/truth/shop-truth.ts";
import { type EpochMs, epochMs } from "../../src/core/brand.ts";
import type { MetricId, MetricValue } from "../../src/core/metric-value.ts";
import type { SitePlan } from "../../src/core/site.ts";
import { createMetrics, type Metrics } from "../../src/metrics/metrics.ts";
import { isOfSample, questionKey, questionsFor, type SimQuestion } from "./sim-questions.ts";
import { CoverageTally, entryOf, meanOf, type SimEntry } from "./sim-score.ts";

/** What to run. */
export interface SimRunOptions {
  readonly seed: number;
  readonly days: number;
  readonly difficulty: Difficulty;
  readonly faults: readonly Fault[];
  readonly variants: readonly VariantName[];
  /** Only these metrics, and no days; empty = all. */
  readonly only: readonly string[];
}

/** Numbers of days from the beginning of the run, half-open. */
interface Days {
  readonly from: number;
  readonly to: number;
}

/** What came of one way of watching the shop. */
export interface VariantScore {
  readonly entries: Readonly<Record<string, SimEntry>>;
  /** Intervals against what they speak of: a day's rate is a sample of the shop's own, which the whole run tells. */
  readonly coverage: CoverageTally;
  /** The same against what happened on that very day, which chance of sampling makes too easy for rates. */
  readonly realised: CoverageTally;
  /** Mean error of people inside every 15 min: as shown then, and as the closed day has it. */
  readonly occupancyMae: { readonly live: number | null; readonly closed: number | null };
  /** Share of the 95 % intervals of these that hold the truth; beside `coverage`, which they would outnumber. */
  readonly occupancyCovered: { readonly live: number | null; readonly closed: number | null };
  /** Mean error of the people in each zone, every hour. */
  readonly zonePeopleMae: number | null;
  /** Metrics that are defined and have no figure yet. */
  readonly missing: readonly string[];
  readonly seconds: { readonly events: number; readonly figures: number };
  readonly events: number;
}

const STORE = { kind: "store" } as const;
const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;
/** Drift is learned from closed days: live occupancy is compared from here on. */
const LEARNED_DAYS = 8;

/** Figures of identified visits, whose truth is about the same visits. */
const OF_IDENTIFIED: readonly MetricId[] = [
  "identification-coverage",
  "repeat-rate",
  "repeat-rate-30",
  "repeat-rate-60",
  "visit-recency",
  "visit-frequency",
  "customer-tenure",
  "basket-put-back-rate",
  "baskets-abandoned",
];

/** Runs a shop once and watches it in several ways. Deterministic but for the seconds. */
export function runSim(options: SimRunOptions): Record<string, VariantScore> {
  const { seed, difficulty, faults, days } = options;
  const simulation = new Simulation({ seed, difficulty, faults });
  const runs = options.variants.map((name) => new VariantRun(simulation, name, options.only));
  for (let number = 0; number < days; number += 1) {
    const day = simulation.day(number);
    for (const run of runs) run.day(day);
  }
  return Object.fromEntries(runs.map((run) => [run.name, run.score(days)]));
}

class VariantRun {
  readonly name: VariantName;
  readonly #site: SitePlan;
  readonly #metrics: Metrics;
  readonly #shop: ToldShop;
  readonly #truth: ShopTruth;
  readonly #identity: Identity;
  readonly #only: readonly string[];
  readonly #live = new InstantErrors();
  readonly #closed = new InstantErrors();
  readonly #zonePeople: number[] = [];
  readonly #wholeTruths = new Map<string, number | null>();
  #closing: (() => void) | null = null;
  #events = 0;
  #eventsMs = 0;

  constructor(simulation: Simulation, name: VariantName, only: readonly string[]) {
    const sensors = VARIANTS[name];
    const shop = simulation.shop(sensors);
    this.name = name;
    this.#only = only;
    this.#site = shop.site;
    this.#metrics = createMetrics({ site: shop.site });
    this.#truth = new ShopTruth(simulation.layout);
    // Without anything that follows people the definition cannot merge who comes back.
    this.#identity = sensors.following ? "merged" : "raw";
    this.#shop = new ToldShop(shop, (event) => {
      this.#events += 1;
      this.#metrics.ingest(event);
    });
  }

  day(day: TrueDay): void {
    const startMs = performance.now();
    const today = new ShopTruth(this.#truth.layout);
    const isCompared = this.#only.length === 0 && day.number >= LEARNED_DAYS;
    if (isCompared) today.add(day, new Set());
    const identified = this.#shop.day(day, (now) => {
      if (isCompared && now % QUARTER_MS === 0) this.#compareNow(day, today, now);
    });
    this.#shop.closeDay(day);
    this.#truth.add(day, identified);
    this.#eventsMs += performance.now() - startMs;
    // A day is closed when the next one has begun.
    this.#closing?.();
    this.#closing = isCompared ? () => this.#compareClosed(day, today) : null;
  }

  score(days: number): VariantScore {
    this.#shop.finish();
    const startMs = performance.now();
    const entries: Record<string, SimEntry> = {};
    const judged = { coverage: new CoverageTally(), realised: new CoverageTally() };
    const missing = new Set<string>();
    const asked = questionsFor(this.#site).filter(
      ({ metric }) => this.#only.length === 0 || this.#only.includes(metric),
    );
    for (const question of asked) {
      const whole = this.#compare(question, { from: 0, to: days });
      if (whole === null) missing.add(question.metric);
      else {
        entries[questionKey(question)] = whole;
        judged.coverage.add(question.metric, whole);
        judged.realised.add(question.metric, whole);
        if (question.isDaily && this.#only.length === 0) this.#addDays(question, days, judged);
      }
    }
    return {
      entries,
      ...judged,
      occupancyMae: { live: this.#live.mean, closed: this.#closed.mean },
      occupancyCovered: { live: this.#live.coveredRatio, closed: this.#closed.coveredRatio },
      zonePeopleMae: meanOf(this.#zonePeople),
      missing: [...missing],
      seconds: {
        events: Math.round(this.#eventsMs) / 1000,
        figures: Math.round(performance.now() - startMs) / 1000,
      },
      events: this.#events,
    };
  }

  #addDays(
    question: SimQuestion,
    days: number,
    judged: Pick<VariantScore, "coverage" | "realised">,
  ): void {
    for (let day = 0; day < days; day += 1) {
      const span = { from: day, to: day + 1 };
      const entry = this.#compare(question, span);
      if (entry === null) continue;
      judged.realised.add(question.metric, entry);
      const ofShop = isOfSample(question.metric)
        ? this.#compare(question, span, { from: 0, to: days })
        : entry;
      if (ofShop !== null) judged.coverage.add(question.metric, ofShop);
    }
  }

  #compare({ metric, scope }: SimQuestion, span: Days, truthOf: Days = span): SimEntry | null {
    const value = this.#ask(metric, scope, tradingDay(span.from).from, tradingDay(span.to - 1).to);
    if (value === null) return null;
    const { parameters } = value.definition;
    // Tags of carriers are a sample of its own: nothing is said about everybody.
    const isSample = value.method === "tag" && !OF_IDENTIFIED.includes(metric);
    if (isSample) return entryOf(value, null);
    const query = { metric, scope, span: truthOf, identity: this.#identity, parameters };
    return entryOf(value, truthOf === span ? this.#truth.value(query) : this.#wholeTruth(query));
  }

  /** The truth of a whole run, which every day of it is held against: worked out once. */
  #wholeTruth(query: Parameters<ShopTruth["value"]>[0]): number | null {
    const key = JSON.stringify(query);
    const known = this.#wholeTruths.get(key);
    if (known !== undefined) return known;
    const truth = this.#truth.value(query);
    this.#wholeTruths.set(key, truth);
    return truth;
  }

  /** null when the metric has no figure yet. */
  #ask(
    metric: SimQuestion["metric"],
    scope: SimQuestion["scope"],
    from: EpochMs,
    to: EpochMs,
  ): MetricValue | null {
    try {
      return this.#metrics.value(metric, scope, from, to);
    } catch (error) {
      // Only this: everything else that goes wrong in a figure is to be seen.
      const isMissing = error instanceof TypeError && error.message.startsWith("metric without");
      if (isMissing) return null;
      throw error;
    }
  }

  #compareNow(day: TrueDay, today: ShopTruth, now: EpochMs): void {
    const { from } = tradingDay(day.number);
    this.#live.add(this.#ask("occupancy", STORE, from, now), today.insideAt(now));
    if (!VARIANTS[this.name].following || now % HOUR_MS !== 0) return;
    for (const { id } of this.#site.cameras.flatMap((camera) => camera.zones)) {
      const value = this.#ask("zone-people-now", { kind: "zone", id }, from, now)?.value ?? null;
      if (value !== null) this.#zonePeople.push(Math.abs(value - today.peopleIn(id, now)));
    }
  }

  /** The closed day's curve, which is what charts of past days show. */
  #compareClosed(day: TrueDay, today: ShopTruth): void {
    const { from, to } = tradingDay(day.number);
    this.#ask("occupancy", STORE, from, to);
    for (let at = day.opensAt + QUARTER_MS; at < day.closesAt; at += QUARTER_MS)
      this.#closed.add(this.#ask("occupancy", STORE, from, epochMs(at)), today.insideAt(at));
  }
}

/** Values at instants against the truth. */
class InstantErrors {
  readonly #errors: number[] = [];
  readonly #covered: number[] = [];

  get mean(): number | null {
    return meanOf(this.#errors);
  }

  get coveredRatio(): number | null {
    return meanOf(this.#covered);
  }

  add(value: MetricValue | null, truth: number): void {
    if (value === null || value.value === null) return;
    this.#errors.push(Math.abs(value.value - truth));
    const { covered } = entryOf(value, truth);
    if (covered !== null) this.#covered.push(Number(covered));
  }
}
