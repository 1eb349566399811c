import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { epochMs, type SubjectRef, subjectRef } from "../../core/brand.ts";
import { eddystoneEid, loyaltyId } from "../beacon-crypto.ts";
import { LoyaltyTables, type TableRefusal } from "./loyalty-tables.ts";
import { memberPseudonym, pseudonymTag } from "./pseudonym.ts";
import type { IdsPart, PartName } from "./table-layout.ts";
import type { MemberKeys } from "./table-rows.ts";
import { TableShelf } from "./table-shelf.ts";

const EPOCH = 1_975_000;
const PSEUDONYM_KEY = new Uint8Array(32).fill(7);
const GROUP = "nordic";

const bytes = (text: string, size: number): Uint8Array =>
  new Uint8Array(createHash("sha256").update(text).digest().subarray(0, size));
const subject = (i: number): SubjectRef =>
  subjectRef(Buffer.from(bytes(`subject ${i}`, 16)).toString("base64url"));
const keyOf = (i: number): Uint8Array => bytes(`key ${i}`, 16);
const member = (i: number): MemberKeys => ({ subject: subject(i), appKey: keyOf(i), tags: [] });

function ridOf(i: number, epoch = EPOCH, size: 8 | 10 = 10, storeGroup = GROUP): Uint8Array {
  return loyaltyId(keyOf(i), { version: 1, storeGroup, epoch, size });
}

function stocked(members: number, storeGroup = GROUP): TableShelf {
  const shelf = new TableShelf({ storeGroup, pseudonymKey: PSEUDONYM_KEY });
  for (let i = 0; i < members; i += 1) shelf.put(member(i));
  shelf.turnTo(EPOCH);
  return finished(shelf);
}

function finished(shelf: TableShelf): TableShelf {
  while (shelf.work());
  return shelf;
}

function handOver(shelf: TableShelf, tables: LoyaltyTables, name: PartName): TableRefusal | null {
  const part = shelf.part(name);
  assert.ok(part !== null, JSON.stringify(name));
  return "eids" in part ? tables.takeIds(part as IdsPart) : tables.takeRoll(part);
}

/** Takes the catalogue and everything that is missing, as a gateway does over the network. */
function fill(shelf: TableShelf, tables: LoyaltyTables, epoch = EPOCH): number {
  tables.turnTo(epoch);
  assert.equal(tables.takeCatalogue(shelf.shelf?.catalogue ?? { rolls: [], ids: [] }), null);
  let parts = 0;
  for (let wants = tables.missing(16); wants.length > 0; wants = tables.missing(16))
    for (const name of wants) {
      assert.equal(handOver(shelf, tables, name), null, JSON.stringify(name));
      parts += 1;
    }
  tables.index();
  return parts;
}

const found = (tables: LoyaltyTables, rid: Uint8Array): string | null =>
  tables.memberAt(tables.find(rid, 0, rid.length, "rid"))?.subject ?? null;

test("a gateway finds every member by what an app sends in three epochs, and by the short form", () => {
  const tables = new LoyaltyTables({ storeGroup: GROUP });
  assert.equal(fill(stocked(1_500), tables), 2 * 4);
  for (const i of [0, 1, 777, 1_023, 1_024, 1_499])
    for (const epoch of [EPOCH - 1, EPOCH, EPOCH + 1]) {
      assert.equal(found(tables, ridOf(i, epoch)), subject(i));
      assert.equal(found(tables, ridOf(i, epoch, 8)), subject(i));
    }
  assert.equal(found(tables, ridOf(3, EPOCH - 2)), null, "an identifier that was recorded earlier");
  assert.equal(found(tables, ridOf(3, EPOCH + 2)), null);
  assert.equal(found(tables, ridOf(3, EPOCH, 10, "another")), null, "of another group of stores");
  assert.equal(tables.facts().partsHere, tables.facts().parts);
});

