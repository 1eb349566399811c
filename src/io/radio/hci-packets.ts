/**
 * Builders of raw HCI packets, as a controller would send them: for the demonstration, the simulation and tests.
 */

/** A report to be put on the wire. */
export interface LegacyReport {
  /** 0 connectable, 2 scannable, 3 not connectable, 4 scan response. */
  readonly eventType: number;
  /** 0 public, 1 random. */
  readonly addressType: number;
  /** Six bytes, most significant first, as people write them. */
  readonly address: Uint8Array;
  /** AD structures, at most 31 bytes. */
  readonly payload: Uint8Array;
  /** 127 = not measured. */
  readonly rssiDbm: number;
}

/** An LE Advertising Report event. @source Bluetooth Core 5.4, Vol 4 Part E, 7.7.65.2. */
export function legacyReportPacket(reports: readonly LegacyReport[]): Uint8Array {
  const size = reports.reduce((sum, report) => sum + 10 + report.payload.length, 5);
  const packet = new Uint8Array(size);
  packet.set([0x04, 0x3e, size - 3, 0x02, reports.length]);
  let at = 5;
  for (const report of reports) {
    packet.set([report.eventType, report.addressType], at);
    for (let i = 0; i < 6; i += 1) packet[at + 2 + i] = report.address[5 - i] ?? 0;
    packet[at + 8] = report.payload.length;
    packet.set(report.payload, at + 9);
    packet[at + 9 + report.payload.length] = report.rssiDbm & 0xff;
    at += 10 + report.payload.length;
  }
  return packet;
}

/** A report as a controller gives it that scans extended. */
export interface ExtendedReport extends Omit<LegacyReport, "payload"> {
  /** 16 bits; 0x10 is a legacy advertisement that is not connectable, 0x20 says that more of the data follows. */
  readonly eventType: number;
  /** AD structures, at most 229 bytes. */
  readonly payload: Uint8Array;
  /** 127 = not available. */
  readonly txPowerDbm: number;
  /** Advertising set; 0xff = none (a legacy advertisement), which is the default. */
  readonly setId?: number;
}

/** An LE Extended Advertising Report event with one report. @source Bluetooth Core 5.4, Vol 4 Part E, 7.7.65.13. */
export function extendedReportPacket(report: ExtendedReport): Uint8Array {
  const { eventType, addressType, address, payload, rssiDbm, txPowerDbm, setId = 0xff } = report;
  const head = [0x04, 0x3e, 26 + payload.length, 0x0d, 1, eventType & 255, eventType >> 8];
  const levels = [txPowerDbm & 0xff, rssiDbm & 0xff];
  const onAir = Uint8Array.from(address).reverse();
  const tail = [1, 0, setId, ...levels, 0, 0, 0, 0, 0, 0, 0, 0, 0, payload.length];
  return Uint8Array.from([...head, addressType, ...onAir, ...tail, ...payload]);
}

/** iBeacon payload with flags: 30 bytes. `identity` is uuid 16, major 2, minor 2. */
export function ibeaconPayload(identity: Uint8Array, txPower1mDbm: number): Uint8Array {
  return payloadOf([0x1a, 0xff, 0x4c, 0x00, 0x02, 0x15], identity, [txPower1mDbm & 0xff]);
}

/** AltBeacon payload with flags: 31 bytes. `identity` has 20 bytes. */
export function altbeaconPayload(identity: Uint8Array, txPower1mDbm: number): Uint8Array {
  return payloadOf([0x1b, 0xff, 0x18, 0x01, 0xbe, 0xac], identity, [txPower1mDbm & 0xff, 0]);
}

/** Eddystone-UID payload with flags: `identity` is namespace 10, instance 6. */
export function eddystoneUidPayload(identity: Uint8Array, txPower0mDbm: number): Uint8Array {
  const head = [0x03, 0x03, 0xaa, 0xfe, 0x15, 0x16, 0xaa, 0xfe, 0x00, txPower0mDbm & 0xff];
  return payloadOf(head, identity, []);
}

/** Readings of an Eddystone beacon. */
export interface Telemetry {
  readonly batteryMv: number;
  readonly temperatureC: number;
  readonly advertisements: number;
  readonly uptimeMs: number;
}

/** Eddystone-TLM payload (plain) with flags. */
export function eddystoneTlmPayload(telemetry: Telemetry): Uint8Array {
  const fields = new DataView(new ArrayBuffer(12));
  fields.setUint16(0, telemetry.batteryMv);
  fields.setInt16(2, Math.round(telemetry.temperatureC * 256));
  fields.setUint32(4, telemetry.advertisements);
  fields.setUint32(8, Math.round(telemetry.uptimeMs / 100));
  const head = [0x03, 0x03, 0xaa, 0xfe, 0x11, 0x16, 0xaa, 0xfe, 0x20, 0x00];
  return payloadOf(head, new Uint8Array(fields.buffer), []);
}

function payloadOf(head: readonly number[], body: Uint8Array, tail: readonly number[]): Uint8Array {
  return Uint8Array.from([0x02, 0x01, 0x06, ...head, ...body, ...tail]);
}
