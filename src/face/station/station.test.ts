import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FaceGrants } from "../../../test/fakes/face-grants.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import {
  FakeFaceChain,
  FakeStationCamera,
  faceOf,
  type Shown,
} from "../../../test/fakes/fake-face-chain.ts";
import { subjectRef, tenantId } from "../../core/brand.ts";
import type { Refusal } from "../../core/consent.ts";
import { fail, GatewayError, ok, type Result } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { keyInFile } from "../../io/vault/gateway-key.ts";
import { SealedTemplates } from "../../io/vault/sealed-templates.ts";
import { ENROL_LIMIT_MS, Station, VERIFY_LIMIT_MS } from "./station.ts";
import type { FaceConsent, StationDeps } from "./station-ports.ts";

const ACME = tenantId("acme");
const ann = subjectRef("AAAAAAAAAAAAAAAAAAAAAA");
const bob = subjectRef("BBBBBBBBBBBBBBBBBBBBBA");
const ANN = 1;
const BOB = 2;

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A station with a real vault and gate, a fake camera that shows a script, and a chain that reads it. */
function rig(shown: readonly Shown[] = [], change: Partial<StationDeps> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "station-"));
  folders.push(folder);
  const grants = new FaceGrants(ACME);
  const clock = new FakeClock();
  const vault = new SealedTemplates({
    ...{ folder, tenantId: ACME, log: SILENT_LOG, consent: () => grants },
    key: keyInFile(join(folder, "key")),
  });
  const chain = new FakeFaceChain(shown);
  const camera = new FakeStationCamera(shown.length);
  const recognised: string[] = [];
  const withdrawn: string[] = [];
  const faults: unknown[] = [];
  const station = new Station({
    ...{ camera, chain: () => chain, vault, gate: grants.gate, tenantId: ACME, clock },
    jurisdiction: () => grants.jurisdiction,
    consents: { withdrawFace: (subject) => void withdrawn.push(subject) },
    now: () => grants.epoch,
    onRecognised: (subject, method) => void recognised.push(`${subject} ${method}`),
    onFault: (fault) => void faults.push(fault),
    ...change,
  });
  const keep = (subject: typeof ann, person: number): void => {
    const terms = { tenantId: ACME, chain: chain.id, expiresAtMs: grants.epoch + 1e9 };
    assert.ok(vault.put(grants.permitOf(subject), terms, faceOf(person)).ok);
  };
  /** Lets the scripted pictures be looked at. */
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 200; i += 1) await Promise.resolve();
  };
  const isClean = (): void => {
    assert.ok(chain.isWiped, "pictures and probes are overwritten");
    assert.equal(camera.isOn, false, "the camera is off");
    assert.deepEqual(station.view, { act: null, hint: null, taken: 0 });
  };
  return {
    ...{ station, grants, vault, chain, camera, clock, recognised, withdrawn, faults, keep },
    ...{ settle, isClean, folder },
  };
}

/** A consent that nothing is in the way of. */
const agreeing = (give: FaceConsent["give"]): FaceConsent => ({ refusal: () => null, give });
const people = (...who: readonly number[]): Shown[] => who.map((person) => ({ person }));
const refused = (reason: string, next: string) => ({ kind: "refused", reason, next });

test("a code alone gives the recognised visit: no camera, no models, no template, faces off", () => {
  const { station, grants, recognised, camera } = rig([], {
    ...{ camera: null, chain: () => null, vault: null, jurisdiction: () => "off" },
  });
  assert.deepEqual(station.recogniseByCode(ann), refused("no-grant", "again"));
  grants.grant(ann, "loyalty-beacon");
  const outcome = station.recogniseByCode(ann);
  assert.deepEqual(outcome, { kind: "recognised", subject: ann, method: "code" });
  grants.revoke(ann, "loyalty-beacon");
  assert.deepEqual(station.recogniseByCode(ann), refused("grant-revoked", "again"));
  assert.deepEqual(recognised, [`${ann} code`]);
  assert.equal(camera.opened, 0);
});

