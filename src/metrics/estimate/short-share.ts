import { normalDraw } from "../../core/random.ts";
import { type RatioBlock, ratioOfSums } from "./bootstrap.ts";
import type { TagVisits } from "./tag-lags.ts";
import { TAG_RULES } from "./tag-weights.ts";

/** A number with its standard error. */
export interface Measured {
  readonly value: number;
  readonly error: number;
}

/** What the doors know of the visits shorter than the carriers' floor. */
export interface ShortByDoors {
  /** Share of all that is so short that a card may not be heard. */
  readonly early: Measured;
  /** Share of the others that is below the floor. */
  readonly between: Measured;
}

/**
 * Share of the visits that are shorter than the carriers' floor. Whoever leaves within a minute only the doors know, and
 * so shortly after an entry they know it best. Of those who stay longer, cards tell as well as doors how many leave
 * before the floor: each counts as far as it is sure. Where the two differ by more than both are unsure, both are less
 * sure than they say, by that factor.
 * @source R. T. Birge, The calculation of errors by the method of least squares, Phys. Rev. 1932.
 */
export class ShortShare {
  readonly #doors: ShortByDoors;
  readonly #cards: readonly RatioBlock[];
  readonly #between: Measured;
  /** How much the cards count beside the doors, 0..1. */
  readonly #trust: number;
  /** Spread that a draw has to have beyond what the days and the doors' errors give it. */
  readonly #contrast: number;

  constructor(doors: ShortByDoors, heard: TagVisits) {
    const cards = cardBlocks(heard);
    const { value = 0, standardError = null } = ratioOfSums(cards) ?? {};
    const [seen, carried] = [doors.between.error ** 2, (standardError ?? 0) ** 2];
    const isKnown = seen > 0 && carried > 0;
    const trust = isKnown ? seen / (seen + carried) : 0;
    const off = value - doors.between.value;
    const error = isKnown ? Math.sqrt(trust * carried) : doors.between.error;
    const surplus = isKnown ? Math.max(0, off ** 2 / (seen + carried) - 1) : 0;
    this.#doors = doors;
    this.#cards = cards;
    this.#trust = trust;
    this.#contrast = error * Math.sqrt(surplus);
    this.#between = {
      value: doors.between.value + trust * off,
      error: error * Math.sqrt(1 + surplus),
    };
  }

  /** The share, with its standard error. */
  get share(): Measured {
    const { early } = this.#doors;
    const { value, error } = this.#between;
    const errors = [early.error * (1 - value), error * (1 - early.value)];
    return { value: early.value + (1 - early.value) * value, error: Math.hypot(...errors) };
  }

  /** The share as it might have come out, had the days come so many times each. */
  drawn(times: ArrayLike<number>, random: () => number): number {
    const { early, between } = this.#doors;
    const soon = early.value + early.error * normalDraw(random);
    const doors = between.value + between.error * normalDraw(random);
    let [top, bottom] = [0, 0];
    this.#cards.forEach((block, day) => {
      top += block.top * (times[day] ?? 0);
      bottom += block.bottom * (times[day] ?? 0);
    });
    const cards = bottom > 0 ? top / bottom : doors;
    const more = this.#contrast * normalDraw(random);
    return Math.max(0, soon + (1 - soon) * (doors + this.#trust * (cards - doors) + more));
  }
}

/** Per day, of the card holders who were heard for sure, those who left before the floor, and all. */
const cardBlocks = ({ days }: TagVisits): RatioBlock[] =>
  days.map((visits) => {
    const cards = visits.filter(
      ({ kind, ms }) => kind === "loyalty-card" && ms >= TAG_RULES.sureMs,
    );
    return {
      top: cards.filter(({ ms }) => ms < TAG_RULES.carrierFloorMs).length,
      bottom: cards.length,
    };
  });
