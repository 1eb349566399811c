import type { MonoMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { ReceiverPlan } from "../../core/site.ts";
import type { ReceiverLinks } from "../../radio/receiver-links.ts";
import { type SelfCalibration, selfCalibrate } from "../../radio/self-calibration.ts";
import type { CalibrationPort, CalibrationView } from "../../web/calibration-view.ts";

export interface CalibrationDeskDeps {
  readonly receivers: readonly ReceiverPlan[];
  readonly links: Pick<ReceiverLinks, "levels">;
  readonly clock: Clock;
}

/** A fit of many boxes takes a second: it is not made for every look at the page. */
const FRESH_MS = 60_000;

/** What receivers know of each other, as texts and as numbers for the zone engine. */
export class CalibrationDesk implements CalibrationPort {
  readonly #deps: CalibrationDeskDeps;
  #known: { readonly atMono: MonoMs; readonly result: SelfCalibration } | null = null;

  constructor(deps: CalibrationDeskDeps) {
    this.#deps = deps;
  }

  /** The newest fit, at most a minute old. */
  read(): SelfCalibration {
    const { links, receivers, clock } = this.#deps;
    const nowMono = clock.mono();
    if (this.#known === null || nowMono - this.#known.atMono >= FRESH_MS)
      this.#known = { atMono: nowMono, result: selfCalibrate(links.levels(), receivers) };
    return this.#known.result;
  }

  view(): CalibrationView {
    return calibrationView(this.read(), this.#deps.receivers);
  }
}

/** The fit in words; a plan without any sending box says nothing at all. Pure. */
function calibrationView(
  result: SelfCalibration,
  receivers: readonly ReceiverPlan[],
): CalibrationView {
  if (result.kind === "too-little") {
    const isWanted = receivers.some(({ beacon }) => beacon !== undefined);
    return { warnings: [], facts: [], why: isWanted ? result.why : null };
  }
  const { warnings, receiverOffsetsDb, links, exponent, scatterDb } = result;
  const nameOf = (id: string): string => receivers.find((plan) => plan.id === id)?.name ?? id;
  const blocked = links
    .filter(({ isBlocked }) => isBlocked)
    .map(({ sender, receiver }) => `${nameOf(sender)} to ${nameOf(receiver)}`);
  return {
    why: null,
    warnings: warnings.map(({ sentence }) => sentence),
    facts: [
      ["links known", String(links.length)],
      ["loss with distance", `exponent ${exponent.toFixed(1)}, scatter ${scatterDb.toFixed(1)} dB`],
      ...Object.entries(receiverOffsetsDb).map(
        ([id, offsetDb]) => [nameOf(id), offsetWords(offsetDb)] as const,
      ),
      ...(blocked.length === 0 ? [] : [["weaker than explained", blocked.join(", ")] as const]),
    ],
  };
}

function offsetWords(offsetDb: number): string {
  if (Math.abs(offsetDb) < 1) return "hears like the others";
  return `hears ${Math.abs(offsetDb).toFixed(0)} dB ${offsetDb < 0 ? "weaker" : "stronger"} than the others`;
}
