import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import Database from "better-sqlite3";
import { LedgerRig, member, request } from "../../../test/fakes/consent-rig.ts";
import { epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { type ConsentLedger, openLedger } from "../../privacy/consent/consent-ledger.ts";
import { verifyChain } from "../../privacy/consent/hash-chain.ts";
import { ConsentFile, readEntry } from "./consent-file.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-consent-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const freshPath = (): string => {
  files += 1;
  return join(folder, `${files}`, "consent.db");
};

function ledgerOn(file: ConsentFile, rig = new LedgerRig()): ConsentLedger {
  const outcome = openLedger(rig.terms({ store: file }));
  assert.ok(outcome.ok);
  return outcome.value;
}

/** A closed file with so many consents. */
function filledPath(members: number): string {
  const path = freshPath();
  const file = new ConsentFile(path);
  const ledger = ledgerOn(file);
  for (let n = 0; n < members; n += 1) assert.ok(ledger.grant(request(`m${n}`)).ok);
  file.close();
  return path;
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return "nothing";
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error);
  }
};

test("entries outlive the process, in order, with their hashes", () => {
  const path = filledPath(3);
  const file = new ConsentFile(path);
  const ledger = ledgerOn(file);
  assert.equal(ledger.head.seq, 3);
  assert.equal(file.cutOff(ledger.head), null);
  assert.deepEqual(
    [...ledger.book.live()].map(({ subjectRef }) => subjectRef),
    ["m0", "m1", "m2"].map(member),
  );
  file.close();
});

test("the file and its journal are for the owner's eyes only", () => {
  const path = freshPath();
  const file = new ConsentFile(path);
  ledgerOn(file).grant(request("m"));
  for (const suffix of ["", "-wal", "-shm"])
    assert.equal(statSync(path + suffix).mode & 0o077, 0, `consent.db${suffix}`);
  file.close();
});

test("the database itself refuses to change, remove, replace or skip an entry", () => {
  const path = filledPath(2);
  const db = new Database(path);
  const attempts = [
    "UPDATE entry SET text='{}' WHERE seq=1",
    "DELETE FROM entry WHERE seq=2",
    "DELETE FROM entry",
    "INSERT OR REPLACE INTO entry SELECT seq, '{}', sha256 FROM entry WHERE seq=1",
    "REPLACE INTO entry VALUES(2, '{}', 'x')",
    "INSERT INTO entry VALUES(9, '{}', 'x')",
    "INSERT INTO entry VALUES(0, '{}', 'x')",
    "INSERT INTO entry(text, sha256) VALUES('{}', 'x')",
    "UPDATE OR REPLACE entry SET seq=1 WHERE seq=2",
  ];
  const before = db.prepare("SELECT * FROM entry").all();
  for (const sql of attempts) assert.throws(() => db.exec(sql), /entry is/, sql);
  assert.deepEqual(db.prepare("SELECT * FROM entry").all(), before);
  db.close();
});

test("one changed byte of an entry in the file is found and named when the ledger is opened", () => {
  const path = filledPath(40);
  const bytes = readFileSync(path);
  // "loyalty-beacon" of one of the entries: still valid JSON and a valid file.
  const at = bytes.lastIndexOf("loyalty-beacon");
  assert.ok(at > 0);
  bytes[at] = "x".charCodeAt(0);
  writeFileSync(path, bytes);
  const file = new ConsentFile(path);
  const outcome = openLedger(new LedgerRig().terms({ store: file }));
  assert.ok(!outcome.ok);
  assert.equal(outcome.error.what, "hash");
  const changed = [...file.rowsAfter(0)].find(({ text }) => text.includes("xoyalty-beacon"));
  assert.equal(outcome.error.seq, changed?.seq);
  file.close();
});

test("whatever byte of the file is changed, the ledger opens as it was written or not at all", () => {
  const path = filledPath(12);
  const bytes = readFileSync(path);
  const sound = new ConsentFile(path);
  const texts = [...sound.rowsAfter(0)].map(({ text }) => text);
  sound.close();
  let found = 0;
  // Primes spread the places over headers, cells, indexes and free space of all pages.
  for (let at = 7; at < bytes.length; at += 397) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0x15;
    writeFileSync(path, damaged);
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    const isFound = isDamageFound(path, texts);
    found += Number(isFound);
  }
  assert.ok(found > 10, `${found} of ${Math.floor(bytes.length / 397)} found`);
});