test("a member is called by the pseudonym of the group, and two groups have no name in common", () => {
  const here = new LoyaltyTables({ storeGroup: GROUP });
  const there = new LoyaltyTables({ storeGroup: "south" });
  fill(stocked(300), here);
  fill(stocked(300, "south"), there);
  const names = (tables: LoyaltyTables): string[] =>
    Array.from({ length: 300 }, (_, i) => tables.memberAt(i)?.pseudonym ?? "");
  const first = memberPseudonym(PSEUDONYM_KEY, GROUP, subject(0));
  assert.equal(here.memberAt(0)?.pseudonym, pseudonymTag(first));
  assert.match(pseudonymTag(first), /^[A-Za-z0-9_-]{16}$/);
  assert.equal(new Set([...names(here), ...names(there)]).size, 600);
  assert.equal(here.positionOf(pseudonymTag(first)), 0);
  assert.equal(here.positionOf("nobody"), -1);
});

test("the tables turn with the clock: what is over is found no more, and the next is there", () => {
  const shelf = stocked(10);
  const tables = new LoyaltyTables({ storeGroup: GROUP });
  fill(shelf, tables);
  tables.turnTo(EPOCH + 1);
  assert.equal(found(tables, ridOf(1, EPOCH + 1)), subject(1), "before the centre sent anything");
  assert.equal(found(tables, ridOf(1, EPOCH - 1)), null);
  shelf.turnTo(EPOCH + 1);
  assert.equal(fill(finished(shelf), tables, EPOCH + 1), 1, "one new epoch of one segment");
  assert.equal(found(tables, ridOf(1, EPOCH + 2)), subject(1));
  tables.turnTo(null);
  assert.equal(found(tables, ridOf(1, EPOCH + 1)), null, "a clock that is not to be trusted");
  tables.turnTo(EPOCH + 1);
  assert.equal(found(tables, ridOf(1, EPOCH + 1)), subject(1));
  tables.turnTo(EPOCH + 9);
  assert.equal(found(tables, ridOf(1, EPOCH + 9)), null, "a clock that jumped ahead");
});

test("who left is in no table, and whoever has the position then is nobody else", () => {
  const shelf = stocked(1_100);
  const tables = new LoyaltyTables({ storeGroup: GROUP });
  fill(shelf, tables);
  assert.ok(shelf.remove(subject(5)));
  assert.equal(shelf.remove(subject(5)), false);
  assert.equal(shelf.shelf, null, "nothing is handed out before it is made anew");
  assert.equal(fill(finished(shelf), tables), 4, "only the member's segment");
  assert.equal(found(tables, ridOf(5)), null);
  assert.equal(found(tables, ridOf(6)), subject(6));
  shelf.put(member(9_999));
  tables.takeCatalogue(finished(shelf).shelf?.catalogue ?? { rolls: [], ids: [] });
  const ids = { segment: 0, epoch: EPOCH };
  assert.equal(
    handOver(shelf, tables, ids),
    "early",
    "the roll of before would name somebody else",
  );
  assert.equal(found(tables, ridOf(9_999)), null);
  assert.equal(handOver(shelf, tables, { segment: 0, epoch: null }), null);
  assert.equal(found(tables, ridOf(6)), null, "until its identifiers come for the new roll");
  fill(shelf, tables);
  assert.equal(found(tables, ridOf(9_999)), subject(9_999));
  assert.equal(found(tables, ridOf(5)), null);
});

