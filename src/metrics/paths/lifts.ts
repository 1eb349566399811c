import type { Interval } from "../estimate/intervals.ts";
import { type ClusterSums, logInterval95 } from "./cluster-sums.ts";
import { addAll, addTo } from "./sums.ts";
import { roundedFactor, toldWeight } from "./told-shares.ts";
import type { SampledVisit } from "./visit-sample.ts";

/** How much oftener two zones are visited together than chance would have it. */
export interface Lift {
  /** Whole visits of the sample. */
  readonly visits: number;
  /** P(AB) / (P(A) P(B)); null when one of the zones was never visited. */
  readonly lift: number | null;
  readonly ci95: Interval | null;
  /** Too few visits with both zones to be told, or none: that is not told apart. */
  readonly isWithheld: boolean;
}

const PRODUCTS = ["pairPair", "pairFirst", "pairSecond", "pairTotal", "firstSecond"] as const;
/** Over groups: pair x pair, pair x first zone, pair x second zone, pair x all visits, first x second zone. */
type Product = (typeof PRODUCTS)[number];

/**
 * Which zones whole visits have in common, and how often a zone is visited at all, by these and by pieces of visits. Sums of products over groups of visits
 * that came together stand behind the intervals. A pair stands in the row of the lower zone and the column of the
 * higher; the diagonal is a zone alone.
 * @source delta method over clusters: W. G. Cochran, Sampling techniques, 1977.
 */
export class PairTally {
  readonly #size: number;
  /** Visits that stopped in a zone, pieces of visits among them. */
  readonly #visitors: Float64Array;
  readonly #people: Float64Array;
  readonly #weight: Float64Array;
  readonly #products: Readonly<Record<Product, Float64Array>>;
  /** Over visits that came alone, whose products are all the same: the squares of their weights. */
  readonly #alone: Float64Array;
  /** Of the group that is being added. */
  readonly #group: Float64Array;
  #touched: number[] = [];
  #groupTotal = 0;
  #groupVisits = 0;
  #visits = 0;
  #total = 0;
  #weightSquares = 0;
  #totalSquares = 0;
  #groups = 0;

