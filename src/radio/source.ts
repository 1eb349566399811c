import type { MonoMs, ReceiverId } from "../core/brand.ts";
import type { FaultCode } from "../core/errors.ts";
import type { HciReport } from "./hci-report.ts";

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
  /** The report as the controller sent it (event type, address type, transmit power); absent where there is no controller. */
  readonly hci?: HciReport | null;
}

/** How an adapter scans: with which set of HCI commands, and whether it asks the devices for scan responses. */
export interface ScanMode {
  readonly commands: "legacy" | "extended";
  readonly style: "passive" | "active";
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
  /** Extended reports given up because a part of them did not come or too many were open; also among `malformed`. */
  readonly drops?: number;
  /** Times the adapter refused to scan. */
  readonly refusals?: number;
  /** Times another program on this machine switched the adapter's scanning, or reset it. */
  readonly takeovers?: number;
  /** null while the adapter is not set up; absent where nothing scans. */
  readonly scan?: ScanMode | null;
}

/** Where reports come from: an adapter, a recording, a simulation. */
export interface AdvertisementSource {
  readonly receiverId: ReceiverId;
  onReport: (report: AdvertisingReport) => void;
  onState: (state: ReceiverState) => void;
  /** Figures for the dashboard; a snapshot. */
  counts(): SourceCounts;
}
