import { type MonoMs, monoMs, type ReceiverId } from "../../core/brand.ts";
import { addressKindOf } from "../../radio/address.ts";
import { addressText, addressTopByte, type HciReport } from "../../radio/hci-report.ts";
import type { AddressKind, AdvertisingReport } from "../../radio/source.ts";

/** The one report object of a receiver; the address becomes text only if somebody reads it. */
export class ReportView implements AdvertisingReport {
  readonly receiverId: ReceiverId;
  atMono: MonoMs = monoMs(0);
  addressKind: AddressKind = "public";
  payload: Uint8Array = new Uint8Array(0);
  rssiDbm: number | null = null;
  hci: HciReport | null = null;

  constructor(receiverId: ReceiverId) {
    this.receiverId = receiverId;
  }

  get address(): string {
    return this.hci === null ? "" : addressText(this.hci);
  }

  /** Shows another report from now on. */
  show(report: HciReport, atMono: MonoMs): this {
    this.atMono = atMono;
    this.addressKind = addressKindOf(report.addressType, addressTopByte(report));
    this.payload = report.payload;
    this.rssiDbm = report.rssiDbm;
    this.hci = report;
    return this;
  }
}
