import { addressText, eventTypeName, type HciReport } from "../../src/radio/hci-report.ts";

/** One case of `hci_events.json` and of our own `hci-cases.json`. */
export interface HciCase {
  readonly name: string;
  readonly events: readonly string[];
  readonly expect: readonly HciExpectation[];
}

export interface HciExpectation {
  readonly address: string;
  readonly addressType: string;
  readonly eventType: string;
  readonly rssi: number | null;
  readonly txPowerHci: number | null;
  readonly ad: string;
}

const ADDRESS_TYPES = ["public", "random", "public-identity", "random-identity"];

/** A report in the words of the vectors. Copies what it needs, since the report is reused. */
export function inVectorWords(report: HciReport): HciExpectation {
  return {
    address: addressText(report),
    addressType: ADDRESS_TYPES[report.addressType] ?? `type ${report.addressType}`,
    eventType: eventTypeName(report.eventType, report.extended),
    rssi: report.rssiDbm,
    txPowerHci: report.txPowerDbm,
    ad: Buffer.from(report.payload).toString("hex"),
  };
}
