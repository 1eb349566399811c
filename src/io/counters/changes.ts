import type { InputFault } from "../../core/errors.ts";

/** A person as a counter reports one; `id` is the counter's own and never leaves this folder. */
export interface Sighting {
  readonly id: string;
  /** Foot point, Norm of the picture; a little outside of 0..1 for somebody at the edge. */
  readonly xNorm: number;
  readonly yNorm: number;
  /** Body height, Norm of the picture's height. */
  readonly heightNorm: number;
  /** Confidence 0..1. */
  readonly score: number;
  /** True when the message does not say what it is: it is somebody only if this id was before. */
  readonly isUnsure?: true;
}

/** A place on somebody's way, by the counter's clock. */
export interface PathPoint {
  readonly sentMs: number;
  readonly xNorm: number;
  readonly yNorm: number;
  readonly heightNorm: number;
}

/**
 * What one message says. `sentMs` is the time of it by the counter's clock, ms since 1970; null when the message
 * carries none and its arrival counts.
 */
export type CounterChange =
  /** People seen at one instant. With `isEverybody`, whoever is not named is not there. */
  | {
      readonly kind: "seen";
      readonly sentMs: number | null;
      readonly people: readonly Sighting[];
      readonly isEverybody: boolean;
    }
  /** Where somebody followed by now was before this message, oldest first; may repeat what was told before. */
  | {
      readonly kind: "trail";
      readonly id: string;
      readonly score: number;
      readonly points: readonly PathPoint[];
    }
  /** These ids will not come again. */
  | { readonly kind: "ended"; readonly sentMs: number | null; readonly ids: readonly string[] }
  /** One person: what was called `from` is called `to` from now on. */
  | {
      readonly kind: "renamed";
      readonly sentMs: number | null;
      readonly from: string;
      readonly to: string;
    }
  /** A whole way told after its end. */
  | {
      readonly kind: "path";
      readonly id: string;
      readonly score: number;
      readonly points: readonly PathPoint[];
    }
  /** The counter itself counted a crossing of one of its lines; `key` tells repetitions from new ones. */
  | {
      readonly kind: "crossed";
      readonly sentMs: number | null;
      readonly key: string;
      readonly id: string;
      /** Names of the line at the counter: its number and, when it has one, its name. */
      readonly lines: readonly string[];
      readonly isForward: boolean;
    }
  /** Nothing but a sign of life; `isSeeing` false: the counter says that its own eye is shut. */
  | { readonly kind: "alive"; readonly sentMs: number | null; readonly isSeeing: boolean };

/** A message understood: what it says, and what of it had to be dropped. */
export interface CounterReport {
  readonly changes: readonly CounterChange[];
  /** One for each part that was dropped. */
  readonly faults: readonly InputFault[];
  /** Objects that are no people, people below certainty, other cameras: left out on purpose. */
  readonly ignored: number;
}

/**
 * Reads one message (parsed JSON of any shape) of one format. Pure, and never throws: what cannot be read is a fault
 * that names field, value and expectation, and the rest of the message is kept.
 */
export type CounterAdapter = (message: unknown) => CounterReport;

/** Most people of one message; the rest is dropped with a fault. */
export const MAX_PEOPLE_PER_MESSAGE = 512;
/** Most points of one path; of a longer one the oldest are dropped with a fault. */
export const MAX_PATH_POINTS = 4096;
