import type { MonoMs, ReceiverId, TagId } from "../core/brand.ts";
import type { BeaconIdentity } from "../core/site.ts";
import type { ReceiverState, SourceCounts } from "./source.ts";
import type { TagTelemetry } from "./telemetry.ts";

/** Who was heard: an identity, the bytes it sent, or (between our own gateways) the tag by its id in the plan. */
export type Sighted =
  | { readonly kind: "identity"; readonly identity: BeaconIdentity }
  | { readonly kind: "payload"; readonly payload: Uint8Array }
  | { readonly kind: "tag"; readonly tagId: TagId };

/**
 * What a scanner that is not our own adapter heard. It holds no radio address: whoever reads the scanner's messages
 * drops it there.
 */
export interface Sighting {
  readonly receiverId: ReceiverId;
  /** When it was heard, on our clock with the scanner's skew taken out; up to fifteen seconds back. */
  readonly atMono: MonoMs;
  readonly who: Sighted;
  readonly rssiDbm: number;
  /** Packets this one reading stands for; 1 when the scanner tells each. */
  readonly packets: number;
  readonly telemetry: TagTelemetry | null;
}

/** A scanner that sends its sightings over the network. */
export interface SightingSource {
  readonly receiverId: ReceiverId;
  onSighting: (sighting: Sighting) => void;
  onState: (state: ReceiverState) => void;
  counts(): SourceCounts;
  /** Further figures for people, such as clock skew, late and repeated messages. */
  factTexts(): readonly (readonly [label: string, text: string])[];
}