test("who enrols is known again by face, and the camera is on for the look alone", async () => {
  const { station, chain, camera, vault, recognised, grants, withdrawn, isClean } = rig([
    ...[{ refusal: "face-small" as const }, ...people(ANN, ANN, ANN, ANN, ANN)],
  ]);
  assert.equal(camera.isOn, false);
  const enrolled = await station.enrol(
    ann,
    agreeing(() => ok(grants.grant(ann))),
  );
  assert.deepEqual(enrolled, { kind: "enrolled", subject: ann });
  assert.ok(vault.has(ann));
  assert.equal(chain.pictures.length, 4, "no picture more than it takes");
  isClean();
  assert.deepEqual(await station.verify(ann), { kind: "recognised", subject: ann, method: "face" });
  assert.deepEqual([recognised, withdrawn], [[`${ann} face`], []]);
  assert.equal(chain.scrubs, 2);
  isClean();
});

test("another face is not taken for the member, and after two looks the code is offered", async () => {
  const { station, keep, recognised, grants, isClean } = rig(people(...Array(10).fill(BOB)));
  keep(ann, ANN);
  assert.deepEqual(await station.verify(ann), refused("no-match", "again"));
  assert.deepEqual(await station.verify(ann), refused("no-match", "code"));
  assert.deepEqual(await station.verify(ann), refused("no-match", "code"), "and still may look");
  grants.grant(ann, "loyalty-beacon");
  assert.equal(station.recogniseByCode(ann).kind, "recognised", "nobody is turned away");
  assert.deepEqual(await station.verify(ann), refused("no-match", "again"), "counted anew");
  assert.deepEqual(recognised, [`${ann} code`]);
  isClean();
});

test("two pictures in a row are not enough, and one of somebody else begins the count anew", async () => {
  const script = people(ANN, ANN, BOB, ANN, ANN, BOB, ANN, ANN, BOB, ANN);
  const { station, keep } = rig(script);
  keep(ann, ANN);
  assert.deepEqual(await station.verify(ann), refused("no-match", "again"));
  const other = rig(people(BOB, ANN, ANN, ANN));
  other.keep(ann, ANN);
  assert.equal((await other.station.verify(ann)).kind, "recognised");
});

test("pictures that cannot be used are told in words and end with the last of them", async () => {
  const hints = ["no-face", "several-faces", "face-blurred", "face-turned"] as const;
  const { station, keep, camera, clock, settle, isClean } = rig(
    hints.map((refusal) => ({ refusal })),
  );
  keep(ann, ANN);
  const told: unknown[] = [];
  camera.onPicture = () => void told.push(station.view.hint);
  const looking = station.verify(ann);
  await settle();
  assert.deepEqual(told, [null, ...hints.slice(0, 3)]);
  assert.deepEqual(station.view, { act: "verify", hint: "face-turned", taken: 0 });
  assert.deepEqual(
    await station.enrol(
      bob,
      agreeing(() => assert.fail("not asked")),
    ),
    refused("busy", "again"),
  );
  clock.advance(VERIFY_LIMIT_MS);
  assert.deepEqual(await looking, refused("face-turned", "again"));
  isClean();
});

test("a picture of a picture is asked for another way, as a hint and no more", async () => {
  const script = people(ANN, ANN, ANN, ANN).map((shown) => ({ ...shown, live: 0.1 }));
  const { station, keep, clock, settle } = rig([...script, ...people(ANN, ANN, ANN)]);
  keep(ann, ANN);
  assert.equal((await station.verify(ann)).kind, "recognised", "a doubted picture is passed over");
  const doubted = rig(script);
  doubted.keep(ann, ANN);
  const looking = doubted.station.verify(ann);
  await settle();
  doubted.clock.advance(VERIFY_LIMIT_MS);
  assert.deepEqual(await looking, refused("needs-second-look", "again"));
  assert.ok(clock);
  const second = doubted.station.verify(ann);
  await settle();
  doubted.clock.advance(VERIFY_LIMIT_MS);
  assert.deepEqual(
    await second,
    refused("needs-second-look", "code"),
    "asked twice, then the code",
  );
  assert.equal(doubted.station.counts.doubted, 2);
  doubted.grants.grant(ann, "loyalty-beacon");
  assert.equal(doubted.station.recogniseByCode(ann).kind, "recognised");
});

