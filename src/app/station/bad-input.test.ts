import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { faceOf, type Shown } from "../../../test/fakes/fake-face-chain.ts";
import { StationRig } from "../../../test/fakes/station-rig.ts";
import { REFUSALS, type Refusal } from "../../core/consent.ts";
import { ENROL_LIMIT_MS, VERIFY_LIMIT_MS } from "../../face/station/station.ts";
import { WORDS } from "../../web/ui/station/all-words.ts";
import { createLogger } from "../logger.ts";

const ANN = 1;
const BOB = 2;
const DAY_MS = 86_400_000;
const ann = (count: number): Shown[] => Array(count).fill({ person: ANN });
const refused = (reason: Refusal, next: string) => ({ kind: "refused", reason, next });

/** A station whose log is kept and whose time stands still but when a test lets it pass. */
class BadInputRig extends StationRig {
  readonly clock: FakeClock;
  readonly lines: string[];

  constructor(shown: readonly Shown[]) {
    const lines: string[] = [];
    const clock = new FakeClock();
    super(shown, {
      clock,
      log: createLogger("debug", { write: (line: string) => void lines.push(line) }),
    });
    this.clock = clock;
    this.lines = lines;
  }

  /** Waits for the end of a look that only its time limit ends. */
  async untilLimit<T>(looking: Promise<T>, limitMs: number): Promise<T> {
    for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
    this.clock.advance(limitMs);
    return await looking;
  }

  /** What is written about members, file by file. */
  written(): Readonly<Record<string, string>> {
    const names = readdirSync(this.folder).filter((name) => !/-shm$|^template/.test(name));
    const sums = names.sort().map((name) => {
      const bytes = readFileSync(join(this.folder, name));
      return [name, createHash("sha256").update(bytes).digest("hex")];
    });
    return Object.fromEntries([...sums, ["templates", this.templates.vault?.subjects().length]]);
  }

  /** That a line says what was refused, no line says of whom, and a shopper can read why in every language. */
  isTold(act: string, reason: Refusal, code: string): void {
    const lines = this.lines.filter((line) => line.includes('"station.refused"'));
    const last = JSON.parse(lines.at(-1) ?? "{}") as Readonly<Record<string, unknown>>;
    assert.deepEqual([last["act"], last["reason"]], [act, reason]);
    assert.deepEqual(
      Object.keys(last).filter((key) => !["level", "time", "event", "msg"].includes(key)),
      ["act", "reason"],
    );
    const whole = this.lines.join("\n");
    for (const secret of [code, code.slice(3), this.subjectOf(code)])
      assert.equal(whole.includes(secret), false, "no line says whose it was");
    for (const { refusals } of Object.values(WORDS)) assert.ok(refusals[reason].length > 10);
  }
}

test("pictures that cannot be used end an enrolment with their reason, and nothing is half written", async () => {
  const pictures: readonly (readonly [Refusal, Shown])[] = [
    ["no-face", { refusal: "no-face" }],
    ["several-faces", { refusal: "several-faces" }],
    ["needs-second-look", { person: ANN, live: 0.1 }],
    ["face-blurred", { refusal: "face-blurred" }],
    ["face-small", { refusal: "face-small" }],
    ["face-turned", { refusal: "face-turned" }],
    ["face-poor-light", { refusal: "face-poor-light" }],
  ];
  for (const [reason, shown] of pictures) {
    await using rig = new BadInputRig([shown, shown, shown]);
    await rig.start();
    const code = rig.join();
    const outcome = await rig.untilLimit(rig.enrol(code), ENROL_LIMIT_MS);
    assert.deepEqual(outcome, refused(reason, "again"));
    assert.deepEqual(rig.station.port.consents(code), ["loyalty-beacon"], "taken back");
    assert.deepEqual(rig.templates.vault?.subjects(), []);
    assert.ok(rig.chain.isWiped && !rig.camera.isOn);
    rig.isTold("enrol", reason, code);
  }
});

