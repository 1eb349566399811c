import type { Point } from "../../core/geometry.ts";
import type { DemoGround } from "./demo-ground.ts";

const WALK_M_PER_S = 0.8;
const PAUSE_MS: readonly [number, number] = [4_000, 35_000];

/** One draw between two bounds. */
export const draw = (random: () => number, [low, high]: readonly [number, number]): number =>
  low + (high - low) * random();

/** Walks the ground from place to place with pauses, in virtual time. */
export class DemoWalker {
  readonly #ground: DemoGround;
  readonly #random: () => number;
  xM = 0;
  yM = 0;
  /** Metres walked since it was made: what an accelerometer would feel. */
  walkedM = 0;
  #way: Point[] = [];
  /** Where the way leads in the end, and then no further; null = on and on. */
  #home: Point | null = null;
  #atMs = 0;
  #pauseUntilMs = 0;

  constructor(ground: DemoGround, random: () => number) {
    this.#ground = ground;
    this.#random = random;
  }

  /** Whether it has come to where it was sent. */
  get isHome(): boolean {
    const home = this.#home;
    return home !== null && this.#way.length === 0 && home.x === this.xM && home.y === this.yM;
  }

  /** Stands at a place and stays there. */
  standAt(place: Point, atMs: number): void {
    this.xM = place.x;
    this.yM = place.y;
    this.#atMs = atMs;
    this.#way = [];
    this.#home = place;
  }

  /** Goes about from where it stands. */
  wander(atMs: number): void {
    this.moveTo(atMs);
    this.#home = null;
    this.#pauseUntilMs = atMs;
    this.#chooseGoal();
  }

  /** Goes to a place, at once, and stays there. */
  goTo(place: Point, atMs: number): void {
    this.moveTo(atMs);
    this.#home = place;
    this.#pauseUntilMs = atMs;
    this.#way = [...this.#ground.route({ x: this.xM, y: this.yM }, place)];
    // A place that cannot be walked to is reached all the same: a demonstration has no lost property.
    if (this.#way.length === 0) this.#way = [place];
  }

  /** Lets time pass up to `atMs`. */
  moveTo(atMs: number): void {
    while (this.#atMs < atMs) {
      const next = this.#way[0];
      if (next === undefined && this.#home !== null) {
        this.#atMs = atMs;
      } else if (this.#atMs < this.#pauseUntilMs) {
        this.#atMs = Math.min(atMs, this.#pauseUntilMs);
      } else if (next === undefined) {
        this.#chooseGoal();
        this.#pauseUntilMs = this.#atMs + draw(this.#random, PAUSE_MS);
      } else this.#walk(next, atMs);
    }
  }

  #walk(next: Point, untilMs: number): void {
    const wayM = Math.hypot(next.x - this.xM, next.y - this.yM);
    const neededMs = (wayM / WALK_M_PER_S) * 1000;
    const share = neededMs <= untilMs - this.#atMs ? 1 : (untilMs - this.#atMs) / neededMs;
    this.xM = share === 1 ? next.x : this.xM + (next.x - this.xM) * share;
    this.yM = share === 1 ? next.y : this.yM + (next.y - this.yM) * share;
    this.walkedM += wayM * share;
    this.#atMs = share === 1 ? this.#atMs + neededMs : untilMs;
    if (share === 1) this.#way.shift();
  }

  #chooseGoal(): void {
    const here = { x: this.xM, y: this.yM };
    this.#way = [...this.#ground.route(here, this.#ground.spot(this.#random))];
  }
}
