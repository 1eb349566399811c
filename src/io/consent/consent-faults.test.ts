import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import Database from "better-sqlite3";
import { LedgerRig, member, request } from "../../../test/fakes/consent-rig.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { type ConsentLedger, openLedger } from "../../privacy/consent/consent-ledger.ts";
import { shownNotice } from "../../privacy/consent/notice.ts";
import { ConsentFile } from "./consent-file.ts";
import { OwedFile } from "./owed-file.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-consent-faults-"));
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

function filledPath(members: number): string {
  const path = freshPath();
  const file = new ConsentFile(path);
  const ledger = ledgerOn(file);
  for (let n = 0; n < members; n += 1) assert.ok(ledger.grant(request(`m${n}`)).ok);
  file.close();
  return path;
}

const headOf = (path: string): string => path.replace(/\.db$/, ".head");

test("entries that others put to it between the reading of the chain and that of its end are no damage", () => {
  const path = filledPath(3);
  const [one, two] = [new ConsentFile(path), new ConsentFile(path)];
  const reading = ledgerOn(one);
  assert.ok(ledgerOn(two).grant(request("later")).ok);
  assert.equal(one.cutOff(reading.head), null);
  assert.ok(reading.refresh(), "and they are taken with the next look");
  assert.equal(reading.head.seq, 4);
  one.close();
  two.close();
});

test("a ledger is checked again and again as sound while another process writes to it", async () => {
  const path = filledPath(200);
  const script = `
    import { ConsentFile } from ${JSON.stringify(join(import.meta.dirname, "consent-file.ts"))};
    import { openLedger } from ${JSON.stringify(join(import.meta.dirname, "../../privacy/consent/consent-ledger.ts"))};
    import { LedgerRig, request } from ${JSON.stringify(join(import.meta.dirname, "../../../test/fakes/consent-rig.ts"))};
    const file = new ConsentFile(${JSON.stringify(path)});
    const ledger = openLedger(new LedgerRig().terms({ store: file })).value;
    for (let n = 0; n < 150; n += 1) ledger.grant(request("other" + n));
    file.close();`;
  const child = spawn(process.execPath, [
    ...["--import", "tsx", "--input-type=module", "-e", script],
  ]);
  const closed = once(child, "close");
  let isDone = false;
  void closed.then(() => {
    isDone = true;
  });
  let seen = 200;
  let [checks, grown] = [0, 0];
  while (!isDone) {
    const file = new ConsentFile(path, { isReadOnly: true });
    const { head } = ledgerOn(file);
    assert.equal(file.cutOff(head), null, `after ${head.seq} entries`);
    file.close();
    checks += 1;
    if (head.seq > seen) grown += 1;
    seen = head.seq;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await closed, [0, null]);
  assert.ok(checks > 0 && grown > 0, `${checks} checks, ${grown} of them with news`);
});

test("an old copy that is put back is found by what is noted beside it", () => {
  const path = filledPath(1);
  const file = new ConsentFile(path);
  copyFileSync(path, `${path}.old`);
  const ledger = ledgerOn(file);
  const grants = ledger.book.liveOf(member("m0"));
  ledger.revoke({ subjectRef: member("m0"), grants, by: "shopper", ref: "s" });
  file.close();
  copyFileSync(`${path}.old`, path);
  for (const journal of ["-wal", "-shm"]) rmSync(path + journal, { force: true });
  const again = new ConsentFile(path);
  assert.deepEqual(again.cutOff(ledgerOn(again).head), { seq: 2, what: "number" });
  again.close();
});

test("a tail that was cut off together with its mark is found by what is noted beside it", () => {
  const path = filledPath(5);
  const db = new Database(path);
  db.exec("DROP TRIGGER entry_is_kept; DELETE FROM entry WHERE seq>3");
  const last = db.prepare("SELECT sha256 FROM entry WHERE seq=3").pluck().get();
  db.prepare("UPDATE mark SET value=? WHERE name='head'").run(`3:${last}`);
  db.close();
  const file = new ConsentFile(path);
  assert.deepEqual(file.cutOff(ledgerOn(file).head), { seq: 4, what: "number" });
  rmSync(headOf(path));
  assert.equal(file.cutOff(ledgerOn(file).head)?.what, "head", "its absence is no way around it");
  assert.equal(file.cutOff(ledgerOn(file).head, { isCopy: true }), null);
  file.close();
});

test("a ledger that is gone is not begun anew while what it held is noted, and nothing is written", () => {
  const path = filledPath(2);
  for (const was of ["", "x"]) {
    rmSync(path);
    if (was !== "") writeFileSync(path, "");
    assert.throws(() => new ConsentFile(path), { code: "CONSENT_LEDGER_DAMAGED" });
    assert.equal(existsSync(path) && statSync(path).size > 0, false);
    if (was === "") writeFileSync(path, "");
  }
});

test("what is opened for looking at it alone is never begun", () => {
  const path = join(folder, "empty.db");
  writeFileSync(path, "");
  assert.throws(() => new ConsentFile(path, { isReadOnly: true }), {
    code: "CONSENT_LEDGER_DAMAGED",
  });
  assert.equal(statSync(path).size, 0);
  assert.equal(existsSync(headOf(path)), false);
});

