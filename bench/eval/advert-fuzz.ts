import { monoMs } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import { legacyReportPacket } from "../../src/io/radio/hci-packets.ts";
import {
  createVendorTelemetry,
  type VendorTelemetry,
} from "../../src/io/radio/vendor-telemetry.ts";
import { adEnd, adIntegrity } from "../../src/radio/ad-structures.ts";
import {
  createBeaconSpot,
  decodeBeacons,
  IDENTITY_BYTES,
  nextBeacon,
} from "../../src/radio/beacon.ts";
import { readGap } from "../../src/radio/formats/gap.ts";
import { createLoyaltySpot, LOYALTY_UUIDS, nextLoyalty } from "../../src/radio/formats/loyalty.ts";
import { readTelemetry } from "../../src/radio/formats/telemetry.ts";
import { countWithheld, createWithheldCounts } from "../../src/radio/formats/withheld.ts";
import { HciReader } from "../../src/radio/hci-reader.ts";

/** What was tried and what came of it. `exceptions` must be 0. */
export interface FuzzResult {
  readonly mutations: number;
  readonly truncations: number;
  readonly exceptions: number;
  /** The first few, each with the bytes that caused it. */
  readonly firstExceptions: readonly string[];
  /** Frames found in changed payloads: that the changes do not miss the decoders altogether. */
  readonly framesDecoded: number;
  readonly telemetryRead: number;
  /** Throws of vendor decoders that the guard caught. */
  readonly vendorThrowsCaught: number;
  readonly hciReports: number;
}

const FIRST_EXCEPTIONS = 5;
/** A fresh guard now and then, lest decoders that were switched off are spared. */
const GUARD_LIFE = 200;
/** A 16-bit UUID of the range that vendors number themselves, to reach the form with a tag. */
const LOYALTY_16 = { ...LOYALTY_UUIDS, uuid16: 0xfd0d };

/**
 * Sends every truncation and `mutations` seeded changes of the payloads and packets through everything that reads bytes
 * of strangers. Payloads are AD structures, packets come from an HCI socket.
 */
export function fuzzAdverts(
  payloads: readonly Uint8Array[],
  packets: readonly Uint8Array[],
  mutations: number,
  seed: number,
): FuzzResult {
  const bench = new FuzzBench();
  let truncations = 0;
  for (const payload of payloads)
    for (const cut of truncationsOf(payload)) {
      truncations += 1;
      bench.payload(cut);
    }
  for (const packet of packets)
    for (let length = 0; length <= packet.length; length += 1) {
      truncations += 1;
      bench.packet(packet.subarray(0, length));
    }
  const random = seededRandom(seed);
  for (let i = 0; i < mutations; i += 1) {
    if (payloads.length === 0 || (packets.length > 0 && i % 4 === 3))
      bench.packet(mutate(packets, random));
    else bench.payload(i % 2 === 0 ? mutate(payloads, random) : refitted(mutate(payloads, random)));
  }
  return bench.result(mutations, truncations);
}

/** Every beginning of the payload; and each again with the length of its last structure made to fit. */
function* truncationsOf(payload: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length <= payload.length; length += 1) {
    yield payload.slice(0, length);
    yield refitted(payload.slice(0, length));
  }
}

/** With the length of the structure that does not fit made to fit, so that its decoder is reached. Changes `bytes`. */
function refitted(bytes: Uint8Array): Uint8Array {
  let at = 0;
  for (let end = adEnd(bytes, 0); end > 0; end = adEnd(bytes, at)) at = end;
  if (at + 1 < bytes.length) bytes[at] = Math.min(255, bytes.length - at - 1);
  return bytes;
}

