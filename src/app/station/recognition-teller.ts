import { type MonoMs, type SubjectRef, tagId } from "../../core/brand.ts";
import type { TimeAnchor } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { RecognitionMethod, ShopperRecognised } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { ConsentDesk } from "../consent/consent-desk.ts";

/** The same member in the same way so soon after is somebody who pressed twice. */
const AGAIN_MS = 60_000;

/** What a recognition at the station is told with. */
export interface RecognitionDeps {
  readonly stationId: string;
  /** Names this life of the process. */
  readonly boot: string;
  readonly anchor: () => TimeAnchor;
  /** What the group of stores calls a member; null: not known here (yet), and nothing is told. */
  readonly pseudonymOf: (subject: SubjectRef) => string | null;
  readonly consents: Pick<ConsentDesk, "visited">;
  readonly onEvent: (event: ShopperRecognised) => void;
  readonly log: Log;
}

/**
 * Tells that a member was recognised: the ledger that the member was here, the visit by its pseudonym. A fault on the way
 * is a line of the log and no refusal: the shopper was recognised, and the next press tells it.
 */
export function recognitionTeller(
  deps: RecognitionDeps,
): (subject: SubjectRef, method: RecognitionMethod) => void {
  const { stationId, boot, anchor, consents, onEvent, log } = deps;
  let seq = 0;
  let last: { readonly who: string; readonly mono: MonoMs } | null = null;
  return (subject, method) => {
    const { mono: atMono, epoch: at, clock } = anchor();
    const who = `${subject} ${method}`;
    if (last?.who === who && atMono - last.mono < AGAIN_MS) return;
    consents.visited(subject);
    try {
      const pseudonym = deps.pseudonymOf(subject);
      if (pseudonym === null) return;
      const head = { source: `station:${stationId}#${boot}`, seq, at, atMono, clock };
      const whose = { pseudonym: tagId(pseudonym), method, stationId };
      onEvent({ kind: "shopper-recognised", ...head, ...whose });
      seq += 1;
      last = { who, mono: atMono };
    } catch (fault) {
      if (!(fault instanceof GatewayError)) throw fault;
      const fields = { event: "station.not-told", code: fault.code };
      log.warn(fields, "a member was recognised, and the visit could not be told");
    }
  };
}
