import type { GatewayError } from "../../core/errors.ts";
import type { WalkRefusal } from "../../web/walk-view.ts";

/** Why a walk mode may say no. */
export const REFUSALS = {
  impossible: {
    word: "WALK_IMPOSSIBLE",
    message: "No walk is possible here.",
    hint: "Complete the site plan and restart the gateway.",
  },
  running: {
    word: "WALK_RUNNING",
    message: "A walk is under way already.",
    hint: "Finish or drop it first; it is shown on this page.",
  },
  none: {
    word: "NO_WALK",
    message: "No walk is under way.",
    hint: "Start one; a walk ends by itself after an hour.",
  },
  tag: {
    word: "UNKNOWN_TAG",
    message: "No tag of that name is registered.",
    hint: "Choose one of the list, or register the tag first.",
  },
  zone: {
    word: "UNKNOWN_ZONE",
    message: "The floor plan has no such zone.",
    hint: "Choose one of the list.",
  },
  taps: {
    word: "TOO_MANY_TAPS",
    message: "This walk holds as many taps as it can.",
    hint: "Finish it and walk the rest again.",
  },
  nothing: {
    word: "NOTHING_TO_SAVE",
    message: "There is no finished walk with survey points.",
    hint: "Walk for about two minutes in each zone and finish.",
  },
} satisfies Readonly<Record<string, WalkRefusal>>;

/** The refusal of a plan that could not be written, with the fault's own words. Pure. */
export function saveRefused(fault: GatewayError): WalkRefusal {
  return {
    word: "SAVE_REFUSED",
    message: `The survey points were not saved (${fault.code}).`,
    hint: fault.hint,
  };
}
