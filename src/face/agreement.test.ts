import assert from "node:assert/strict";
import { test } from "node:test";
import { subjectRef } from "../core/brand.ts";
import { type Agreement, FrameAgreement } from "./agreement.ts";
import { Enrolment } from "./enrolment.ts";
import { needsSecondLook, softmaxAt } from "./liveness.ts";
import type { FaceChainId, FaceProbe } from "./ports.ts";

/** What a row of pictures amounts to: a letter for a member, a dot for nobody. */
function judge(pictures: string): Agreement {
  const frames = new FrameAgreement();
  let last: Agreement = { kind: "open" };
  for (const letter of pictures) last = frames.push(letter === "." ? null : subjectRef(letter));
  return last;
}

for (const [pictures, kind] of [
  ["aa", "open"],
  ["aaa", "agreed"],
  ["aabaa", "open"],
  ["aabaaa", "agreed"],
  ["aa.aa", "open"],
  ["........aa", "none"],
  [".......aaa", "agreed"],
  ["abababab..", "none"],
  ["..........", "none"],
] as const) {
  test(`pictures that say ${pictures} are ${kind}`, () => {
    assert.equal(judge(pictures).kind, kind);
  });
}

test("who three pictures agree on is told", () => {
  assert.deepEqual(judge("baaa"), { kind: "agreed", subject: "a" });
});

const CHAIN: FaceChainId = { profile: "clean", version: "v" };
const ACCURATE: FaceChainId = { profile: "accurate", version: "v" };

function probe(chain: FaceChainId, ...numbers: readonly number[]): FaceProbe {
  const values = Float32Array.from(numbers);
  return {
    chain,
    values,
    quality: {
      heightPx: 200,
      eyeDistancePx: 60,
      sharpness: 0.9,
      brightness: 0.5,
      turn: 0,
      rollDeg: 0,
      live: null,
    },
    wipe: () => void values.fill(0),
  };
}

test("a template is the middle of three pictures, and there is none before", () => {
  const enrolment = new Enrolment(CHAIN);
  assert.deepEqual(enrolment.add(probe(CHAIN, 0, 0)), { ok: true, value: 2 });
  assert.deepEqual(enrolment.add(probe(CHAIN, 0.3, 0)), { ok: true, value: 1 });
  assert.deepEqual(enrolment.template(), { ok: false, error: "face-unsteady" });
  assert.deepEqual(enrolment.add(probe(CHAIN, 0, 0.3)), { ok: true, value: 0 });
  const made = enrolment.template();
  assert.ok(made.ok);
  assert.ok(Math.abs((made.value[0] ?? 0) - 0.1) < 1e-6);
  assert.ok(Math.abs((made.value[1] ?? 0) - 0.1) < 1e-6);
});

test("where only the direction counts, a strong picture counts no more than a weak one", () => {
  const enrolment = new Enrolment(ACCURATE);
  for (const values of [
    [9, 0],
    [1, 0],
    [0.9, 0.9],
  ])
    enrolment.add(probe(ACCURATE, ...values));
  const made = enrolment.template();
  assert.ok(made.ok);
  assert.ok(Math.abs((made.value[1] ?? 0) - Math.SQRT1_2 / 3) < 1e-6);
});

test("a picture unlike the others begins everything anew", () => {
  const enrolment = new Enrolment(CHAIN);
  enrolment.add(probe(CHAIN, 0, 0));
  enrolment.add(probe(CHAIN, 0.1, 0));
  assert.deepEqual(enrolment.add(probe(CHAIN, 0.6, 0)), { ok: false, error: "face-unsteady" });
  assert.equal(enrolment.count, 0);
  const foreign = probe({ ...CHAIN, version: "other" }, 0, 0);
  assert.deepEqual(enrolment.add(foreign), { ok: false, error: "template-foreign" });
});

test("an enrolment keeps copies, so that probes can be wiped at once, and wipes its own", () => {
  const enrolment = new Enrolment(CHAIN);
  const one = probe(CHAIN, 0.5, 0);
  enrolment.add(one);
  one.wipe();
  enrolment.add(probe(CHAIN, 0.5, 0));
  enrolment.add(probe(CHAIN, 0.5, 0));
  const made = enrolment.template();
  assert.ok(made.ok && Math.abs((made.value[0] ?? 0) - 0.5) < 1e-6);
  enrolment.wipe();
  assert.equal(enrolment.count, 0);
});

test("more pictures than a template needs take no more room", () => {
  const enrolment = new Enrolment(CHAIN);
  for (let k = 0; k < 50; k += 1) assert.ok(enrolment.add(probe(CHAIN, 0.01 * (k % 2), 0)).ok);
  assert.equal(enrolment.count, 8);
});

test("a hint of no life asks for a second look; no hint and a good one do not", () => {
  assert.ok(Math.abs(softmaxAt([1, 1], 0) - 0.5) < 1e-9);
  assert.ok(softmaxAt([500, -500, 0], 0) > 0.999);
  assert.ok(needsSecondLook(0.2));
  assert.ok(needsSecondLook(Number.NaN));
  assert.ok(!needsSecondLook(0.9));
  assert.ok(!needsSecondLook(null));
});
