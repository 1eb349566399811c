import assert from "node:assert/strict";
import { test } from "node:test";
import { subjectRef } from "../core/brand.ts";
import {
  type ComparedFace,
  compareFaces,
  faceDistance,
  identifyFace,
  matchDistance,
} from "./comparison.ts";
import type { FaceChainId, OpenTemplate } from "./ports.ts";

const CLEAN: FaceChainId = { profile: "clean", version: "a" };
const ACCURATE: FaceChainId = { profile: "accurate", version: "b" };

const face = (chain: FaceChainId, ...values: readonly number[]): ComparedFace => ({
  chain,
  values: Float32Array.from(values),
});

const template = (name: string, of: ComparedFace): OpenTemplate => ({
  ...of,
  subjectRef: subjectRef(name),
  wipe: () => undefined,
});

test("clean faces are compared by their distance, accurate ones by their direction alone", () => {
  const near = (found: number, wanted: number): void => {
    assert.ok(Math.abs(found - wanted) < 1e-6, `${found}, ${wanted}`);
  };
  near(faceDistance("clean", Float32Array.of(0, 3), Float32Array.of(4, 0)), 5);
  near(faceDistance("accurate", Float32Array.of(1, 0), Float32Array.of(9, 0)), 0);
  near(faceDistance("accurate", Float32Array.of(1, 0), Float32Array.of(0, 2)), 1);
});

test("the usual thresholds are stricter where a gallery is searched", () => {
  assert.equal(matchDistance("clean", "verify"), 0.58);
  assert.equal(matchDistance("clean", "identify"), 0.55);
  assert.equal(matchDistance("accurate", "verify"), 0.55);
  assert.equal(matchDistance("accurate", "identify"), 0.5);
  assert.equal(matchDistance("accurate", "verify", 0.6), 0.4);
  assert.equal(matchDistance("clean", "verify", 0.6), 0.6);
});

test("a face at the threshold matches, one beyond it or that is no number does not", () => {
  const one = face(CLEAN, 0, 0);
  const isMatch = (other: ComparedFace): boolean | string => {
    const compared = compareFaces(one, other, 0.5);
    return compared.ok ? compared.value.isMatch : compared.error;
  };
  assert.equal(isMatch(face(CLEAN, 0.5, 0)), true);
  assert.equal(isMatch(face(CLEAN, 0.51, 0)), false);
  assert.equal(isMatch(face(CLEAN, Number.NaN, 0)), false);
  const nothing = compareFaces(face(ACCURATE, 0, 0), face(ACCURATE, 1, 0), 2);
  assert.ok(nothing.ok && !nothing.value.isMatch, "a wiped face matches nobody");
});

test("faces of another profile, other models or another length are never compared", () => {
  const one = face(CLEAN, 1, 0);
  const others = [
    face(ACCURATE, 1, 0),
    face({ ...CLEAN, version: "other" }, 1, 0),
    face(CLEAN, 1, 0, 0),
  ];
  for (const other of others) {
    assert.deepEqual(compareFaces(one, other, 9), { ok: false, error: "template-foreign" });
  }
});

test("a gallery gives the one member that matches, and nobody when two do", () => {
  const [anna, ben] = [template("anna", face(CLEAN, 0, 0)), template("ben", face(CLEAN, 1, 0))];
  const foreign = template("old", face({ ...CLEAN, version: "old" }, 0, 0));
  assert.equal(identifyFace(face(CLEAN, 0.1, 0), [foreign, anna, ben], 0.55), "anna");
  assert.equal(identifyFace(face(CLEAN, 0.5, 0), [anna, ben], 0.55), null);
  assert.equal(identifyFace(face(CLEAN, 5, 0), [anna, ben], 0.55), null);
  assert.equal(identifyFace(face(CLEAN, 0, 0), [], 0.55), null);
});
