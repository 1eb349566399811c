import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { readClaimCode } from "../../src/core/claim-code.ts";
import { addressTraces } from "../fakes/planted-addresses.ts";
import { clock, startAedes, type TestBroker, tempDir, until } from "./delivery-rig.ts";
import { airOf, HEADSET, Listener, LoyalGateway, spellings, staff } from "./loyal-gateway-rig.ts";

const ADDRESS = "e1b2d3a4c5f6";
const dir = tempDir();
let appKey: Uint8Array<ArrayBuffer>;
let broker: TestBroker;
let listener: Listener;
let gateway: LoyalGateway;
let codes: { readonly leaves: string; readonly stays: string };

before(async () => {
  broker = await startAedes();
  listener = await Listener.on(broker.url);
  gateway = await LoyalGateway.write(dir.path, broker.url, { authority: "gateway" });
  await gateway.start();
});
after(async () => {
  await gateway.stop();
  await listener.client.endAsync(true);
  await broker.stop();
  dir.remove();
});

const tells = async (code: string): Promise<string> => {
  const { kind, reason, method } = await gateway.ask("/recognise", { code });
  return `${kind} ${reason ?? method}`;
};

test("a shop alone, without a camera: who joins at the station is recognised by the code, and it is told", async () => {
  codes = { leaves: await gateway.join(), stays: await gateway.join() };
  assert.equal(await tells(codes.leaves), "recognised code");
  await until("it is told", () => listener.events("shopper-recognised").length > 0);
  const [event] = listener.events("shopper-recognised");
  const { pseudonym, method, stationId } = event?.data ?? {};
  assert.match(String(pseudonym), /^[A-Za-z0-9_-]{16}$/);
  assert.deepEqual([method, stationId], ["code", "station"]);
  assert.equal(String(readClaimCode(codes.leaves)).includes(String(pseudonym)), false);
  await until("health tells it", () => listener.health()?.["consent"]?.["live"] === 2);
});

test("whom staff register is found by the app, and nobody any more when staff erase them", async (t) => {
  const [keyFile, notice] = [
    join(dir.path, "..", `${basename(dir.path)}.key`),
    join(dir.path, "notice.txt"),
  ];
  writeFileSync(notice, "We recognise you by what you carry.");
  const who = ["--config", gateway.configPath, "--reference", "20417"];
  const shown = ["--notice-id", "card", "--notice-version", "1", "--language", "en"];
  const how = ["--notice-file", notice, "--proof", "signature:form-7"];
  const wish = ["--purposes", "loyalty-beacon", "--new-app-key", keyFile];
  await staff("members", "register", ...who, ...wish, ...shown, ...how);
  appKey = new Uint8Array(Buffer.from(readFileSync(keyFile, "utf8").trim(), "base64url"));
  rmSync(keyFile);
  const onAir = async (): Promise<void> => gateway.order(await airOf(appKey, ADDRESS));
  await onAir();
  const air = setInterval(() => void onAir(), 2_000);
  t.after(() => clearInterval(air));
  const state = (): unknown => listener.events("tag-presence").at(-1)?.data["state"];
  await until("the member is inside", () => state() === "inside", 90_000);
  assert.match(await gateway.page("/api/status"), /\["identifiers now","1"\]/);
  await staff("members", "erase", ...who, "--by", "staff-17");
  const from = clock.mono();
  await until("nobody is there", () => state() === "outside", 30_000);
  t.diagnostic(`nobody is followed ${(clock.mono() - from).toFixed(0)} ms after the command ended`);
});

test("without faces there is no template, no key of one and no camera", () => {
  for (const name of ["templates.bin", "template-keys.bin", "template-key"])
    assert.equal(existsSync(join(dir.path, "state", name)), false, name);
});

test("consents outlast a restart", async () => {
  await gateway.stop();
  await gateway.start();
  assert.equal(await tells(codes.leaves), "recognised code");
  assert.equal(await tells(codes.stays), "recognised code");
});

test("forget me: no match at once and after a restart, and the others go on", async (t) => {
  const before = listener.events("consent-recorded").length;
  const from = clock.mono();
  assert.deepEqual(await gateway.ask("/forget", { code: codes.leaves }), {
    kind: "forgotten",
    state: "done",
  });
  assert.match(await tells(codes.leaves), /^refused (no-grant|grant-revoked)$/);
  t.diagnostic(`asked to be forgotten, no match ${(clock.mono() - from).toFixed(0)} ms later`);
  assert.deepEqual(await gateway.ask("/consents", { code: codes.leaves }), { purposes: [] });
  const told = (): string[] =>
    listener
      .events("consent-recorded")
      .slice(before)
      .map(({ data }) => {
        const entry = data["entry"] as Record<string, unknown>;
        return String(entry["kind"]);
      });
  const wanted = ["revoked", "erasure-asked", "erasure-answered", "erasure-closed"];
  await until("the centre would know", () => told().includes("erasure-closed"));
  assert.deepEqual(told(), wanted);
  await gateway.stop();
  await gateway.start();
  assert.match(await tells(codes.leaves), /^refused/);
  assert.equal(await tells(codes.stays), "recognised code");
});

test("a member's number stands in the ledger and in what the ledger tells the centre, and nowhere else", async () => {
  const subject = String(readClaimCode(codes.stays));
  const named = (await gateway.searched()).filter(({ bytes }) => bytes.includes(subject));
  const places = [...new Set(named.map(({ where }) => where))];
  assert.ok(places.includes("file state/consent.db"), "the search would find it");
  const isExpected = (where: string): boolean => /^file state\/(consent|outbox)\.db/.test(where);
  assert.deepEqual(
    places.filter((where) => !isExpected(where)),
    [],
  );
  const topics = listener.heard.filter(({ bytes }) => bytes.includes(subject));
  assert.deepEqual([...new Set(topics.map(({ topic }) => topic))], ["vitrine/v1/gw1/up/ev"]);
});

test("neither the address nor the key of what a member carried is in anything that came out", async () => {
  const said = listener.heard.map(({ topic, bytes }) => ({ where: `mqtt ${topic}`, bytes }));
  const secrets = [...addressTraces(ADDRESS), ...spellings(appKey)];
  const found = [...(await gateway.searched()), ...said].filter(({ bytes }) =>
    secrets.some((secret) => bytes.includes(secret)),
  );
  assert.deepEqual(
    found.map(({ where }) => where),
    [],
  );
});

test("a ledger that was changed keeps nobody from counting: nobody is matched, and that is said", async () => {
  await gateway.stop();
  writeFileSync(join(gateway.stateDir, "consent.db"), "x".repeat(8_192));
  for (const end of ["-wal", "-shm"])
    rmSync(join(gateway.stateDir, `consent.db${end}`), { force: true });
  await gateway.start();
  assert.equal(await tells(codes.stays), "refused ledger-damaged");
  assert.match(await gateway.page("/api/status"), /nobody is matched or enrolled/);
  await until(
    "health tells it",
    () => listener.health()?.["consent"]?.["refusal"] === "ledger-damaged",
  );
  gateway.order({ air: [HEADSET] });
  const since = (): string => gateway.said().slice(gateway.said().indexOf("consent.ledger-fault"));
  await until("its sensors see", () => since().includes("radio.seeing"));
  assert.match(await gateway.page("/api/today"), /"tiles"/);
});
