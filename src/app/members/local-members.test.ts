import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import Database from "better-sqlite3";
import { APP_KEY, EID_KEY, REFERENCE, ShopAlone } from "../../../test/fakes/shop-alone.ts";
import { epochMs, type SubjectRef, subjectRef, tenantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { openHistory } from "../../io/history/history.ts";
import { MembersFile } from "../../io/members/members-file.ts";
import { openOutbox } from "../../io/outbox/outbox.ts";
import { loyalGateway } from "../consent/staff-ledger.ts";
import { exportMember } from "./member-export.ts";
import { openMembers } from "./members-at-hand.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-members-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const ROOT = join(import.meta.dirname, "../../..");

const subjectIn = (out: string): SubjectRef =>
  subjectRef(/([A-Za-z0-9_-]{22})$/.exec(out)?.[1] ?? "");

/** How a secret may be written: its bytes, and its texts. */
const formsOf = (secret: Uint8Array): readonly Buffer[] => {
  const bytes = Buffer.from(secret);
  const texts = (["hex", "base64", "base64url"] as const).map((form) => bytes.toString(form));
  return [bytes, ...texts.map((text) => Buffer.from(text.replace(/=+$/, "")))];
};

test("a gateway that runs recognises who staff register, and forgets whom they erase, within seconds", async () => {
  const shop = new ShopAlone(folder);
  const running = await shop.open();
  running.pass(2);
  assert.equal(running.hearApp(), null);
  const registeredAt = shop.clock.now();
  const subject = subjectIn((await shop.registerWithAll()).out);
  running.pass(3);
  const pseudonym = running.hearApp();
  assert.equal(pseudonym, running.local.pseudonymOf(subject));
  assert.match(pseudonym ?? "", /^[A-Za-z0-9_-]{16}$/);
  assert.equal(running.hearTag(registeredAt), pseudonym);
  assert.equal(running.hearApp(EID_KEY), null, "a stranger");
  await shop.run("erase", "--reference", REFERENCE, "--by", "staff-1");
  running.pass(1);
  assert.equal(running.hearApp(), null, "the gate refuses with the next look at the ledger");
  running.pass(3);
  assert.match(JSON.stringify(running.loyalty.texts()), /"identifiers now","0"/);
  assert.equal(running.desk.status().openErasures, 0);
  await running.close();
});

test("identifiers are in the tables only while there is a live consent, whatever the file says", async () => {
  const shop = new ShopAlone(folder);
  const running = await shop.open();
  const { file, seal } = openMembers({ path: shop.path, tenant: tenantId("acme") });
  const subject = subjectRef("bm9ib2R5LWFncmVlZC0hIQ");
  const entry = {
    ...{ subject, index: seal.indexOf("x"), reference: seal.sealReference(subject, "x") },
    carried: seal.sealCarried(subject, { appKey: APP_KEY, tags: [] }),
    registeredAt: epochMs(shop.clock.now()),
  };
  file.add(entry, 10);
  running.pass(8);
  assert.equal(running.hearApp(), null);
  assert.match(JSON.stringify(running.loyalty.texts()), /"identifiers now","0"/);
  running.pass(3);
  assert.equal(file.count, 0, "who never agreed is erased by the next sweep");
  const sealed = file.add({ ...entry, subject: subjectRef("b3RoZXItbWVtYmVyLSEhIQ") }, 10);
  assert.equal(sealed, "added");
  running.pass(2);
  assert.equal(running.local.status().code, null);
  await running.close();
  file.close();
});

test("with the consent to be recognised goes what is carried; who it is stays as long as another consent", async () => {
  const shop = new ShopAlone(folder);
  const running = await shop.open();
  await shop.registerWithAll();
  const listed = JSON.parse((await shop.run("list", "--json")).out) as {
    members: { subjectRef: SubjectRef }[];
  };
  const subject = listed.members[0]?.subjectRef ?? subjectRef("");
  running.desk.refresh();
  const notice = { id: "n", version: 1, language: "en", sha256: "0".repeat(64) };
  const given = running.desk.grant({
    ...{ tenantId: tenantId("acme"), subjectRef: subject, purpose: "messages", notice },
    ...{ proof: { kind: "screen", ref: "station" }, isMinor: false },
  });
  assert.ok(given.ok);
  running.pass(3);
  assert.notEqual(running.hearApp(), null);
  const who = { subjectRef: subject, by: "shopper", ref: "station" } as const;
  running.desk.revoke({ ...who, purposes: ["loyalty-beacon"] });
  assert.equal(running.hearApp(), null);
  assert.match((await shop.run("list")).out, /messages {2}no app, 0 tag/);
  running.pass(12);
  assert.match((await shop.run("list")).out, /messages/, "a sweep leaves who still agreed to that");
  running.desk.revoke({ ...who, purposes: ["messages"] });
  assert.equal((await shop.run("list")).out, "");
  await running.close();
});

test("neither keys nor who it is stand in any file or the log, also after everything was forgotten", async () => {
  const shop = new ShopAlone(folder);
  const running = await shop.open();
  await shop.registerWithAll();
  running.pass(5);
  assert.notEqual(running.hearApp(), null);
  const secrets = [...formsOf(APP_KEY), ...formsOf(EID_KEY), Buffer.from(REFERENCE)];
  const search = (): void => {
    const names = shop.traces().map(([name, bytes]) => {
      for (const secret of secrets) assert.equal(bytes.includes(secret), false, name);
      return name;
    });
    assert.ok(["members.db", "members-key", "consent.db", "log"].every((n) => names.includes(n)));
  };
  search();
  for (const name of ["members.db", "members.db-wal", "members-key"])
    assert.equal(statSync(join(shop.stateDir, name)).mode & 0o777, 0o600, name);
  const sealed = openMembers({ path: shop.path, tenant: tenantId("acme") });
  const [row] = sealed.file.all();
  sealed.file.close();
  await shop.run("erase", "--reference", REFERENCE, "--by", "staff-1");
  running.pass(12);
  search();
  await running.close();
  const left = readFileSync(shop.path);
  assert.equal(left.includes(row?.carried ?? "?"), false, "what was deleted is overwritten");
  assert.equal(left.includes(row?.reference ?? "?"), false);
});

test("a damaged file, one of a newer version and a lost key are told once, and nothing waits for them", async () => {
  const spoils: readonly (readonly [string, RegExp, (shop: ShopAlone) => void])[] = [
    [
      "MEMBERS_DAMAGED",
      /damaged/,
      (shop) => writeFileSync(shop.path, "no database at all".repeat(99)),
    ],
    [
      "MEMBERS_UNAVAILABLE",
      /another version/,
      (shop) => {
        const db = new Database(shop.path);
        db.pragma("user_version=99");
        db.close();
      },
    ],
    [
      "MEMBERS_UNAVAILABLE",
      /is gone/,
      (shop) => renameSync(join(shop.stateDir, "members-key"), shop.file("away")),
    ],
    [
      "MEMBERS_UNAVAILABLE",
      /another key/,
      (shop) => shop.secret("state/members-key", "k".repeat(32)),
    ],
  ];
  for (const [code, sentence, spoil] of spoils) {
    const shop = new ShopAlone(folder);
    await shop.registerWithAll();
    rmSync(`${shop.path}-wal`, { force: true });
    spoil(shop);
    const running = await shop.open();
    running.pass(60);
    assert.equal(running.local.status().code, code);
    assert.match(running.local.notices().join(), new RegExp(code));
    assert.equal(running.hearApp(), null);
    const lines = shop.lines.filter((line) => line.includes("members.fault"));
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines.join(), sentence);
    assert.equal((await shop.run("list")).code, code);
    await running.close();
  }
});