test("news that could not be read are news the next time", () => {
  const path = freshPath();
  const [one, two] = [new ConsentFile(path), new ConsentFile(path)];
  const [gateway, staff] = [ledgerOn(one), ledgerOn(two)];
  assert.ok(gateway.grant(request("m")).ok);
  gateway.refresh();
  staff.refresh();
  const grants = staff.book.liveOf(member("m"));
  staff.revoke({ subjectRef: member("m"), grants, by: "staff", ref: "staff-17" });
  const rowsAfter = one.rowsAfter.bind(one);
  one.rowsAfter = () => {
    throw new GatewayError("CONSENT_LEDGER_UNAVAILABLE", "SQLITE_IOERR");
  };
  assert.throws(() => gateway.refresh());
  one.rowsAfter = rowsAfter;
  assert.ok(gateway.refresh());
  assert.equal(gateway.book.find(member("m"), "loyalty-beacon")?.isRevoked, true);
  one.close();
  two.close();
});

test("a changed entry and a cut tail are found while the ledger is in use, and end it", () => {
  for (const [sql, what] of [
    ["UPDATE entry SET text=replace(text, 'loyalty-beacon', 'loyalty-xeacon') WHERE seq=5", "hash"],
    ["DELETE FROM entry WHERE seq>17", "number"],
  ] as const) {
    const path = filledPath(20);
    const file = new ConsentFile(path);
    const rig = new LedgerRig();
    const outcome = openLedger(rig.terms({ store: file }));
    assert.ok(outcome.ok);
    const db = new Database(path);
    db.exec(`DROP TRIGGER entry_is_kept; DROP TRIGGER entry_stays; ${sql}`);
    db.close();
    for (let n = 0; n < 5; n += 1) outcome.value.recheck(8);
    assert.ok(outcome.value.isBroken, what);
    assert.equal(rig.breaks[0]?.what, what);
    assert.deepEqual(outcome.value.grant(request("new")), { ok: false, error: "ledger-damaged" });
    file.close();
  }
});

test("a byte that is changed in the file itself, behind the back of SQLite, is found too", () => {
  const path = filledPath(20);
  const file = new ConsentFile(path);
  const ledger = ledgerOn(file);
  const bytes = readFileSync(path);
  const at = bytes.lastIndexOf("loyalty-beacon");
  bytes[at] = "x".charCodeAt(0);
  writeFileSync(path, bytes);
  for (let n = 0; n < 5; n += 1) ledger.recheck(8);
  assert.ok(ledger.isBroken);
  file.close();
});

test("after a cut tail nothing is put in its place: that is damage, and not a disk that is busy", () => {
  const path = filledPath(5);
  const file = new ConsentFile(path);
  const ledger = ledgerOn(file);
  const db = new Database(path);
  db.exec("DROP TRIGGER entry_is_kept; DELETE FROM entry WHERE seq>3");
  db.close();
  assert.deepEqual(ledger.grant(request("new")), { ok: false, error: "ledger-damaged" });
  assert.ok(ledger.isBroken);
  assert.equal([...file.rowsAfter(0)].length, 3);
  const row = { seq: 9, text: "{}", sha256: "x" };
  assert.throws(() => file.append(3, () => [row]), { code: "CONSENT_LEDGER_DAMAGED" });
  file.close();
});

test("rereading goes round: a sound ledger stays sound however often it is looked at", () => {
  const file = new ConsentFile(filledPath(20));
  const ledger = ledgerOn(file);
  for (let n = 0; n < 12; n += 1) {
    ledger.recheck(7);
    if (n === 4) assert.ok(ledger.grant(request("new")).ok);
  }
  assert.equal(ledger.isBroken, false);
  file.close();
});

test("a ledger that others could read is for the owner's eyes only once it is opened", () => {
  const path = filledPath(1);
  chmodSync(path, 0o644);
  new ConsentFile(path).close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(headOf(path)).mode & 0o777, 0o600);
});

test("words of a notice are kept by their hash, and new words have the next version", () => {
  const file = new ConsentFile(freshPath());
  const { notices } = file;
  const first = notices.number("face", "da", "Vi ser på dig.");
  assert.deepEqual(first, shownNotice("face", 1, "da", "Vi ser på dig."));
  assert.deepEqual(notices.number("face", "da", "Vi ser på dig."), first);
  assert.equal(notices.number("face", "da", "Acme ser på dig.").version, 2);
  assert.equal(notices.number("face", "en", "We look.").version, 1);
  assert.deepEqual(notices.number("face", "da", "Vi ser på dig."), first, "back to the old words");
  assert.equal(notices.words(first.sha256), "Vi ser på dig.");
  assert.equal(notices.words("0".repeat(64)), null);
  assert.equal(notices.keep({ ...first, text: "Vi ser på dig." }), true);
  const other = shownNotice("face", 1, "da", "Andre ord.");
  assert.equal(notices.keep({ ...other, text: "Andre ord." }), false);
  file.close();
});

test("what is owed is kept where the disk needs no room for it, and found again by the next process", () => {
  const path = filledPath(1);
  const owed = new OwedFile(path, SILENT_LOG);
  const size = statSync(path.replace(".db", ".owed")).size;
  const wish = { subjectRef: member("m0"), by: "shopper", ref: "x".repeat(128) } as const;
  for (let n = 0; n < 60; n += 1) assert.ok(owed.keep(`e${n}`, { ...wish, grants: [] }));
  assert.equal(statSync(path.replace(".db", ".owed")).size, size);
  owed.drop("e0");
  owed.close();
  const again = new OwedFile(path, SILENT_LOG);
  const found = [...again.load()].map(([id]) => id);
  assert.equal(found.length, 59);
  assert.ok(!found.includes("e0") && found.includes("e59"));
  assert.ok(again.holds(member("m0")));
  again.close();
});
