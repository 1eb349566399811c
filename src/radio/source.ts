import type { MonoMs, ReceiverId } from "../core/brand.ts";
import type { FaultCode } from "../core/errors.ts";

export type AddressKind = "public" | "random-static" | "resolvable" | "non-resolvable";

/**
 * One received advertising report. The object and its bytes are only valid during the call that delivers it.
 * The address stays inside `io/` and `radio/`: it is never logged, stored or published.
 */
export interface AdvertisingReport {
  readonly receiverId: ReceiverId;
  readonly atMono: MonoMs;
  /** Six bytes as lower-case hexadecimal with colons. May be made on reading: read it at most once. */
  readonly address: string;
  readonly addressKind: AddressKind;
  /** Raw AD structures. */
  readonly payload: Uint8Array;
  /** null when the controller did not measure it (127). */
  readonly rssiDbm: number | null;
}

/** State of a receiver as its source sees it. */
export type ReceiverState =
  | { readonly kind: "starting" }
  | { readonly kind: "seeing" }
  | { readonly kind: "blind"; readonly code: FaultCode };

/** What a source counted since it was made; numbers only grow. */
export interface SourceCounts {
  /** HCI packets that held advertising reports. */
  readonly packets: number;
  /** Advertising reports handed on. */
  readonly reports: number;
  /** HCI packets that were cut short, lengths that do not fit, fragments that never became whole. */
  readonly malformed: number;
  /** Times scanning was armed again because the adapter was silent or refused. */
  readonly rearms: number;
  /** Times the adapter was reset or opened anew. */
  readonly resets: number;
}

/** Where reports come from: an adapter, a recording, a simulation. */
export interface AdvertisementSource {
  readonly receiverId: ReceiverId;
  onReport: (report: AdvertisingReport) => void;
  onState: (state: ReceiverState) => void;
  /** Figures for the dashboard; a snapshot. */
  counts(): SourceCounts;
}