test("a key that comes back is found again, and an entry that was changed keeps nobody else out", async () => {
  const shop = new ShopAlone(folder);
  await shop.registerWithAll();
  const away = shop.file("away");
  renameSync(join(shop.stateDir, "members-key"), away);
  const running = await shop.open();
  running.pass(20);
  renameSync(away, join(shop.stateDir, "members-key"));
  running.pass(15);
  assert.equal(running.local.status().code, null);
  assert.notEqual(running.hearApp(), null);
  shop.secret("app.key", "00112233445566778899aabbccddeeff");
  const other = subjectIn(
    (await shop.register("other", "--app-key-file", shop.file("app.key"))).out,
  );
  const db = new Database(shop.path);
  db.prepare("UPDATE member SET carried='v1.AAAA', change=change+100 WHERE subject<>?").run(other);
  db.close();
  running.pass(4);
  assert.notEqual(running.hearApp(Buffer.from("00112233445566778899aabbccddeeff", "hex")), null);
  assert.equal(running.hearApp(), null);
  assert.deepEqual(running.local.status(), { code: "MEMBERS_DAMAGED", damaged: 1 });
  await running.close();
});

test("what cannot be erased is not answered as erased, and is once the file can be used", async () => {
  const shop = new ShopAlone(folder);
  const subject = subjectIn((await shop.registerWithAll()).out);
  const running = await shop.open();
  running.pass(3);
  const blocker = new Database(shop.path);
  blocker.exec("BEGIN IMMEDIATE");
  running.desk.revoke({ subjectRef: subject, by: "staff", ref: "s" });
  assert.equal(running.hearApp(), null);
  assert.equal(running.desk.status().openErasures, 1);
  blocker.exec("ROLLBACK");
  blocker.close();
  running.pass(11);
  assert.equal(running.desk.status().openErasures, 0);
  assert.equal((await shop.run("list")).out, "");
  await running.close();
});