test("somebody else's face is a count and no line of the log; two of them lead to the code", async () => {
  await using rig = new BadInputRig(ann(4));
  await rig.start();
  const code = rig.join();
  await rig.enrol(code);
  const vault = rig.templates.vault;
  const permit = rig.consents.gate.permit(rig.subjectOf(code), "loyalty-face");
  assert.ok(vault !== null && permit.ok);
  const terms = { chain: rig.chain.id, expiresAtMs: rig.clock.now() + DAY_MS };
  assert.ok(vault.put(permit.value, { ...terms, tenantId: "acme" as never }, faceOf(BOB)).ok);
  const before = rig.lines.length;
  const { port } = rig.station;
  for (const next of ["again", "code"]) {
    const outcome = await rig.untilLimit(port.verify(code), VERIFY_LIMIT_MS);
    assert.deepEqual(outcome, refused("no-match", next));
  }
  assert.equal(rig.lines.length, before);
  assert.deepEqual(rig.station.refusals.counts, { "no-match": 2 });
  assert.equal(port.recognise(code).kind, "recognised", "nobody is turned away");
});

test("without consent, as a minor or with words that were not shown nothing is written at all", async () => {
  await using rig = new BadInputRig(ann(5));
  await rig.start();
  const { port } = rig.station;
  const code = rig.join();
  // The words of a notice are noted when they are first shown.
  for (const language of ["en", "da", "de"] as const) port.facts(language);
  const before = rig.written();
  const stranger = "no-grant";
  assert.deepEqual(await port.verify(code), refused(stranger, "code"));
  rig.isTold("verify", stranger, code);
  const sha256 = rig.sha256Of("loyalty-face");
  const minor = await port.enrol(code, { language: "en", isAdult: false, sha256 });
  assert.deepEqual(minor, refused("minor", "code"));
  rig.isTold("enrol", "minor", code);
  const other = await port.enrol(code, { language: "da", isAdult: true, sha256 });
  assert.deepEqual(other, refused("notice-missing", "code"));
  rig.isTold("enrol", "notice-missing", code);
  const purposes = [{ purpose: "loyalty-beacon", sha256: rig.sha256Of("loyalty-beacon") }] as const;
  const joined = port.join({ language: "en", isAdult: false, purposes });
  assert.deepEqual(joined.refused, [{ purpose: "loyalty-beacon", reason: "minor" }]);
  rig.isTold("join", "minor", joined.code);
  assert.deepEqual(rig.written(), before);
  assert.equal(rig.camera.opened, 0);
});

test("an expired consent, a clock set back, other models and a lost key are refused by their reason", async () => {
  await using rig = new BadInputRig(ann(5));
  await rig.start();
  const { port } = rig.station;
  const code = rig.join();
  const subject = rig.subjectOf(code);
  await rig.enrol(code);
  const opened = rig.camera.opened;
  const known = rig.clock.now();

  rig.clock.setWall(known - DAY_MS);
  assert.deepEqual(await port.verify(code), refused("clock-unsure", "code"));
  rig.isTold("verify", "clock-unsure", code);
  assert.equal(port.recognise(code).kind, "refused");
  rig.clock.setWall(known);
  assert.equal(rig.camera.opened, opened);

  const vault = rig.templates.vault;
  const permit = rig.consents.gate.permit(subject, "loyalty-face");
  assert.ok(vault !== null && permit.ok);
  const chain = { ...rig.chain.id, version: "of last year" };
  const terms = { chain, tenantId: "acme" as never, expiresAtMs: known + DAY_MS };
  assert.ok(vault.put(permit.value, terms, faceOf(ANN)).ok);
  assert.deepEqual(await port.verify(code), refused("template-foreign", "code"));
  rig.isTold("verify", "template-foreign", code);

  rig.templates.close();
  rmSync(join(rig.folder, "template-key"));
  assert.deepEqual(await port.verify(code), refused("key-lost", "code"));
  rig.isTold("verify", "key-lost", code);
  assert.equal(port.recognise(code).kind, "recognised", "the code needs no key");

  rig.clock.setWall(known + 400 * DAY_MS);
  assert.deepEqual(await port.verify(code), refused("grant-expired", "code"));
  rig.isTold("verify", "grant-expired", code);
});

test("every reason that a station can give has a sentence in every language it speaks", () => {
  assert.deepEqual(Object.keys(WORDS).sort(), ["da", "de", "en"]);
  for (const { refusals } of Object.values(WORDS))
    for (const reason of REFUSALS) assert.ok(refusals[reason].length > 10, reason);
});
