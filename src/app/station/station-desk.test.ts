import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { faceOf } from "../../../test/fakes/fake-face-chain.ts";
import { StationRig, stationLoyalty } from "../../../test/fakes/station-rig.ts";
import { tenantId } from "../../core/brand.ts";
import { PURPOSES } from "../../core/consent.ts";
import type { ConsentRecorded } from "../../core/events.ts";
import { ENROL_LIMIT_MS, VERIFY_LIMIT_MS } from "../../face/station/station.ts";
import { shownNotice } from "../../privacy/consent/notice.ts";
import { WORDS } from "../../web/ui/station/all-words.ts";
import { createLogger } from "../logger.ts";
import { stationNotices } from "./station-notices.ts";

const ANN = 1;
const looks = (count: number, person = ANN) => Array.from({ length: count }, () => ({ person }));
const refused = (reason: string, next: string) => ({ kind: "refused", reason, next });

const noticeOf = (id: string, language: string, text: string) => shownNotice(id, 1, language, text);

function grantsOf(rig: StationRig) {
  return rig.told
    .filter((event): event is ConsentRecorded => event.kind === "consent-recorded")
    .flatMap(({ entry }) => (entry.kind === "granted" ? [entry.grant] : []));
}

test("who joins with a code alone is a recognised visit from then on, whatever becomes of faces", async () => {
  await using rig = new StationRig([], { loyalty: { jurisdiction: "off", station: {} } });
  await rig.start();
  const { port } = rig.station;
  assert.equal(port.facts(null).face, "off");
  assert.deepEqual(
    port.facts(null).purposes.map(({ purpose }) => purpose),
    ["loyalty-beacon"],
  );
  const code = rig.join();
  for (let presses = 0; presses < 2; presses += 1)
    assert.deepEqual(port.recognise(code), { kind: "recognised", method: "code" });
  const [event] = rig.recognised;
  assert.equal(rig.recognised.length, 1);
  assert.deepEqual([event?.method, event?.stationId], ["code", "station"]);
  assert.match(event?.pseudonym ?? "", /^[A-Za-z0-9_-]{16}$/);
  assert.equal(JSON.stringify(event).includes(rig.subjectOf(code)), false);
  assert.deepEqual(await port.verify(code), refused("face-off", "code"));
  assert.equal(rig.camera.opened, 0);
  assert.equal(existsSync(join(rig.folder, "templates.bin")), false, "no vault was begun");
});

test("what is noted is the notice that was shown, one consent for each purpose that was ticked", async () => {
  await using rig = new StationRig([]);
  await rig.start();
  const { port } = rig.station;
  for (const language of ["en", "da", "de"] as const) {
    const facts = port.facts(language);
    assert.equal(facts.language, language);
    const beacon = facts.purposes.find(({ purpose }) => purpose === "loyalty-beacon");
    assert.ok(beacon !== undefined);
    const shown = [...facts.paragraphs, ...beacon.paragraphs].join("\n");
    assert.equal(createHash("sha256").update(shown).digest("hex"), beacon.sha256);
    assert.match(shown, /Acme A\/S/);
    assert.match(shown, /privacy@acme\.example/);
    const wish = { language, isAdult: true };
    const joined = port.join({
      ...wish,
      purposes: [{ purpose: "loyalty-beacon", sha256: beacon.sha256 }],
    });
    assert.deepEqual([joined.granted, joined.refused], [["loyalty-beacon"], []]);
    const grant = grantsOf(rig).at(-1);
    assert.deepEqual(grant?.notice, {
      ...{ id: "station-loyalty-beacon", version: 1, language, sha256: beacon.sha256 },
    });
    assert.deepEqual(grant?.proof, { kind: "screen", ref: "station" });
    assert.deepEqual(port.consents(joined.code), ["loyalty-beacon"]);
  }
  assert.equal(new Set(grantsOf(rig).map(({ subjectRef }) => subjectRef)).size, 3);
});

test("minors, words that were not shown and unreadable codes are refused, and nothing is written", async () => {
  await using rig = new StationRig(looks(5));
  await rig.start();
  const { port } = rig.station;
  const sha256 = rig.sha256Of("loyalty-beacon");
  const purposes = [{ purpose: "loyalty-beacon", sha256 }] as const;
  const minor = port.join({ language: "en", isAdult: false, purposes });
  assert.deepEqual(minor.refused, [{ purpose: "loyalty-beacon", reason: "minor" }]);
  const stale = port.join({ language: "da", isAdult: true, purposes });
  assert.deepEqual(stale.refused, [{ purpose: "loyalty-beacon", reason: "notice-missing" }]);
  assert.deepEqual(port.recognise(minor.code), refused("no-grant", "again"));
  for (const answer of [port.recognise("VL1"), await port.verify("x"), port.forget("")])
    assert.deepEqual(answer, refused("code-unreadable", "again"));
  const wish = { language: "en", isAdult: false, sha256: rig.sha256Of("loyalty-face") } as const;
  assert.deepEqual(await port.enrol(rig.join(), wish), refused("minor", "code"));
  assert.equal(rig.camera.opened, 0);
  assert.equal(grantsOf(rig).length, 1);
});