test("members beside a ledger that was begun anew are forgotten, and the gateway starts all the same", async () => {
  const shop = new ShopAlone(folder);
  await shop.registerWithAll();
  for (const name of ["consent.db", "consent.db-wal", "consent.db-shm"])
    rmSync(join(shop.stateDir, name), { force: true });
  const running = await shop.open();
  running.pass(2);
  assert.equal(running.hearApp(), null);
  running.pass(10);
  assert.equal((await shop.run("list")).out, "");
  await running.close();
});

test("a lost key keeps nobody from being forgotten", async () => {
  const shop = new ShopAlone(folder);
  const subject = subjectIn((await shop.registerWithAll()).out);
  rmSync(join(shop.stateDir, "members-key"));
  const running = await shop.open();
  running.pass(2);
  running.desk.revoke({ subjectRef: subject, by: "staff", ref: "s" });
  running.pass(11);
  await running.close();
  const file = new MembersFile(shop.path);
  assert.equal(file.count, 0);
  file.close();
});

test("beyond its cap the file takes nobody", () => {
  const path = join(mkdtempSync(join(folder, "cap-")), "members.db");
  const { file, seal } = openMembers({ path, tenant: tenantId("acme") });
  const outcomes = ["a", "b", "c"].map((name) => {
    const subject = subjectRef(Buffer.alloc(16, name).toString("base64url"));
    const row = {
      subject,
      index: seal.indexOf(name),
      reference: seal.sealReference(subject, name),
    };
    return file.add({ ...row, carried: null, registeredAt: epochMs(0) }, 2);
  });
  assert.deepEqual(outcomes, ["added", "added", "full"]);
  file.close();
});