test("a consent that is taken back in mid-look ends it before the next picture is looked at", async () => {
  const { station, keep, grants, camera, chain, recognised, isClean } = rig(people(ANN, ANN, ANN));
  keep(ann, ANN);
  camera.onPicture = (i) => {
    if (i === 2) grants.revoke(ann);
  };
  assert.deepEqual(await station.verify(ann), refused("grant-revoked", "code"));
  assert.equal(chain.pictures.length, 2);
  assert.deepEqual(recognised, []);
  isClean();
});

test("an enrolment of which nothing comes leaves no template and takes its consent back", async () => {
  const { station, grants, vault, withdrawn, clock, settle, isClean } = rig(
    people(ANN, BOB, ANN, BOB),
  );
  const looking = station.enrol(
    ann,
    agreeing(() => ok(grants.grant(ann))),
  );
  await settle();
  clock.advance(ENROL_LIMIT_MS);
  assert.deepEqual(await looking, refused("face-unsteady", "again"));
  assert.deepEqual([vault.has(ann), withdrawn], [false, [ann]]);
  isClean();
  const known = rig(people(BOB, ANN, BOB, ANN));
  known.keep(ann, ANN);
  const again = known.station.enrol(
    ann,
    agreeing(() => assert.fail("nothing was there to keep")),
  );
  await settle();
  known.station.stop();
  assert.deepEqual(await again, refused("not-at-station", "again"));
  assert.deepEqual([known.vault.has(ann), known.withdrawn], [true, []], "what was there stays");
});

test("without consent, with faces off, without camera, models or template nobody is looked at", async () => {
  const cases: readonly (readonly [string, Partial<StationDeps>, boolean])[] = [
    ["no-grant", {}, false],
    ["face-off", { jurisdiction: () => "off" }, true],
    ["camera-missing", { camera: null }, true],
    ["models-missing", { chain: () => null }, true],
    ["key-lost", { vault: null }, true],
    ["not-enrolled", {}, true],
  ];
  for (const [reason, change, isGranted] of cases) {
    const { station, grants, camera } = rig(people(ANN, ANN, ANN), change);
    if (isGranted) grants.grant(ann);
    assert.deepEqual(await station.verify(ann), refused(reason, "code"));
    assert.equal(camera.opened, 0, reason);
  }
  const { station, camera } = rig(people(ANN));
  const minor = await station.enrol(
    ann,
    agreeing(() => fail("minor")),
  );
  assert.deepEqual(minor, refused("minor", "code"));
  assert.equal(camera.opened, 0);
});

test("who has a consent already is asked for age and words all the same, and agrees anew with the template", async () => {
  const { station, grants, vault, keep, camera, withdrawn, isClean } = rig([
    ...people(BOB, BOB, BOB),
    ...people(BOB, BOB, BOB),
  ]);
  keep(ann, ANN);
  for (const reason of ["minor", "notice-missing"] as const) {
    const consent: FaceConsent = { refusal: () => reason, give: () => assert.fail("not written") };
    assert.deepEqual(await station.enrol(ann, consent), refused(reason, "code"));
  }
  assert.equal(camera.opened, 0);
  let given = 0;
  const renewed = agreeing(() => {
    given += 1;
    assert.equal(camera.shownCount, 3, "written with the template, not before the look");
    return ok(grants.grant(ann));
  });
  assert.deepEqual(await station.enrol(ann, renewed), { kind: "enrolled", subject: ann });
  assert.deepEqual([given, withdrawn, vault.has(ann)], [1, [], true]);
  isClean();
  const full = rig(people(BOB, BOB, BOB));
  full.keep(ann, ANN);
  const refusing = agreeing(() => fail("ledger-full"));
  assert.deepEqual(await full.station.enrol(ann, refusing), refused("ledger-full", "code"));
  assert.deepEqual(full.withdrawn, [], "the older consent and its template stay as they were");
});

