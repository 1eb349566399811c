import {
  ah,
  eddystoneEid,
  exposureIdentifier,
  exposureKey,
  resolves,
} from "../../src/privacy/beacon-crypto.ts";
import {
  type AdvertOutcome,
  differenceIn,
  hexBytes,
  isRecord,
  judged,
  toHex,
} from "./advert-case.ts";

type Row = Readonly<Record<string, unknown>>;

const bytesIn = (row: Row, key: string): Uint8Array => {
  const bytes = hexBytes(typeof row[key] === "string" ? row[key].replaceAll(":", "") : null);
  if (bytes === null) throw new RangeError(`${key}: expected hexadecimal digits`);
  return bytes;
};

/** What we compute for a row of each section, under the names of its expected values. */
const SECTIONS: Readonly<Record<string, (row: Row) => Row>> = {
  ah: (row) => ({ hash: toHex(ah(bytesIn(row, "irk"), bytesIn(row, "prand"))) }),
  rpa: (row) => ({ resolves: resolves(bytesIn(row, "irk"), bytesIn(row, "address")) }),
  eid: (row) => ({
    eid: toHex(
      eddystoneEid(bytesIn(row, "identity_key"), Number(row["time_counter"]), Number(row["K"])),
    ),
  }),
  gaen: (row) => {
    const key = exposureKey(bytesIn(row, "tek"));
    return { rpik: toHex(key), rpi: toHex(exposureIdentifier(key, Number(row["enin"]))) };
  },
};

/** Whether the file has at least one section of crypto.json. Pure. */
export const isCryptoFile = (file: Row): boolean =>
  Object.keys(SECTIONS).some((key) => Array.isArray(file[key]));

/** Computes every row and compares the values that the row states. */
export function judgeCrypto(file: Row): readonly AdvertOutcome[] {
  return Object.entries(SECTIONS).flatMap(([section, compute]) => {
    const rows: readonly unknown[] = Array.isArray(file[section]) ? file[section] : [];
    return rows.map((row, i) => {
      const name = `${section} ${i}`;
      if (!isRecord(row)) return judged(name, "not a row");
      try {
        const computed = compute(row);
        const missing = Object.keys(computed).every((key) => row[key] === undefined);
        if (missing) return judged(name, "the row states no value to compare");
        const stated = Object.keys(computed).filter((key) => row[key] !== undefined);
        return judged(
          name,
          differenceIn(Object.fromEntries(stated.map((key) => [key, row[key]])), computed),
        );
      } catch (error) {
        return judged(name, error instanceof Error ? error.message : String(error));
      }
    });
  });
}
