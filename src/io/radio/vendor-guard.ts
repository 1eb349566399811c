import { processManufacturerSpecificData } from "advlib-ble-manufacturers";
import { processServiceData } from "advlib-ble-services";
import type { Log } from "../../core/lifecycle.ts";
import { AD_TYPE } from "../../radio/ad-structures.ts";
import { byteAt } from "../../radio/bytes.ts";
import { serviceUuidBytes, shortServiceUuid } from "../../radio/formats/service-uuid.ts";
import { withheldKind } from "../../radio/formats/withheld.ts";

/** One decoder of the vendor libraries. */
export interface VendorProcessor {
  readonly kind: "manufacturer" | "service";
  /** Company id, or 16-bit service UUID. */
  readonly code: number;
  readonly name: string;
}

const named = (kind: VendorProcessor["kind"], list: Readonly<Record<string, readonly number[]>>) =>
  Object.entries(list).flatMap(([name, codes]) => codes.map((code) => ({ kind, code, name })));

/**
 * The decoders that vendor data is handed to; everything else is not looked at. Apple (0x004c) and exposure
 * notifications (0xfd6f), which the libraries know as well, are missing with intent.
 */
export const VENDOR_PROCESSORS: readonly VendorProcessor[] = [
  ...named("manufacturer", {
    "nordic-semiconductor": [0x0059],
    "laird-connectivity": [0x0077],
    efento: [0x026c],
    enocean: [0x03da],
    ruuvi: [0x0499],
    wiliot: [0x0500],
    "code-blue-communications": [0x0583],
    "pur3-ltd": [0x0590],
    minew: [0x0639],
    "ela-innovation": [0x0757],
    "smart-sensor-devices": [0x075b],
    "moko-technology": [0x0a62],
  }),
  ...named("service", {
    gatt: [
      0x2a07, 0x2a19, 0x2a37, 0x2a67, 0x2a6c, 0x2a6d, 0x2a6e, 0x2a6f, 0x2aa1, 0x2aa2, 0x2aee,
      0x2af9, 0x2afb, 0x2b18, 0x2b8c, 0x2bcf, 0x2bd0, 0x2bd1, 0x2bd2, 0x2be4, 0x2be7,
    ],
    "hewlett-packard-enterprise": [0xfd94],
    wiliot: [0xfdaf],
    eddystone: [0xfeaa],
    minew: [0xffe1],
  }),
];

/**
 * What a decoder made of one structure: plain values by the names of the library. It may hold addresses and other
 * identifiers of devices, so it stays in this folder and only chosen fields leave it (see vendor-telemetry.ts).
 */
export type VendorReading = Readonly<Record<string, unknown>>;

/** Figures of the guard. */
export interface VendorGuardCounts {
  /** Structures handed to a decoder. */
  readonly structures: number;
  /** Throws per decoder, by its label, only of those that threw. */
  readonly throws: Readonly<Record<string, number>>;
  /** Results that were not plain bounded data. */
  readonly refused: number;
  /** Labels of the decoders that are switched off. */
  readonly switchedOff: readonly string[];
}

export interface VendorGuard {
  /**
   * Hands one AD structure with the value `[from, end)` to its decoder. Null when there is none, it is switched off,
   * it knows nothing, or its result is not plain bounded data. Never throws.
   */
  read(p: Uint8Array, adType: number | undefined, from: number, end: number): VendorFinding | null;
  counts(): VendorGuardCounts;
}

/** A reading and where it comes from; `bytes` are those the decoder was given. */
export interface VendorFinding {
  readonly processor: VendorProcessor;
  readonly bytes: Uint8Array;
  readonly reading: VendorReading;
}

/** A decoder that throws this often without once succeeding in between is broken, or somebody plays with it. */
const THROWS_IN_A_ROW = 50;
/** More text than any decoder makes of the at most 252 bytes of a structure. */
const READING_CHARS = 4_096;

interface Slot {
  readonly processor: VendorProcessor;
  readonly label: string;
  throws: number;
  inARow: number;
}

/** The decoders as the guard calls them; tests hand in their own. */
export interface VendorLibraries {
  manufacturer(companyId: number, data: Buffer): unknown;
  service(uuid: string, data: Buffer): unknown;
}

const LIBRARIES: VendorLibraries = {
  manufacturer: processManufacturerSpecificData,
  service: processServiceData,
};

/**
 * A guard around the vendor libraries. A throw is caught and counted per decoder; after fifty in a row that decoder is
 * switched off until the next start, with one line in the log which names it and holds nothing of the packet.
 */
export function createVendorGuard(log: Log, libraries: VendorLibraries = LIBRARIES): VendorGuard {
  const slots = new Map<number, Slot>();
  for (const processor of VENDOR_PROCESSORS)
    slots.set(keyOf(processor.kind, processor.code), {
      processor,
      label: `${processor.kind} ${processor.code.toString(16).padStart(4, "0")} ${processor.name}`,
      throws: 0,
      inARow: 0,
    });
  let structures = 0;
  let refused = 0;
  const isOff = (slot: Slot): boolean => slot.inARow >= THROWS_IN_A_ROW;
  const call = (slot: Slot, bytes: Uint8Array): unknown => {
    structures += 1;
    const { kind, code } = slot.processor;
    // A copy: the bytes are only ours during the call, and a library may hold on to what it gets.
    const data = Buffer.from(bytes);
    try {
      const result =
        kind === "manufacturer"
          ? libraries.manufacturer(code, data)
          : libraries.service(code.toString(16).padStart(4, "0"), data);
      slot.inARow = 0;
      return result;
    } catch {
      // Expected of frames that are cut: the libraries check lengths in some places only.
      slot.throws += 1;
      slot.inARow += 1;
      if (isOff(slot))
        log.warn(
          { event: "radio.vendor-decoder-off", decoder: slot.label, throws: slot.throws },
          "A decoder of vendor telemetry failed on every frame and is switched off until the next start.",
        );
      return null;
    }
  };
  return {
    read(p, adType, from, end) {
      const slot = slots.get(keyAt(p, adType, from, end));
      if (slot === undefined || isOff(slot)) return null;
      const bytes = p.subarray(from + (serviceUuidBytes(adType) || 2), end);
      const result = call(slot, bytes);
      if (result === null || result === undefined) return null;
      if (isPlain(result)) return { processor: slot.processor, bytes, reading: result };
      refused += 1;
      return null;
    },
    counts: () => ({
      structures,
      throws: Object.fromEntries(
        [...slots.values()].filter((s) => s.throws > 0).map((s) => [s.label, s.throws]),
      ),
      refused,
      switchedOff: [...slots.values()].filter(isOff).map(({ label }) => label),
    }),
  };
}

const keyOf = (kind: VendorProcessor["kind"], code: number): number =>
  kind === "service" ? 0x10000 + code : code;

/** Key of the decoder for a structure; -1 for what is withheld and for what is neither. */
function keyAt(p: Uint8Array, adType: number | undefined, from: number, end: number): number {
  if (withheldKind(p, adType, from, end) !== null) return -1;
  if (adType === AD_TYPE.manufacturer && end - from >= 2)
    return keyOf("manufacturer", byteAt(p, from) | (byteAt(p, from + 1) << 8));
  const uuid = shortServiceUuid(p, adType, from, end);
  return uuid < 0 ? -1 : keyOf("service", uuid);
}

/** A plain object that is nothing but bounded data; one decoder hands on whatever JSON a device sends. */
function isPlain(value: unknown): value is VendorReading {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  try {
    return JSON.stringify(value).length <= READING_CHARS;
  } catch {
    return false;
  }
}
