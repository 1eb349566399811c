import { normalDraw } from "../../core/random.ts";

/** One generated person at one instant; the foot point and the body height are Norm. */
export interface GeneratedPerson {
  readonly id: number;
  readonly xNorm: number;
  readonly yNorm: number;
  readonly heightNorm: number;
}

interface Walker {
  readonly id: number;
  readonly path: readonly (readonly [x: number, y: number, pauseMs: number])[];
  leg: number;
  xNorm: number;
  yNorm: number;
  pauseMs: number;
  readonly speedNorm: number;
}

const WEST = [-0.03, 0.47] as const;
const EAST = [1.03, 0.7] as const;
const WINDOW = [0.55, 0.48] as const;
const FORECOURT = [0.76, 0.6] as const;
const DOOR = [0.83, 0.42] as const;
const INSIDE = [0.86, 0.27] as const;
const MAX_WALKERS = 24;

/**
 * Stand-in for the footage where that cannot be had: seeded people who pass the demo scene, look at the window,
 * go in and come out again. Positions only; it goes into the tracker's place, not the detector's.
 */
export class GeneratedPeople {
  readonly #random: () => number;
  #walkers: Walker[] = [];
  #nextId = 1;
  #untilNextMs = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Moves everybody on by `stepMs` and returns who is in the picture now. */
  step(stepMs: number): readonly GeneratedPerson[] {
    this.#untilNextMs -= stepMs;
    while (this.#untilNextMs <= 0) {
      if (this.#walkers.length < MAX_WALKERS) this.#walkers.push(this.#newWalker());
      this.#untilNextMs += -Math.log(1 - this.#random()) * 6000;
    }
    for (const walker of this.#walkers) this.#move(walker, stepMs);
    this.#walkers = this.#walkers.filter((walker) => walker.leg < walker.path.length);
    return this.#walkers.map(({ id, xNorm, yNorm }) => ({
      id,
      xNorm,
      yNorm,
      heightNorm: 0.08 + 0.12 * yNorm,
    }));
  }

  #newWalker(): Walker {
    const fromWest = this.#random() < 0.5;
    const [start, end] = fromWest ? [WEST, EAST] : [EAST, WEST];
    const spot = (at: readonly [number, number], pauseMs: number): [number, number, number] => [
      at[0] + 0.02 * normalDraw(this.#random),
      at[1] + 0.015 * normalDraw(this.#random),
      pauseMs,
    ];
    const draw = this.#random();
    const middle: [number, number, number][] = [];
    if (draw < 0.45) middle.push(spot(WINDOW, 3000 + this.#random() * 12_000));
    if (draw < 0.3) {
      const stayMs = 8000 + this.#random() * 60_000;
      middle.push(
        spot(FORECOURT, 0),
        spot(DOOR, 0),
        spot(INSIDE, stayMs),
        spot(DOOR, 0),
        spot(FORECOURT, 2000),
      );
    } else middle.push(spot([0.5, 0.55], 0));
    const id = this.#nextId;
    this.#nextId += 1;
    return {
      id,
      path: [...middle, [end[0], end[1] + 0.03 * normalDraw(this.#random), 0]],
      leg: 0,
      xNorm: start[0],
      yNorm: start[1] + 0.03 * normalDraw(this.#random),
      pauseMs: 0,
      speedNorm: 0.07 + 0.03 * this.#random(),
    };
  }

  #move(walker: Walker, stepMs: number): void {
    const target = walker.path[walker.leg];
    if (target === undefined) return;
    const [dx, dy] = [target[0] - walker.xNorm, target[1] - walker.yNorm];
    const distance = Math.hypot(dx, dy);
    const reach = (walker.speedNorm * stepMs) / 1000;
    if (distance > reach) {
      walker.xNorm += (dx / distance) * reach;
      walker.yNorm += (dy / distance) * reach;
      return;
    }
    walker.pauseMs += stepMs;
    if (walker.pauseMs < target[2]) return;
    walker.leg += 1;
    walker.pauseMs = 0;
  }
}