/** Changes one of the corpus in one to four places: bytes, insertions, deletions, a tail or a whole other one. */
function mutate(corpus: readonly Uint8Array[], random: () => number): Uint8Array {
  const below = (n: number): number => Math.floor(random() * n);
  const one = (): Uint8Array => corpus[below(corpus.length)] ?? new Uint8Array(0);
  let bytes = [...one()];
  for (let i = below(4); i >= 0; i -= 1) {
    const at = below(bytes.length + 1);
    switch (below(6)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        bytes[at] = [0, 1, 0x7f, 0x80, 0xff, bytes.length - at - 1][below(6)] ?? 0;
        break;
      case 2:
        bytes.splice(at, below(4));
        break;
      case 3:
        bytes.splice(at, 0, ...Array.from({ length: below(8) }, () => below(256)));
        break;
      case 4:
        bytes = [...bytes.slice(0, at), ...one()];
        break;
      default:
        bytes[at] = below(256);
    }
  }
  return Uint8Array.from(bytes, (byte) => byte & 255);
}

class FuzzBench {
  readonly #spot = createBeaconSpot();
  readonly #loyalty = createLoyaltySpot();
  readonly #withheld = createWithheldCounts();
  readonly #reader = new HciReader((report) => {
    this.#hciReports += 1;
    this.#decode(report.payload);
  });
  readonly #firstExceptions: string[] = [];
  #vendor: VendorTelemetry = createVendorTelemetry(SILENT_LOG);
  #runs = 0;
  #exceptions = 0;
  #framesDecoded = 0;
  #telemetryRead = 0;
  #vendorThrowsCaught = 0;
  #hciReports = 0;

  /** A payload as it is, and as the data of a legacy report where it fits into one. */
  payload(payload: Uint8Array): void {
    this.#guarded(payload, () => this.#decode(payload));
    if (payload.length <= 31)
      this.packet(
        legacyReportPacket([
          { eventType: 3, addressType: 1, address: new Uint8Array(6), payload, rssiDbm: -60 },
        ]),
      );
  }

  packet(packet: Uint8Array): void {
    this.#guarded(packet, () => this.#reader.push(packet, monoMs(this.#runs)));
  }

  result(mutations: number, truncations: number): FuzzResult {
    this.#changeGuard();
    return {
      mutations,
      truncations,
      exceptions: this.#exceptions,
      firstExceptions: this.#firstExceptions,
      framesDecoded: this.#framesDecoded,
      telemetryRead: this.#telemetryRead,
      vendorThrowsCaught: this.#vendorThrowsCaught,
      hciReports: this.#hciReports,
    };
  }

  #guarded(bytes: Uint8Array, run: () => void): void {
    this.#runs += 1;
    if (this.#runs % GUARD_LIFE === 0) this.#changeGuard();
    try {
      run();
    } catch (error) {
      this.#exceptions += 1;
      const text = error instanceof Error ? error.message : String(error);
      if (this.#firstExceptions.length < FIRST_EXCEPTIONS)
        this.#firstExceptions.push(`${text} at ${Buffer.from(bytes).toString("hex")}`);
    }
  }

  #changeGuard(): void {
    const { throws } = this.#vendor.counts();
    for (const count of Object.values(throws)) this.#vendorThrowsCaught += count;
    this.#vendor = createVendorTelemetry(SILENT_LOG);
  }

  #decode(payload: Uint8Array): void {
    adIntegrity(payload);
    const spot = this.#spot;
    let before = 0;
    for (let at = nextBeacon(payload, 0, spot); at > 0; at = nextBeacon(payload, at, spot)) {
      const size = spot.format === "eddystone-tlm" ? 12 : IDENTITY_BYTES[spot.format];
      if (at <= before || spot.idFrom + size > at || at > payload.length)
        throw new RangeError(`a spot of ${spot.format} outside of its structure`);
      before = at;
    }
    for (const uuids of [LOYALTY_UUIDS, LOYALTY_16]) {
      nextLoyalty(payload, 0, this.#loyalty, uuids);
      this.#framesDecoded += decodeBeacons(payload, uuids).length;
    }
    countWithheld(payload, this.#withheld);
    readGap([payload, payload]);
    if (readTelemetry(payload) !== null) this.#telemetryRead += 1;
    if (this.#vendor.read(payload) !== null) this.#telemetryRead += 1;
  }
}