test("an export holds the visits of the member, from files at rest and from a gateway that runs", async () => {
  const shop = new ShopAlone(folder);
  const subject = subjectIn((await shop.registerWithAll()).out);
  const gateway = await loyalGateway(shop.config);
  const ask = { reference: REFERENCE, by: "staff-1" };
  const empty = await exportMember(gateway, ask);
  const common = { clock: shop.clock, log: SILENT_LOG, random: () => 0.5 };
  const path = join(shop.stateDir, "outbox.db");
  const outbox = openOutbox({ path, capBytes: 2 ** 28, commitMs: 250, ...common });
  const history = openHistory({ path: join(shop.stateDir, "history.db"), ...common });
  const at = shop.clock.now();
  for (const who of [empty.member, "somebody-else-12"]) {
    const body = JSON.stringify({ type: "vitrine.completed", data: { customer: who } });
    outbox.append({ stream: "journey", body, urgent: true, receiptId: null });
  }
  outbox.flush();
  const visits = [{ tag: `tag/${empty.member}`, dwellMs: 60_000 }, { tag: "tag/somebody-else-12" }];
  history.save({
    base: at,
    days: [{ dayStart: at, dayEnd: epochMs(at + 1), v: 1, body: JSON.stringify({ visits }) }],
    customers: [{ customer: empty.member, dayStart: at, visits: 2 }],
  });
  const running = await shop.open({ outbox, history });
  const asked = exportMember(gateway, ask);
  const pump = setInterval(() => running.pass(1), 20);
  const answered = await asked;
  clearInterval(pump);
  outbox.close();
  history.close();
  const resting = await exportMember(gateway, ask);
  for (const { visits: found, missing } of [answered, resting]) {
    assert.deepEqual(missing, []);
    assert.deepEqual(
      found?.days.map((day) => day.visits),
      [2],
    );
    assert.deepEqual(found?.records, [{ tag: `tag/${empty.member}`, dwellMs: 60_000 }]);
    assert.deepEqual(found?.events, [
      { type: "vitrine.completed", data: { customer: empty.member } },
    ]);
    assert.equal(found?.leftOut, 0);
  }
  assert.equal(running.local.pseudonymOf(subject), empty.member);
  assert.equal(resting.looks.length, 3);
  await running.close();
});

test("an export says what is missing when the gateway that has the visits does not answer", async () => {
  const shop = new ShopAlone(folder);
  await shop.registerWithAll();
  const common = { clock: shop.clock, log: SILENT_LOG, random: () => 0.5 };
  const path = join(shop.stateDir, "outbox.db");
  const outbox = openOutbox({ path, capBytes: 2 ** 28, commitMs: 250, ...common });
  const gateway = await loyalGateway(shop.config);
  const document = await exportMember(gateway, { reference: REFERENCE, by: "staff-1" }, 400);
  assert.equal(document.visits, null);
  assert.match(document.missing.join(), /did not answer/);
  outbox.close();
});

test("what a process of its own does is seen by the gateway", async () => {
  const shop = new ShopAlone(folder);
  const running = await shop.open();
  await shop.registerWithAll();
  running.pass(3);
  const args = ["erase", "--reference", REFERENCE, "--by", "s", "--config", shop.config];
  const main = join(ROOT, "src/app/main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, "members", ...args], {
    cwd: ROOT,
    stdio: "ignore",
  });
  assert.deepEqual(await once(child, "exit"), [0, null]);
  running.pass(2);
  assert.equal(running.hearApp(), null);
  await running.close();
});

test("a disk that takes no more is a fault with a code, and nobody is half-registered", () => {
  const path = join(mkdtempSync(join(folder, "full-")), "members.db");
  const { file: first, seal } = openMembers({ path, tenant: tenantId("acme") });
  first.close();
  const file = new MembersFile(path, 65_536);
  let added = 0;
  const fill = (): void => {
    for (; added < 1_000; added += 1) {
      const subject = subjectRef(Buffer.alloc(16, `${added} `).toString("base64url"));
      const row = { subject, index: seal.indexOf(`${added}`), registeredAt: epochMs(0) };
      file.add({ ...row, reference: "r".repeat(500), carried: null }, 1_000);
    }
  };
  assert.throws(
    fill,
    (error) => error instanceof GatewayError && error.code === "MEMBERS_UNAVAILABLE",
  );
  assert.equal(file.count, added);
  assert.ok(added > 10);
  file.close();
});