test("what no consent would mend ends an enrolment before anything is written", async () => {
  const { station, grants, keep, vault, camera, withdrawn } = rig(people(ANN, ANN, ANN));
  keep(ann, ANN);
  grants.isSure = false;
  const consent = agreeing(() => assert.fail("not written"));
  assert.deepEqual(await station.enrol(ann, consent), refused("clock-unsure", "code"));
  assert.deepEqual([withdrawn, vault.has(ann), camera.opened], [[], true, 0]);
});

test("closing waits until an enrolment in mid-look has taken its consent back", async () => {
  const { station, grants, withdrawn, settle, camera, isClean } = rig([{ refusal: "no-face" }]);
  const looking = station.enrol(
    ann,
    agreeing(() => ok(grants.grant(ann))),
  );
  await settle();
  assert.equal(camera.isOn, true);
  await station.close();
  assert.deepEqual(withdrawn, [ann], "undone when the close is done");
  isClean();
  assert.deepEqual(await looking, refused("not-at-station", "again"));
  assert.deepEqual(
    await station.verify(ann),
    refused("busy", "again"),
    "nothing is begun any more",
  );
  assert.equal(camera.opened, 1);
});

test("the numbers of a face are overwritten when a comparison or a template ends in a fault", async () => {
  const { station, keep, vault } = rig(people(ANN, ANN, ANN, ANN));
  keep(ann, ANN);
  const handed: Float32Array[] = [];
  const project = vault.project.bind(vault);
  vault.project = (values): Result<Float32Array, Refusal> => {
    const turned = project(values);
    if (turned.ok) handed.push(turned.value);
    return turned;
  };
  vault.open = () => {
    assert.ok(
      handed[0]?.some((value) => value !== 0),
      "there was something to overwrite",
    );
    throw new GatewayError("TEMPLATE_VAULT_UNAVAILABLE", "EIO");
  };
  assert.equal((await station.verify(ann)).kind, "refused");
  vault.put = (_permit, _terms, values) => {
    handed.push(values);
    throw new GatewayError("TEMPLATE_VAULT_UNAVAILABLE", "EIO");
  };
  const enrolling = rig(people(ANN, ANN, ANN), { vault });
  const consent = agreeing(() => ok(enrolling.grants.grant(ann)));
  assert.equal((await enrolling.station.enrol(ann, consent)).kind, "refused");
  assert.equal(handed.length, 2);
  for (const values of handed) assert.ok(values.every((value) => value === 0));
});

test("looks are counted by how they ended, and nothing of whom", async () => {
  const { station, keep } = rig([...people(ANN, ANN, ANN)]);
  keep(ann, ANN);
  await station.verify(ann);
  const other = rig(people(...Array(10).fill(BOB)));
  other.keep(ann, ANN);
  await other.station.verify(ann);
  const none = { matches: 0, nonMatches: 0, doubted: 0, unusable: 0, enrolled: 0 };
  assert.deepEqual(station.counts, { ...none, matches: 1 });
  assert.deepEqual(other.station.counts, { ...none, nonMatches: 1 });
  const blurred = rig([{ refusal: "face-blurred" }]);
  blurred.keep(ann, ANN);
  const looking = blurred.station.verify(ann);
  await blurred.settle();
  blurred.clock.advance(VERIFY_LIMIT_MS);
  await looking;
  assert.deepEqual(blurred.station.counts, { ...none, unusable: 1 });
});