/** True when opening or checking says no; false only when every entry is as it was. */
function isDamageFound(path: string, texts: readonly string[]): boolean {
  let file: ConsentFile;
  try {
    file = new ConsentFile(path);
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    return true;
  }
  try {
    const terms = { ledgerId: file.ledgerId, read: readEntry };
    const outcome = verifyChain(file.rowsAfter(0), terms);
    if (!outcome.ok || file.cutOff(outcome.value) !== null) return true;
    assert.deepEqual(
      [...file.rowsAfter(0)].map(({ text }) => text),
      texts,
    );
    return false;
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    return true;
  } finally {
    file.close();
  }
}

test("entries cut off at the end are missed, although what is left is a sound chain", () => {
  const path = filledPath(5);
  const db = new Database(path);
  db.exec("DROP TRIGGER entry_is_kept; DELETE FROM entry WHERE seq>3");
  db.close();
  const file = new ConsentFile(path);
  const ledger = ledgerOn(file);
  assert.deepEqual(file.cutOff(ledger.head), { seq: 4, what: "number" });
  file.close();
});

test("two processes on one file: news are seen, numbers never clash", () => {
  const path = freshPath();
  const [one, two] = [new ConsentFile(path), new ConsentFile(path)];
  const [gateway, staff] = [ledgerOn(one), ledgerOn(two)];
  gateway.refresh();
  staff.refresh();
  for (let n = 0; n < 20; n += 1) assert.ok((n % 2 ? staff : gateway).grant(request(`m${n}`)).ok);
  assert.ok(gateway.refresh());
  assert.equal(gateway.refresh(), false, "nothing new since");
  assert.equal(gateway.head.seq, 20);
  assert.equal(ledgerOn(one).head.sha256, gateway.head.sha256);
  one.close();
  two.close();
});

test("a failure in the middle of a write leaves nothing half-written", () => {
  const path = filledPath(1);
  const file = new ConsentFile(path);
  const rows = [...file.rowsAfter(0)];
  assert.throws(() => file.append(1, () => [{ seq: 2, text: "{}", sha256: "x" }, ...rows]));
  assert.equal([...file.rowsAfter(0)].length, 1);
  assert.equal(ledgerOn(file).head.seq, 1);
  file.close();
});

test("a file that is no ledger, one of a newer version and one that cannot be opened have their codes", () => {
  const garbage = freshPath();
  new ConsentFile(garbage).close();
  writeFileSync(garbage, "this is no database, and long enough to be looked at as one".repeat(80));
  for (const suffix of ["-wal", "-shm"]) rmSync(garbage + suffix, { force: true });
  assert.equal(
    codeOf(() => new ConsentFile(garbage)),
    "CONSENT_LEDGER_DAMAGED",
  );
  const newer = filledPath(1);
  const db = new Database(newer);
  db.pragma("user_version=99");
  db.close();
  assert.equal(
    codeOf(() => new ConsentFile(newer)),
    "CONSENT_LEDGER_UNAVAILABLE",
  );
  const foreign = join(folder, "foreign.db");
  const other = new Database(foreign);
  other.exec("CREATE TABLE entry(seq INTEGER)");
  other.close();
  assert.equal(
    codeOf(() => new ConsentFile(foreign)),
    "CONSENT_LEDGER_DAMAGED",
  );
  assert.equal(
    codeOf(() => new ConsentFile(folder)),
    "CONSENT_LEDGER_UNAVAILABLE",
  );
});

test("the centre's changes are kept with how far they reach; a damaged one has all told anew", () => {
  const path = freshPath();
  const file = new ConsentFile(path);
  const ledger = ledgerOn(file);
  const given = ledger.grant(request("m"));
  assert.ok(given.ok);
  const change = { seq: 4, state: "revoked", grant: given.value } as const;
  const news = { register: "r1", from: 0, to: 7, upTo: 7, issuedAt: epochMs(1), changes: [change] };
  file.lease.save(news, true);
  assert.deepEqual(file.lease.load(), { register: "r1", applied: 7, changes: [change] });
  assert.equal(
    file.lease.forgetEnded(() => true),
    0,
  );
  file.close();
  const db = new Database(path);
  db.exec("UPDATE centre_grant SET body=replace(body, 'loyalty-beacon', 'everything')");
  db.close();
  const again = new ConsentFile(path);
  assert.deepEqual(again.lease.load(), { register: null, applied: 0, changes: [] });
  assert.deepEqual(again.lease.load(), { register: null, applied: 0, changes: [] });
  again.close();
});

test("receipts are kept newest first and bounded, and hold counts alone", () => {
  const file = new ConsentFile(freshPath(), { receiptsKept: 20 });
  for (let n = 1; n <= 23; n += 1)
    file.addReceipt({ at: epochMs(n), job: "expiry", counts: { expired: n } });
  const kept = file.receipts(50);
  assert.equal(kept.length, 20);
  assert.deepEqual(kept[0], { at: 23, job: "expiry", counts: { expired: 23 } });
  file.close();
});