test("who enrols is confirmed by face; forgotten, nothing is left and nobody is matched", async () => {
  await using rig = new StationRig(looks(5));
  await rig.start();
  const { port } = rig.station;
  const code = rig.join();
  const subject = rig.subjectOf(code);
  assert.deepEqual(await rig.enrol(code), { kind: "enrolled" });
  assert.deepEqual(port.consents(code), ["loyalty-face", "loyalty-beacon"]);
  assert.deepEqual(await port.verify(code), { kind: "recognised", method: "face" });
  assert.equal(rig.templates.vault?.has(subject), true);
  assert.deepEqual(port.forget(code), { kind: "forgotten", state: "done" });
  assert.equal(rig.templates.vault?.has(subject), false, "gone when the answer is given");
  assert.deepEqual(await port.verify(code), refused("grant-revoked", "code"));
  assert.deepEqual(port.recognise(code), refused("grant-revoked", "again"));
  assert.deepEqual(port.consents(code), []);
  assert.equal(rig.consents.status().openErasures, 0, "answered and closed");
  assert.ok(rig.chain.isWiped);
});

test("a vault that cannot be opened is said once, and a request to erase is not answered as done", async () => {
  const lines: string[] = [];
  const log = createLogger("error", { write: (line: string) => void lines.push(line) });
  await using rig = new StationRig(looks(5), { log });
  writeFileSync(
    join(rig.folder, "template-keys.bin"),
    "no keys of any templates, but a text of some length",
  );
  await rig.start();
  const code = rig.join();
  assert.deepEqual(await rig.enrol(code), refused("key-lost", "code"));
  rig.consents.sweep();
  rig.consents.sweep();
  const said = lines.filter((line) => line.includes("vault.fault"));
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /TEMPLATE_VAULT_UNAVAILABLE/);
  assert.equal(rig.station.port.recognise(code).kind, "recognised");
  rig.station.port.forget(code);
  assert.equal(rig.consents.status().openErasures, 0, "nothing of a face was asked to be erased");
  const sha256 = rig.sha256Of("loyalty-face");
  const again = rig.subjectOf(rig.join());
  const granted = rig.consents.grant({
    ...{ tenantId: tenantId("acme"), subjectRef: again, purpose: "loyalty-face", isMinor: false },
    notice: { id: "station-loyalty-face", version: 1, language: "en", sha256 },
    proof: { kind: "screen", ref: "station" },
  });
  assert.ok(granted.ok);
  rig.consents.revoke({ subjectRef: again, by: "shopper", ref: "station" });
  assert.equal(rig.consents.status().openErasures, 1, "it stays open until it can be done");
});

test("one purpose can be taken back alone, and the code goes on working", async () => {
  await using rig = new StationRig(looks(5));
  await rig.start();
  const code = rig.join();
  await rig.enrol(code);
  rig.station.port.forget(code, ["loyalty-face"]);
  assert.equal(rig.templates.vault?.has(rig.subjectOf(code)), false);
  assert.deepEqual(rig.station.port.consents(code), ["loyalty-beacon"]);
  assert.equal(rig.station.port.recognise(code).kind, "recognised");
});

test("a consent that staff takes back beside the gateway ends matching and template by the next chores", async () => {
  await using rig = new StationRig(looks(5));
  await rig.start();
  const code = rig.join();
  const subject = rig.subjectOf(code);
  await rig.enrol(code);
  assert.deepEqual(rig.templates.eraser.holders?.subjects(), [subject]);
  rig.revokeElsewhere(subject);
  const [news, retention] = rig.consents.chores();
  assert.ok(news !== undefined && news.periodMs <= 5_000);
  assert.ok(retention !== undefined && retention.periodMs <= 60_000);
  news.run();
  assert.deepEqual(await rig.station.port.verify(code), refused("grant-revoked", "code"));
  assert.deepEqual(rig.station.port.recognise(code), refused("grant-revoked", "again"));
  retention.run();
  assert.deepEqual(rig.templates.eraser.holders?.subjects(), []);
  assert.equal(rig.consents.status().openErasures, 0);
});

test("without face models the station has codes alone and says why faces do not work", async () => {
  await using rig = new StationRig(looks(5), { hasModels: false });
  await rig.start();
  const code = rig.join();
  assert.deepEqual(await rig.enrol(code), refused("models-missing", "code"));
  assert.deepEqual(rig.station.port.consents(code), ["loyalty-beacon"], "no consent for nothing");
  assert.equal(rig.station.port.recognise(code).kind, "recognised");
  assert.equal(rig.camera.opened, 0);
});

