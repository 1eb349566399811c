import type { SensorCondition } from "../../core/events.ts";
import type { ConditionStatus } from "../dashboard-source.ts";

/** A condition of a sensor in words: what it does, what that means, and what to do. */
export interface ConditionWords {
  /** Completes "The camera ...". */
  readonly does: string;
  readonly what: string;
  readonly next: string;
}

/** Shifts below this share of the picture are not worth naming beside a larger one. */
const LEAST_SHIFT_RATIO = 0.005;

type Measured = Readonly<Record<string, number>>;

const WORDS: Readonly<Record<SensorCondition, (measured: Measured) => ConditionWords>> = {
  moved: (measured) => ({
    does: "has moved",
    what: `Its view has shifted${shiftText(measured)} since the lines were drawn. People are still counted, at lines that may lie elsewhere now.`,
    next: "Turn the camera back, or check the lines and redraw them.",
  }),
  "low-light": () => ({
    does: "has too little light",
    what: "The picture is so dark that people are missed.",
    next: "Switch on a light near it, clean the lens, or turn on its night mode.",
  }),
  slow: ({ fps, targetFps }) => ({
    does: "delivers too few frames",
    what: `${fps === undefined || targetFps === undefined ? "Too few" : `${decimal(fps)} of ${decimal(targetFps)}`} frames a second are looked at. People who walk fast may be missed.`,
    next: "Check the camera\u2019s frame rate and its network. If the gateway is busy, lower `fps` of its cameras.",
  }),
  unstable: ({ reopened }) => ({
    does: "drops out again and again",
    what: `It had to be reopened ${reopened === undefined ? "several" : decimal(reopened)} times lately. Nobody is counted in the gaps.`,
    next: "Check its power supply, its cable or Wi-Fi, and whether others watch the same stream.",
  }),
};

/** Says what is not right with a sensor; a condition of a later version is named as it is. Pure. */
export function conditionWords({ condition, measured }: ConditionStatus): ConditionWords {
  const words = Object.hasOwn(WORDS, condition) ? WORDS[condition] : null;
  if (words !== null) return words(measured);
  return {
    does: `reports \u201c${condition}\u201d`,
    what: "This page does not know what that means.",
    next: "Look it up in the documentation of the gateway\u2019s version.",
  };
}

/** " by 6 % to the left and 2 % down"; empty when nothing was measured. */
function shiftText({ shiftXNorm = 0, shiftYNorm = 0 }: Measured): string {
  const parts = [
    shiftPart(shiftXNorm, "to the left", "to the right"),
    shiftPart(shiftYNorm, "up", "down"),
  ].filter((part) => part !== null);
  return parts.length === 0 ? "" : ` by ${parts.join(" and ")}`;
}

function shiftPart(shiftNorm: number, negative: string, positive: string): string | null {
  if (Math.abs(shiftNorm) < LEAST_SHIFT_RATIO) return null;
  return `${Math.round(Math.abs(shiftNorm) * 100)} % ${shiftNorm < 0 ? negative : positive}`;
}

/** At most one decimal, none for whole numbers. */
const decimal = (value: number): string => String(Math.round(value * 10) / 10);
