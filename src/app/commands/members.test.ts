import assert from "node:assert/strict";
import {
  chmodSync,
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
import { APP_KEY, EID_KEY, REFERENCE, ShopAlone } from "../../../test/fakes/shop-alone.ts";
import { subjectRef } from "../../core/brand.ts";
import { claimCodeOf } from "../../core/claim-code.ts";
import { entriesOf, loyalGateway, withLedger } from "../consent/staff-ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-members-cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const subjectIn = (out: string): string => /([A-Za-z0-9_-]{22})$/.exec(out)?.[1] ?? "";

/** Kinds of the ledger's entries about a member. */
const kindsOf = async (shop: ShopAlone, subject: string): Promise<readonly string[]> =>
  withLedger(await loyalGateway(shop.config), ({ file }) =>
    entriesOf(file, subjectRef(subject)).map(({ kind }) => kind),
  );

const ledgerLength = async (shop: ShopAlone): Promise<number> =>
  withLedger(await loyalGateway(shop.config), ({ ledger }) => ledger.head.seq);

test("a customer who agreed is registered, listed without a key, exported and forgotten", async () => {
  const shop = new ShopAlone(folder);
  const registered = await shop.registerWithAll();
  assert.equal(registered.code, null, registered.notes);
  const subject = subjectIn(registered.out);
  const listed = await shop.run("list", "--json");
  const [row] = (JSON.parse(listed.out) as { members: Record<string, unknown>[] }).members;
  assert.deepEqual(
    [row?.["reference"], row?.["subjectRef"], row?.["purposes"], row?.["app"], row?.["tags"]],
    [REFERENCE, subject, ["loyalty-beacon"], true, 1],
  );
  const out = shop.file("export.json");
  const exported = await shop.run(
    ...["export", "--reference", REFERENCE, "--by", "staff-17", "--out", out],
  );
  assert.equal(exported.code, null, exported.notes);
  assert.equal(statSync(out).mode & 0o777, 0o600);
  const text = readFileSync(out, "utf8");
  const document = JSON.parse(text) as {
    customer: string;
    carried: object;
    grants: { purpose: string; state: string }[];
    visits: { events: unknown[] };
    looks: { actor: string; action: string }[];
  };
  assert.deepEqual([document.customer, document.carried], [REFERENCE, { app: true, tags: 1 }]);
  assert.deepEqual(
    document.grants.map(({ purpose, state }) => [purpose, state]),
    [["loyalty-beacon", "granted"]],
  );
  assert.deepEqual(document.visits.events, []);
  assert.deepEqual(
    document.looks.map(({ actor, action }) => [actor, action]),
    [["staff-17", "export"]],
  );
  const erased = await shop.run("erase", "--reference", REFERENCE, "--by", "request-31", "--json");
  assert.deepEqual((JSON.parse(erased.out) as { revoked: string[] }).revoked, ["loyalty-beacon"]);
  assert.deepEqual(await kindsOf(shop, subject), ["granted", "revoked", "erasure-asked"]);
  assert.equal((await shop.run("list")).out, "");
  assert.equal(
    (await shop.run("erase", "--reference", REFERENCE, "--by", "s")).code,
    "MEMBER_REFUSED",
  );
});

test("nobody is registered without a consent, and nothing that is carried without one to be recognised", async () => {
  const shop = new ShopAlone(folder);
  const keys = ["--app-key-file", shop.file("app.key")];
  assert.equal((await shop.run("register", "--reference", "a", ...keys)).code, "CONSENT_REFUSED");
  const minor = await shop.register("b", "--minor", ...keys);
  assert.equal(minor.code, "CONSENT_REFUSED");
  assert.match(minor.notes, /minor/);
  const unknown = ["--subject", "AAAAAAAAAAAAAAAAAAAAAA", ...keys];
  assert.equal(
    (await shop.run("register", "--reference", "c", ...unknown)).code,
    "CONSENT_REFUSED",
  );
  const notice = ["--notice-id", "n", "--notice-version", "1", "--language", "en"];
  const proof = ["--notice-file", shop.file("notice.txt"), "--proof", "signature:f"];
  const messages = await shop.run(
    ...["register", "--reference", "d", "--purposes", "messages", ...notice, ...proof, ...keys],
  );
  assert.equal(messages.code, "CONSENT_REFUSED");
  assert.match(messages.notes, /loyalty-beacon/);
  assert.equal((await shop.run("list")).out, "");
  assert.equal(await ledgerLength(shop), 0);
});

test("what does not become a member altogether is taken back: nothing is half-written", async () => {
  const shop = new ShopAlone(folder);
  await shop.registerWithAll();
  const before = await ledgerLength(shop);
  const again = await shop.registerWithAll();
  assert.equal(again.code, "MEMBER_REFUSED");
  assert.match(again.notes, /already/);
  assert.equal(again.notes.includes(REFERENCE), false);
  const bad = await shop.register("x\u0007y");
  assert.equal(bad.code, "MEMBER_REFUSED");
  const drawn = shop.file("new.key");
  assert.equal((await shop.register(REFERENCE, "--new-app-key", drawn)).code, "MEMBER_REFUSED");
  assert.equal(existsSync(drawn), false, "a key that belongs to nobody is left behind");
  assert.equal(await ledgerLength(shop), before, "a consent of nobody is left behind");
  writeFileSync(shop.file("notice.txt"), "Other words.");
  const reworded = await shop.register("new-words");
  assert.equal(reworded.code, "CONSENT_REFUSED");
  assert.match(reworded.notes, /raise its version/);
  assert.equal(await ledgerLength(shop), before);
});

test("somebody who agreed at a station is given a name, once", async () => {
  const shop = new ShopAlone(folder);
  const running = await shop.open();
  const subject = subjectRef("c3RhdGlvbi1tZW1iZXItMQ");
  const notice = { id: "n", version: 1, language: "en", sha256: "0".repeat(64) };
  const given = running.desk.grant({
    ...{ tenantId: "acme" as never, subjectRef: subject, purpose: "loyalty-beacon", notice },
    ...{ proof: { kind: "screen", ref: "station" }, isMinor: false },
  });
  assert.ok(given.ok);
  const named = ["--subject", subject, "--app-key-file", shop.file("app.key")];
  assert.equal((await shop.run("register", "--reference", "s-1", ...named)).code, null);
  assert.equal((await shop.run("register", "--reference", "s-2", ...named)).code, "MEMBER_REFUSED");
  running.pass(3);
  assert.equal(running.hearApp(), running.local.pseudonymOf(subject));
  await running.close();
});

test("a key is read from a file of its owner alone, and no refusal repeats what stands in it", async () => {
  const shop = new ShopAlone(folder);
  chmodSync(shop.file("app.key"), 0o644);
  const open = await shop.registerWithAll();
  assert.equal(open.code, "CONFIG_INVALID");
  assert.match(open.notes, /0600/);
  shop.secret("app.key", "f00df00df00df00d");
  const short = await shop.registerWithAll();
  assert.equal(short.code, "CONFIG_INVALID");
  assert.equal(short.notes.includes("f00d"), false);
  shop.secret("app.key", Buffer.from(APP_KEY).toString("base64url"));
  shop.secret("tag.json", JSON.stringify({ key: Buffer.from(EID_KEY).toString("hex") }));
  const poor = await shop.registerWithAll();
  assert.equal(poor.code, "CONFIG_INVALID");
  assert.equal(poor.notes.includes(Buffer.from(EID_KEY).toString("hex")), false);
  assert.equal(await ledgerLength(shop), 0);
});

test("a card shows the code of the member alone, as a picture and as a page", async () => {
  const shop = new ShopAlone(folder);
  const subject = subjectRef(subjectIn((await shop.register("card-1")).out));
  for (const name of ["card.svg", "card.html"]) {
    const out = shop.file(name);
    assert.equal((await shop.run("card", "--reference", "card-1", "--out", out)).code, null);
    const text = readFileSync(out, "utf8");
    assert.match(text, /<svg [^>]+viewBox="0 0 33 33"/);
    assert.equal(/card-1|<script|href=/.test(text), false);
  }
  const shown = readFileSync(shop.file("card.html"), "utf8").replaceAll(/\s/g, "");
  assert.ok(shown.includes(claimCodeOf(subject)));
  assert.equal(
    (await shop.run("card", "--reference", "card-1", "--out", shop.file("card.png"))).code,
    "USAGE",
  );
  assert.equal(
    (await shop.run("card", "--reference", "nobody", "--out", shop.file("n.svg"))).code,
    "MEMBER_REFUSED",
  );
});

test("where the centre decides, members are not registered at the shop", async () => {
  const shop = new ShopAlone(folder);
  const file = JSON.parse(readFileSync(shop.config, "utf8")) as { loyalty: object };
  writeFileSync(
    shop.config,
    JSON.stringify({
      ...file,
      mqtt: { url: "mqtt://localhost:1883" },
      loyalty: { ...file.loyalty, authority: "centre" },
    }),
  );
  assert.equal((await shop.run("list")).code, "USAGE");
  assert.equal(existsSync(shop.path), false);
});
