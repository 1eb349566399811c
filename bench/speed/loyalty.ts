import { randomFillSync } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { epochMs, subjectRef } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { loyaltyEpoch } from "../../src/privacy/beacon-crypto.ts";
import { LoyaltyTables } from "../../src/privacy/loyalty/loyalty-tables.ts";
import { type PartName, SEGMENT_MEMBERS } from "../../src/privacy/loyalty/table-layout.ts";
import { type ShelfPart, TableShelf } from "../../src/privacy/loyalty/table-shelf.ts";
import { readTexts } from "./flags.ts";
import { ownCpuMs } from "./process-cpu.ts";

export const usage = `bench loyalty [--members N] [--random N] [--json]
Members' identifiers of three epochs: memory at a gateway (bytes: tables and roll; processBytes: what the process grew
by), time to look one identifier up in all three (the slower of a member's and a stranger's), and to build the three
lookup tables out of the parts that the centre sends (every digest checked). rowsMsPerEpoch is the centre's time for
the identifiers of one epoch, which it makes once in a quarter of an hour. Times are processor time of this process,
so that what else runs on the machine does not count. ...ToLimitRatio below 1 is good. falseMatches: random identifiers
of strangers, half of them in the short form, that were taken for a member's.

Example: npm run bench -- loyalty --json`;

/** What the issue asks of 100,000 members in three epochs. */
const LIMIT = { bytes: 8_000_000, lookupNs: 1_000, buildMs: 1_000 };
const STORE_GROUP = "bench";
const EPOCH = loyaltyEpoch(epochMs(Date.UTC(2026, 10, 20)));
const EPOCHS = [EPOCH - 1, EPOCH, EPOCH + 1];
const CHUNK = 100_000;
const RID_BYTES = 10;
const HIT_ROUNDS = 10;

/** Tables of members at the centre, handed to a gateway, and random identifiers looked up there. */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const texts = readTexts(args, ["members", "random"]);
  const members = whole("members", texts.members, 100_000);
  const random = whole("random", texts.random, 10_000_000);
  const { shelf, rowsMs } = stock(members);
  const parts = partsOf(shelf);
  const before = usedBytes();
  const { tables, buildMs } = load(shelf, parts);
  const processBytes = usedBytes() - before;
  const { bytes } = tables.facts();
  const found = lookUpMembers(tables, parts);
  const missed = lookUpRandom(tables, random);
  const lookupNs = Math.max(found.ns, missed.ns);
  return {
    members,
    epochs: EPOCHS.length,
    bytes,
    bytesToLimitRatio: bytes / LIMIT.bytes,
    processBytes,
    lookupNs,
    lookupToLimitRatio: lookupNs / LIMIT.lookupNs,
    strangerLookupNs: missed.ns,
    memberLookupNs: found.ns,
    buildMs,
    buildToLimitRatio: buildMs / LIMIT.buildMs,
    rowsMsPerEpoch: rowsMs,
    rowsToLimitRatio: rowsMs / LIMIT.buildMs,
    randomIdentifiers: random,
    falseMatches: missed.matches,
    membersNotFound: found.missed,
  };
}

function whole(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new GatewayError("USAGE", `expected a whole number above 0 for --${name}, found ${text}`);
}

/** Random keys, and the tables made of them as the centre does: measured is the turn to the next epoch. */
function stock(members: number): { readonly shelf: TableShelf; readonly rowsMs: number } {
  const shelf = new TableShelf({ storeGroup: STORE_GROUP, pseudonymKey: randomBytes(32) });
  for (let i = 0; i < members; i += 1) {
    const subject = subjectRef(Buffer.from(randomBytes(16)).toString("base64url"));
    shelf.put({ subject, appKey: randomBytes(16), tags: [] });
  }
  shelf.turnTo(EPOCH - 1);
  while (shelf.work());
  shelf.turnTo(EPOCH);
  const from = ownCpuMs();
  while (shelf.work());
  return { shelf, rowsMs: ownCpuMs() - from };
}

const randomBytes = (size: number): Uint8Array => randomFillSync(new Uint8Array(size));

function partsOf(shelf: TableShelf): readonly ShelfPart[] {
  const segments = shelf.shelf?.catalogue.rolls.length ?? 0;
  const names: PartName[] = [null, ...EPOCHS].flatMap((epoch) =>
    Array.from({ length: segments }, (_, segment) => ({ segment, epoch })),
  );
  return names.flatMap((name) => shelf.part(name) ?? []);
}

/** What a gateway does with the parts: checks every digest, writes the rows, makes them findable. */
function load(
  { shelf }: TableShelf,
  parts: readonly ShelfPart[],
): { readonly tables: LoyaltyTables; readonly buildMs: number } {
  const from = ownCpuMs();
  const tables = new LoyaltyTables({ storeGroup: STORE_GROUP });
  tables.turnTo(EPOCH);
  tables.takeCatalogue(shelf?.catalogue ?? { rolls: [], ids: [] });
  for (const part of parts) {
    const refusal = "eids" in part ? tables.takeIds(part) : tables.takeRoll(part);
    if (refusal !== null) throw new Error(`a part was refused: ${refusal}`);
  }
  tables.index();
  return { tables, buildMs: ownCpuMs() - from };
}

/** Every identifier of every member in every epoch, once to be sure and some more times to measure. */
function lookUpMembers(
  tables: LoyaltyTables,
  parts: readonly ShelfPart[],
): { readonly ns: number; readonly missed: number } {
  let missed = 0;
  let lookups = 0;
  const from = ownCpuMs();
  for (let round = 0; round < HIT_ROUNDS; round += 1)
    for (const part of parts) {
      if (!("eids" in part)) continue;
      const found = lookUpRows(tables, part);
      missed += found.missed;
      lookups += found.lookups;
    }
  return { ns: ((ownCpuMs() - from) * 1e6) / Math.max(1, lookups), missed };
}

function lookUpRows(
  tables: LoyaltyTables,
  { rows, segment }: ShelfPart,
): { readonly lookups: number; readonly missed: number } {
  let lookups = 0;
  let missed = 0;
  for (let row = 0; row < SEGMENT_MEMBERS; row += 1) {
    if (isEmpty(rows, row * RID_BYTES)) continue;
    const position = tables.find(rows, row * RID_BYTES, RID_BYTES, "rid");
    if (position !== segment * SEGMENT_MEMBERS + row) missed += 1;
    lookups += 1;
  }
  return { lookups, missed };
}

function isEmpty(rows: Uint8Array, at: number): boolean {
  for (let i = 0; i < RID_BYTES; i += 1) if (rows[at + i] !== 0) return false;
  return true;
}

/** Identifiers of strangers: half of them as ten bytes, half in the short form. Drawing them is not measured. */
function lookUpRandom(
  tables: LoyaltyTables,
  count: number,
): { readonly ns: number; readonly matches: number } {
  const chunk = new Uint8Array(CHUNK * RID_BYTES);
  let matches = 0;
  let cpuMs = 0;
  for (let left = count; left > 0; left -= CHUNK) {
    randomFillSync(chunk);
    const ids = Math.min(left, CHUNK);
    const from = ownCpuMs();
    for (let i = 0; i < ids; i += 1)
      if (tables.find(chunk, i * RID_BYTES, i % 2 === 0 ? 10 : 8, "rid") >= 0) matches += 1;
    cpuMs += ownCpuMs() - from;
  }
  return { ns: (cpuMs * 1e6) / Math.max(1, count), matches };
}

function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