  constructor(size: number) {
    const cells = size * size;
    this.#size = size;
    this.#visitors = new Float64Array(size);
    this.#people = new Float64Array(cells);
    this.#weight = new Float64Array(cells);
    this.#alone = new Float64Array(cells);
    this.#group = new Float64Array(cells);
    this.#products = {
      pairPair: new Float64Array(cells),
      pairFirst: new Float64Array(cells),
      pairSecond: new Float64Array(cells),
      pairTotal: new Float64Array(cells),
      firstSecond: new Float64Array(cells),
    };
  }

  /** Whole visits added. */
  get visits(): number {
    return this.#visits;
  }

  /** As many equally weighted visits would be as sure, (sum w)^2 / sum w^2; 0 without any. */
  get effectiveN(): number {
    return this.#weightSquares > 0 ? this.#total ** 2 / this.#weightSquares : 0;
  }

  /** Adds one visit; visits of one group follow one another, with `closeGroup` after the last. */
  add({ path, weight, isWhole }: SampledVisit): void {
    const zones = path.filter((zone, i) => path.indexOf(zone) === i);
    for (const zone of zones) addTo(this.#visitors, zone, 1);
    if (!isWhole) return;
    this.#visits += 1;
    this.#weightSquares += weight * weight;
    this.#groupTotal += weight;
    this.#groupVisits += 1;
    for (const a of zones) for (const b of zones) if (b >= a) this.#addPair(a, b, weight);
  }

  /** Ends a group of visits that belong together. */
  closeGroup(): void {
    if (this.#groupVisits === 0) return;
    if (this.#groupVisits === 1) this.#closeAlone(this.#groupTotal);
    else this.#closeTogether();
    for (const cell of this.#touched) this.#group[cell] = 0;
    this.#touched = [];
    this.#total += this.#groupTotal;
    this.#totalSquares += this.#groupTotal ** 2;
    this.#groups += 1;
    this.#groupTotal = 0;
    this.#groupVisits = 0;
  }

  /** Adds what another tally of the same zones holds; both have closed their groups. */
  merge(other: PairTally): void {
    addAll(this.#visitors, other.#visitors);
    addAll(this.#people, other.#people);
    addAll(this.#weight, other.#weight);
    addAll(this.#alone, other.#alone);
    for (const product of PRODUCTS) addAll(this.#products[product], other.#products[product]);
    this.#visits += other.#visits;
    this.#total += other.#total;
    this.#weightSquares += other.#weightSquares;
    this.#totalSquares += other.#totalSquares;
    this.#groups += other.#groups;
  }

  /** Visits that stopped in a zone. */
  visitsWith(zone: number): number {
    return this.#visitors[zone] ?? 0;
  }

  /** Sums behind the share of whole visits that stopped in a zone. */
  drawOf(zone: number): ClusterSums {
    return {
      hits: this.#sum(zone, zone),
      trials: this.#total,
      hitSquares: this.#product("pairPair", zone, zone),
      hitTrials: this.#product("pairTotal", zone, zone),
      trialSquares: this.#totalSquares,
      clusters: this.#groups,
    };
  }

  /** Whole visits that stopped in each pair of zones. Shared: not to be changed. */
  get together(): Float64Array {
    return this.#people;
  }

  /**
   * The lift of two zones, in either order; `told` are the visits of each pair in steps of `step`. How many stopped in
   * one of the zones is no secret, so all that may be known of those who stopped in both is what is told of them.
   */
  lift(one: number, other: number, told: Float64Array, step: number): Lift {
    const a = Math.min(one, other);
    const b = Math.max(one, other);
    const cell = a * this.#size + b;
    const visits = this.#visits;
    const expected = this.#sum(a, a) * this.#sum(b, b);
    const both = told[cell] ?? 0;
    if (expected === 0) return { visits, lift: null, ci95: null, isWithheld: false };
    if (!(both > 0)) return { visits, lift: null, ci95: null, isWithheld: true };
    const together = toldWeight(both, this.#sum(a, b) / (this.#people[cell] ?? 1), step);
    const lift = (together * this.#total) / expected;
    const variance = this.#toldVariance(a, b, both) + (step > 1 ? (step / 2 / both) ** 2 : 0);
    return {
      visits,
      lift,
      ci95: this.#groups > 1 ? logInterval95(lift, variance) : null,
      isWithheld: false,
    };
  }

  #addPair(a: number, b: number, weight: number): void {
    const cell = a * this.#size + b;
    addTo(this.#people, cell, 1);
    if (this.#group[cell] === 0) this.#touched.push(cell);
    addTo(this.#group, cell, weight);
  }

  #closeAlone(weight: number): void {
    for (const cell of this.#touched) {
      addTo(this.#weight, cell, weight);
      addTo(this.#alone, cell, weight * weight);
    }
  }

  #closeTogether(): void {
    const zones = [...new Set(this.#touched.map((cell) => Math.floor(cell / this.#size)))];
    for (const a of zones) for (const b of zones) if (b >= a) this.#addProducts(a, b);
  }

  #addProducts(a: number, b: number): void {
    const cell = a * this.#size + b;
    const pair = this.#group[cell] ?? 0;
    const first = this.#group[a * this.#size + a] ?? 0;
    const second = this.#group[b * this.#size + b] ?? 0;
    addTo(this.#weight, cell, pair);
    addTo(this.#products.pairPair, cell, pair * pair);
    addTo(this.#products.pairFirst, cell, pair * first);
    addTo(this.#products.pairSecond, cell, pair * second);
    addTo(this.#products.pairTotal, cell, pair * this.#groupTotal);
    addTo(this.#products.firstSecond, cell, first * second);
  }

  #sum(a: number, b: number): number {
    return this.#weight[a * this.#size + b] ?? 0;
  }

  #product(product: Product, a: number, b: number): number {
    const cell = a * this.#size + b;
    return (this.#products[product][cell] ?? 0) + (this.#alone[cell] ?? 0);
  }

  /** Variance of the logarithm as it is for strangers, from what is told, times how much wider groups make it. */
  #toldVariance(a: number, b: number, both: number): number {
    const people = (x: number, y: number): number => this.#people[x * this.#size + y] ?? 0;
    const [inA, inB] = [people(a, a), people(b, b)];
    const few = this.#groups / Math.max(1, this.#groups - 1);
    const alone = (together: number): number =>
      few *
      Math.max(
        0,
        1 / together - 1 / inA - 1 / inB - 1 / this.#visits + (2 * together) / (inA * inB),
      );
    const strangers = alone(people(a, b));
    const effect = strangers > 0 ? this.#logVariance(a, b) / strangers : 1;
    return alone(both) * roundedFactor(Math.max(1, effect));
  }

  /** Variance of log(pair x total / (first x second)); a group bends it by pair/P - first/A - second/B + total/T. */
  #logVariance(a: number, b: number): number {
    const p = 1 / this.#sum(a, b);
    const q = 1 / this.#sum(a, a);
    const r = 1 / this.#sum(b, b);
    const t = 1 / this.#total;
    const squares =
      p * p * this.#product("pairPair", a, b) +
      q * q * this.#product("pairPair", a, a) +
      r * r * this.#product("pairPair", b, b) +
      t * t * this.#totalSquares;
    const mixed =
      p * (t * this.#product("pairTotal", a, b) - q * this.#product("pairFirst", a, b)) -
      p * r * this.#product("pairSecond", a, b) +
      q * (r * this.#product("firstSecond", a, b) - t * this.#product("pairTotal", a, a)) -
      r * t * this.#product("pairTotal", b, b);
    return ((squares + 2 * mixed) * this.#groups) / (this.#groups - 1);
  }
}
