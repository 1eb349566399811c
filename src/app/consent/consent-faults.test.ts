import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { mock, test } from "node:test";
import Database from "better-sqlite3";
import { DeskRig } from "../../../test/fakes/consent-desk-rig.ts";
import { DAY_MS, member, request } from "../../../test/fakes/consent-rig.ts";
import { epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { ConsentFile } from "../../io/consent/consent-file.ts";
import { SlotFile } from "../../io/vault/slot-file.ts";
import type { ChainHead } from "../../privacy/consent/hash-chain.ts";

const forget = (rig: DeskRig, name: string) =>
  rig.desk.revoke({ subjectRef: member(name), by: "shopper", ref: "station-1" });

/** The disk takes nothing into the ledger any more. */
const fullDisk = () =>
  mock.method(ConsentFile.prototype, "append", () => {
    throw new GatewayError("CONSENT_LEDGER_UNAVAILABLE", "SQLITE_FULL");
  });

test("what the disk refused stays taken back across a restart, and is written when it can be", (t) => {
  t.after(() => mock.restoreAll());
  const rig = new DeskRig();
  rig.enrol("m");
  const full = fullDisk();
  const outcome = forget(rig, "m");
  assert.deepEqual(
    [outcome.isWritten, outcome.isKept, outcome.isErased, outcome.ended.length],
    [false, true, true, 1],
  );
  assert.equal(rig.desk.status().owed, 1);
  rig.restart();
  const refused = { ok: false, error: "grant-revoked" };
  assert.deepEqual(rig.desk.gate.permit(member("m"), "loyalty-face"), refused);
  full.mock.restore();
  rig.desk.refresh();
  assert.equal(rig.desk.status().owed, 0);
  rig.restart();
  assert.deepEqual(rig.desk.gate.permit(member("m"), "loyalty-face"), refused);
  assert.ok(rig.kinds().includes("revoked"));
  assert.ok(rig.desk.grant(request("m", "loyalty-face")).ok, "who comes back is not held to it");
  rig.restart();
  assert.ok(rig.desk.gate.permit(member("m"), "loyalty-face").ok);
  rig.desk.close();
});

test("where nothing at all can be written the shopper is told that it may not outlive the process", (t) => {
  t.after(() => mock.restoreAll());
  const rig = new DeskRig();
  rig.enrol("m");
  fullDisk();
  mock.method(SlotFile.prototype, "write", () => {
    throw new GatewayError("CONSENT_LEDGER_UNAVAILABLE", "EROFS");
  });
  const { isWritten, isKept } = forget(rig, "m");
  assert.deepEqual([isWritten, isKept], [false, false]);
  rig.desk.close();
});

test("a place that cannot erase is told to who asked for it: taken back, still being erased", () => {
  const rig = new DeskRig();
  rig.enrol("m");
  rig.vault.failure = new Error("EIO");
  const outcome = forget(rig, "m");
  assert.deepEqual([outcome.isWritten, outcome.isKept, outcome.isErased], [true, true, false]);
  assert.equal(rig.vault.held.size, 1);
  rig.vault.failure = null;
  rig.desk.sweep();
  assert.equal(rig.vault.held.size, 0);
  assert.equal(rig.desk.status().openErasures, 0);
  rig.desk.close();
});

test("who is forgotten while the ledger is damaged stays so when a sound one is put back", () => {
  const rig = new DeskRig();
  rig.enrol("m");
  rig.enrol("n");
  rig.desk.close();
  const change = (sql: string): void => {
    const db = new Database(rig.path);
    db.exec(sql);
    db.close();
  };
  change("DROP TRIGGER entry_stays; UPDATE entry SET text=text||' ' WHERE seq=1");
  rig.desk = rig.open();
  assert.equal(rig.desk.status().refusal, "ledger-damaged");
  assert.equal(forget(rig, "m").isKept, true);
  rig.desk.close();
  change("UPDATE entry SET text=rtrim(text) WHERE seq=1");
  rig.desk = rig.open();
  assert.deepEqual(rig.desk.gate.permit(member("m"), "loyalty-face"), {
    ...{ ok: false, error: "grant-revoked" },
  });
  assert.ok(rig.desk.gate.permit(member("n"), "loyalty-face").ok, "and nobody else");
  rig.desk.refresh();
  assert.equal(rig.desk.status().owed, 0);
  rig.desk.close();
});

test("a gateway that starts while others write to the ledger has it", () => {
  const rig = new DeskRig();
  assert.ok(rig.desk.grant(request("m")).ok);
  const staff = rig.desk;
  const cutOff = ConsentFile.prototype.cutOff;
  const late = mock.method(
    ConsentFile.prototype,
    "cutOff",
    function (this: ConsentFile, head: ChainHead) {
      assert.ok(staff.grant(request("between")).ok);
      return cutOff.call(this, head);
    },
  );
  const gateway = rig.open();
  late.mock.restore();
  assert.equal(gateway.status().code, null);
  gateway.refresh();
  assert.ok(gateway.holds(member("between"), "loyalty-beacon"));
  gateway.close();
  staff.close();
});

test("what is changed in the ledger while the gateway runs ends all matching, and is said once", () => {
  const rig = new DeskRig();
  const kept = rig.enrol("m");
  const db = new Database(rig.path);
  db.exec("DROP TRIGGER entry_stays; UPDATE entry SET text=text||' ' WHERE seq=2");
  db.close();
  for (let n = 0; n < 3; n += 1) rig.desk.sweep();
  assert.equal(kept.refusal, "ledger-damaged");
  assert.equal(rig.desk.status().code, "CONSENT_LEDGER_DAMAGED");
  assert.equal(rig.log.split("consent.ledger-damaged").length, 2);
  rig.desk.close();
});

test("a ledger that is begun beside templates is said loudly; one whose end is noted is not begun", () => {
  const rig = new DeskRig();
  rig.enrol("m");
  rig.desk.close();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(rig.path + suffix, { force: true });
  rig.desk = rig.open();
  assert.equal(rig.desk.status().code, "CONSENT_LEDGER_DAMAGED");
  assert.equal(rig.vault.held.size, 1, "nobody's template is an orphan of a ledger that is gone");
  rig.desk.sweep();
  assert.equal(rig.vault.held.size, 1);
  assert.equal(existsSync(rig.path), false);
  rig.desk.close();
  rmSync(rig.path.replace(".db", ".head"));
  rig.desk = rig.open();
  assert.ok(rig.log.includes("consent.ledger-begun"));
  assert.ok(rig.desk.notices().some((notice) => notice.includes("agree again")));
  rig.desk.close();
});

test("what a place could not overwrite is tried again with every sweep, and nothing else waits for it", () => {
  const rig = new DeskRig();
  let tries = 0;
  Object.assign(rig.vault, {
    tidy: () => {
      tries += 1;
      throw new Error("EIO");
    },
  });
  rig.vault.held.add(member("orphan"));
  rig.desk.sweep();
  rig.desk.sweep();
  assert.equal(tries, 2);
  assert.equal(rig.vault.held.size, 0);
  rig.desk.close();
});

test("words of a notice are kept by the hash that consents note, and those that are new count on", () => {
  const rig = new DeskRig();
  const first = rig.desk.noticeOf("station-loyalty-face", "en", "We look.");
  assert.equal(first.version, 1);
  assert.deepEqual(rig.desk.noticeOf("station-loyalty-face", "en", "We look."), first);
  rig.restart();
  assert.equal(rig.desk.noticeOf("station-loyalty-face", "en", "Acme looks.").version, 2);
  rig.desk.close();
  const file = new ConsentFile(rig.path);
  assert.equal(file.notices.words(first.sha256), "We look.");
  file.close();
});

test("members of the centre that found no room are told to people", () => {
  const rig = new DeskRig({ authority: "centre" });
  const status = rig.desk.status();
  assert.equal(status.centre?.refused, 0);
  mock.method(rig.desk, "status", () => ({ ...status, centre: { ...status.centre, refused: 3 } }));
  assert.ok(rig.desk.notices().some((notice) => notice.startsWith("3 consent(s)")));
  rig.desk.close();
});

test("a clock that was wrong is put right beside the running gateway, and stays so after a restart", async () => {
  const { openConsent, resetClock } = await import("./open-consent.ts");
  const rig = new DeskRig();
  assert.ok(rig.desk.grant(request("m")).ok);
  rig.hand.pass(300 * DAY_MS);
  assert.ok(rig.desk.grant(request("n")).ok);
  rig.restart();
  rig.desk.sweep();
  rig.hand.epoch -= 300 * DAY_MS;
  assert.equal(rig.desk.status().refusal, "clock-unsure");
  const anchor = () => ({
    epoch: epochMs(rig.hand.epoch),
    mono: rig.clock.mono(),
    clock: "synced",
  });
  const staff = openConsent({
    ...{ path: rig.path, gatewayId: "gw-1" as never, loyalty: rig.loyalty },
    time: { anchor: anchor as never, isAwaited: () => false, mono: () => rig.clock.mono() },
  });
  resetClock(staff, "Ada Holm, store manager");
  staff.file.close();
  rig.desk.refresh();
  assert.equal(rig.desk.status().refusal, null);
  rig.restart();
  assert.equal(rig.desk.status().refusal, null);
  assert.ok(rig.desk.gate.permit(member("m"), "loyalty-beacon").ok);
  assert.match(JSON.stringify(rig.events), /clock reset: Ada Holm, store manager/);
  rig.desk.close();
});