test("an enrolment that fails leaves neither a template nor a consent to the face", async () => {
  await using rig = new StationRig(looks(5).map(() => ({ refusal: "key-lost" as const })));
  await rig.start();
  const code = rig.join();
  assert.deepEqual(await rig.enrol(code), refused("key-lost", "code"));
  assert.deepEqual(rig.station.port.consents(code), ["loyalty-beacon"]);
  assert.deepEqual(rig.templates.vault?.subjects(), []);
});

test("no planted number, picture or key is in any file, event or line of the log", async () => {
  const lines: string[] = [];
  const log = createLogger("debug", { write: (line: string) => void lines.push(line) });
  await using rig = new StationRig(looks(10), { log });
  await rig.start();
  const code = rig.join();
  await rig.enrol(code);
  await rig.station.port.verify(code);
  const planted: Buffer[] = [];
  for (let noise = 0; noise < 8; noise += 1) {
    const numbers = Buffer.from(faceOf(ANN, noise).buffer);
    for (let at = 0; at + 8 <= numbers.length; at += 8) planted.push(numbers.subarray(at, at + 8));
  }
  // The fake camera's pictures are of this one byte.
  planted.push(Buffer.alloc(16, 200));
  const key = readFileSync(join(rig.folder, "template-key"));
  const membersKey = readFileSync(join(rig.folder, "members-key"));
  const texts = [...planted, key, membersKey].flatMap((secret) => [
    secret.toString("hex"),
    secret.toString("base64"),
    secret.toString("base64url"),
  ]);
  const numbers = [...faceOf(ANN, 1)].slice(0, 4).map(String);
  const said = JSON.stringify([rig.told, rig.recognised, rig.station.port.facts(null), lines]);
  for (const text of [...texts, ...numbers]) assert.equal(said.includes(text), false);
  assert.ok(rig.told.length > 1 && rig.recognised.length === 1, "there was something to search");
  let files = 0;
  for (const name of readdirSync(rig.folder)) {
    const bytes = readFileSync(join(rig.folder, name));
    files += 1;
    for (const secret of planted) assert.equal(bytes.includes(secret), false, name);
    if (name !== "template-key") assert.equal(bytes.includes(key), false, name);
  }
  assert.ok(files >= 4, "ledger, vault and keys were searched");
  assert.ok(rig.chain.isWiped && rig.chain.pictures.length >= 6);
});

test("every purpose has words of its own in every language", () => {
  const notices = stationNotices(stationLoyalty(), "Acme North", noticeOf);
  const seen = new Set<string>();
  for (const language of ["en", "da", "de"] as const)
    for (const purpose of PURPOSES) {
      const { paragraphs, sha256, shown } = notices(language).purposes[purpose];
      assert.ok(paragraphs.join(" ").length > 40, `${language} ${purpose}`);
      assert.equal(shown.id, `station-${purpose}`);
      seen.add(sha256).add(paragraphs.join(" "));
    }
  assert.equal(seen.size, 2 * 3 * 4);
});

test("the notice says what the camera really does, with the limits that hold", () => {
  const notices = stationNotices(stationLoyalty(), "Acme North", noticeOf);
  for (const [language, unread, never] of [
    ["en", /second face.*thrown away unread/, /only while you press|Nobody else is looked at/],
    ["da", /andet ansigt.*kasseres ulæst/, /kun, mens du trykker|Der ses ikke på andre/],
    ["de", /zweiten Gesicht.*ungelesen verworfen/, /nur, während Sie drücken|Niemand sonst wird/],
  ] as const) {
    const words = notices(language).purposes["loyalty-face"].paragraphs.join(" ");
    assert.match(
      words,
      new RegExp(`\\b${VERIFY_LIMIT_MS / 1_000}\\b.*\\b${ENROL_LIMIT_MS / 1_000}\\b`),
    );
    assert.match(words, unread);
    assert.doesNotMatch(words, never);
    const hint = WORDS[language].byFaceHint(VERIFY_LIMIT_MS / 1_000);
    assert.match(hint, /12/);
    assert.doesNotMatch(hint, never);
  }
});

test("words that change have the next version, and the ledger keeps what was shown", async () => {
  await using rig = new StationRig([]);
  await rig.start();
  rig.join();
  const before = grantsOf(rig).at(-1)?.notice;
  assert.equal(before?.version, 1);
  const changed = stationLoyalty({
    controller: { name: "Acme New A/S", contact: "new@acme.example" },
  });
  const notices = stationNotices(changed, "Acme North", (id, language, text) =>
    rig.consents.noticeOf(id, language, text),
  );
  const { shown } = notices("en").purposes["loyalty-beacon"];
  assert.equal(shown.version, 2);
  assert.notEqual(shown.sha256, before?.sha256);
});