test("parts that are cut, damaged, old, early or not asked for are refused and change nothing", () => {
  const shelf = stocked(20);
  const part = shelf.part({ segment: 0, epoch: EPOCH }) as IdsPart;
  const roll = shelf.part({ segment: 0, epoch: null });
  const catalogue = shelf.shelf?.catalogue ?? { rolls: [], ids: [] };
  assert.ok(roll !== null && part !== null);
  const tables = new LoyaltyTables({ storeGroup: GROUP, memberCap: 1_024 });
  assert.equal(tables.takeCatalogue(catalogue), "stale", "no epoch yet");
  tables.turnTo(EPOCH);
  assert.equal(tables.takeIds(part), "stale", "nothing was named yet");
  assert.equal(tables.takeRoll(roll), "stale");
  const far = { ...catalogue, ids: [{ epoch: EPOCH + 7, digests: catalogue.rolls }] };
  assert.equal(tables.takeCatalogue(far), "stale");
  assert.equal(tables.takeCatalogue({ ...catalogue, ids: [{ epoch: EPOCH, digests: [] }] }), "cut");
  const many = stocked(1_025).shelf?.catalogue ?? catalogue;
  assert.equal(tables.takeCatalogue(many), "crowded");
  assert.equal(tables.takeCatalogue(catalogue), null);
  assert.equal(tables.takeIds(part), "early");
  const changed = roll.rows.slice();
  changed[3] = (changed[3] ?? 0) ^ 1;
  assert.equal(tables.takeRoll({ segment: 0, rows: changed }), "damaged");
  assert.equal(tables.takeRoll({ segment: 0, rows: roll.rows.subarray(28) }), "cut");
  assert.equal(tables.takeRoll(roll), null);
  assert.equal(tables.takeRoll(roll), "stale", "twice");
  assert.equal(tables.takeIds({ ...part, rows: part.rows.subarray(10) }), "cut");
  assert.equal(tables.takeIds({ ...part, eids: new Uint8Array(7) }), "cut");
  assert.equal(tables.takeIds({ ...part, eids: new Uint8Array(10 * 3_073) }), "cut");
  assert.equal(tables.takeIds({ ...part, segment: 9 }), "stale");
  assert.equal(tables.takeIds({ ...part, epoch: EPOCH + 5 }), "stale");
  assert.equal(tables.takeIds({ ...part, eids: new Uint8Array(10) }), "damaged");
  const swapped = shelf.part({ segment: 0, epoch: EPOCH + 1 }) as IdsPart;
  assert.equal(tables.takeIds({ ...part, rows: swapped.rows }), "damaged", "of another epoch");
  tables.index();
  assert.equal(found(tables, ridOf(1)), null);
  assert.equal(tables.takeIds(part), null);
  tables.index();
  assert.equal(found(tables, ridOf(1)), subject(1), "a part is of use before the others came");
});

test("tags and cards are found by their own clock, and their identifiers are no app's", () => {
  const key = bytes("tag", 16);
  const counterAt = epochMs(EPOCH * 900_000 - 86_400_000);
  const tag = { key, rotation: 10, counter: 5_000, counterAt, lostMs: 0 };
  const shelf = stocked(3);
  shelf.put({ ...member(1), tags: [tag] });
  const tables = new LoyaltyTables({ storeGroup: GROUP });
  fill(finished(shelf), tables);
  const shown = (atMs: number): number => 5_000 + (atMs - counterAt) / 1000;
  for (const atMs of [EPOCH * 900_000, EPOCH * 900_000 + 450_000, (EPOCH + 1) * 900_000 - 1]) {
    const eid = eddystoneEid(key, Math.floor(shown(atMs)), 10);
    assert.equal(tables.memberAt(tables.find(eid, 0, 8, "eid"))?.subject, subject(1));
    assert.equal(tables.find(eid, 0, 8, "rid"), -1);
  }
  const stolen = eddystoneEid(key, Math.floor(shown((EPOCH - 8) * 900_000)), 10);
  assert.equal(tables.find(stolen, 0, 8, "eid"), -1, "recorded two hours ago");
});

test("nothing that leaves the shelf holds a key", () => {
  const key = bytes("tag", 16);
  const shelf = stocked(50);
  const tag = { key, rotation: 10, counter: 0, counterAt: epochMs(EPOCH * 900_000), lostMs: 0 };
  shelf.put({ ...member(2), tags: [tag] });
  finished(shelf);
  const names: PartName[] = [null, EPOCH - 1, EPOCH, EPOCH + 1].map((epoch) => ({
    segment: 0,
    epoch,
  }));
  const out = Buffer.concat(
    names.flatMap((name) => {
      const part = shelf.part(name);
      assert.ok(part !== null);
      return "eids" in part ? [part.rows, (part as IdsPart).eids] : [part.rows];
    }),
  );
  for (const secret of [PSEUDONYM_KEY, key, keyOf(0), keyOf(2)]) {
    assert.equal(out.includes(Buffer.from(secret)), false);
    assert.equal(out.includes(Buffer.from(secret.subarray(0, 8))), false);
  }
  assert.ok(out.includes(Buffer.from(ridOf(0))), "and the check would see it");
});