test("networks that fail are a refusal too, and a bug takes the consent back with it", async () => {
  const { station, keep, chain, camera, faults } = rig(people(ANN, ANN, ANN));
  keep(ann, ANN);
  const fault = new GatewayError("INFERENCE_FAILED", "broken");
  chain.probe = () => Promise.reject(fault);
  assert.deepEqual(await station.verify(ann), refused("models-missing", "code"));
  assert.deepEqual([faults, camera.isOn], [[fault], false]);
  const thrower = rig(people(ANN), {
    onFault: (bug) => {
      throw bug;
    },
  });
  thrower.chain.probe = () => Promise.reject(new TypeError("a bug"));
  const enrolling = thrower.station.enrol(
    ann,
    agreeing(() => ok(thrower.grants.grant(ann))),
  );
  await assert.rejects(enrolling, TypeError);
  assert.deepEqual(thrower.withdrawn, [ann]);
  thrower.isClean();
});

test("a camera that fails is a refusal and a line of the log", async () => {
  const fault = new GatewayError("CAMERA_UNREACHABLE", "away");
  const camera = new FakeStationCamera(0, fault);
  const { station, keep, faults } = rig([], { camera });
  keep(ann, ANN);
  assert.deepEqual(await station.verify(ann), refused("camera-missing", "code"));
  assert.deepEqual(faults, [fault]);
  assert.equal(camera.isOn, false);
});

test("a gallery is searched only where that is allowed, and only among those who still agree", async () => {
  const { station, keep, grants, chain, recognised } = rig(people(...Array(10).fill(BOB)));
  assert.deepEqual(await station.identify(), refused("face-off", "code"));
  grants.jurisdiction = "kiosk-identify";
  keep(ann, ANN);
  keep(bob, BOB);
  assert.deepEqual(await station.identify(), { kind: "recognised", subject: bob, method: "face" });
  grants.revoke(bob);
  chain.permits.length = 0;
  assert.deepEqual(await station.identify(), refused("no-match", "again"), "bob is not compared");
  assert.ok(chain.permits.every(({ subjectRef: whose }) => whose === ann));
  grants.revoke(ann);
  assert.deepEqual(await station.identify(), refused("not-enrolled", "code"));
  assert.deepEqual(recognised, [`${bob} face`]);
});

test("who agreed to be confirmed is not searched for after the place allows it, and may agree anew", async () => {
  const { station, keep, grants, chain } = rig(people(...Array(12).fill(BOB)));
  keep(bob, BOB);
  grants.jurisdiction = "kiosk-identify";
  assert.deepEqual(await station.identify(), refused("not-enrolled", "code"));
  keep(ann, ANN);
  assert.deepEqual(await station.identify(), refused("no-match", "again"));
  assert.ok(chain.permits.every(({ subjectRef: whose }) => whose === ann));
  assert.equal((await station.verify(bob)).kind, "recognised", "confirmed as before");
  grants.grant(bob);
  assert.equal((await station.identify()).kind, "recognised");
});

test("a gallery of more than fifty is not searched", async () => {
  const { station, keep, grants } = rig(people(ANN, ANN, ANN));
  grants.jurisdiction = "kiosk-identify";
  for (let i = 0; i < 51; i += 1) keep(subjectRef(Buffer.alloc(16, i).toString("base64url")), i);
  assert.deepEqual(await station.identify(), refused("gallery-full", "code"));
});

test("nothing of a face that was shown is in the files of the vault", async () => {
  const { station, grants, folder, vault } = rig(people(...Array(10).fill(ANN)));
  await station.enrol(
    ann,
    agreeing(() => ok(grants.grant(ann))),
  );
  await station.verify(ann);
  vault.close();
  for (const name of ["templates.bin", "template-keys.bin"]) {
    const bytes = readFileSync(join(folder, name));
    for (let noise = 0; noise < 4; noise += 1) {
      const planted = Buffer.from(faceOf(ANN, noise).buffer);
      for (let at = 0; at + 8 <= planted.length; at += 8)
        assert.equal(bytes.includes(planted.subarray(at, at + 8)), false);
    }
  }
});
