import assert from "node:assert/strict";
import { test } from "node:test";
import { subjectRef, tenantId } from "../../core/brand.ts";
import { keyedProjection } from "./keyed-projection.ts";
import {
  bondHash,
  keyCheck,
  sealTemplate,
  type TemplateBond,
  unsealTemplate,
  unwrapKey,
  vaultKeys,
  wrapKey,
} from "./template-seal.ts";

/** Numbers that look like a face's and are the same in every run. */
function vector(seed: number, numbers: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: numbers }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
const bytes = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const distance = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - (b[i] ?? 0)) ** 2, 0));
const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
const cosine = (a: Float32Array, b: Float32Array): number =>
  dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

function turned(key: Uint8Array, values: Float32Array): Float32Array {
  const into = new Float32Array(values.length);
  keyedProjection(key, values.length).apply(values, into);
  return into;
}

test("the projection keeps distances and angles, and is the same for the same key", () => {
  for (const numbers of [1, 2, 3, 128, 512]) {
    const [a, b] = [vector(1, numbers), vector(2, numbers)];
    const [x, y] = [turned(bytes(7), a), turned(bytes(7), b)];
    assert.ok(Math.abs(distance(x, y) - distance(a, b)) < 1e-5);
    assert.ok(Math.abs(cosine(x, y) - cosine(a, b)) < 1e-6);
    assert.deepEqual(turned(bytes(7), a), x);
    if (numbers > 2) assert.ok(distance(x, a) > 0.1, "it is another vector");
  }
});

test("templates of one face under the keys of two tenants are no more alike than those of strangers", () => {
  const scores: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    const face = vector(1_000 + i, 128);
    scores.push(cosine(turned(bytes(7), face), turned(bytes(8), face)));
  }
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const spread = Math.sqrt(scores.reduce((sum, s) => sum + (s - mean) ** 2, 0) / scores.length);
  // Of random directions in 128 dimensions: mean 0, spread 1 / sqrt(128) = 0.088.
  assert.ok(Math.abs(mean) < 0.03, `mean ${mean}`);
  assert.ok(spread > 0.07 && spread < 0.11, `spread ${spread}`);
  assert.ok(Math.max(...scores.map(Math.abs)) < 0.4);
});

test("a wiped projection has nothing of its key left, and wrong lengths are bugs", () => {
  const projection = keyedProjection(bytes(7), 16);
  projection.wipe();
  const into = vector(3, 16);
  projection.apply(vector(4, 16), into);
  assert.ok(into.every((value) => Math.abs(value) === 0));
  assert.throws(() => keyedProjection(bytes(7, 16), 16), RangeError);
  assert.throws(() => keyedProjection(bytes(7), 0), RangeError);
  assert.throws(() => projection.apply(vector(1, 15), into), RangeError);
});

const bond: TemplateBond = {
  vaultId: bytes(1, 16),
  subject: subjectRef("q3Vb0m1Yk2sF7tZr9wXcPA"),
  tenantHash: bondHash("acme"),
  chainHash: bondHash("clean", "abc"),
  expiresAtMs: 1_900_000_000_000,
  numbers: 128,
};

test("a template opens with its key and its bond, and with nothing of either changed", () => {
  const keys = vaultKeys(bytes(9), bond.vaultId, tenantId("acme"));
  const dataKey = bytes(5);
  const wrapped = wrapKey(keys, dataKey, bond, bytes(2, 12));
  assert.deepEqual(new Uint8Array(unwrapKey(keys, wrapped, bond) ?? []), dataKey);
  const values = vector(6, 128);
  const sealed = sealTemplate(dataKey, values, bond, bytes(3, 12));
  assert.deepEqual(unsealTemplate(dataKey, sealed, bond), values);
  const others: readonly Partial<TemplateBond>[] = [
    { subject: subjectRef("AAAAAAAAAAAAAAAAAAAAAA") },
    { tenantHash: bondHash("other") },
    { chainHash: bondHash("clean", "abd") },
    { expiresAtMs: bond.expiresAtMs + 1 },
    { vaultId: bytes(2, 16) },
  ];
  for (const other of others)
    assert.equal(unsealTemplate(dataKey, sealed, { ...bond, ...other }), null);
  for (let i = 0; i < sealed.text.length; i += 37) {
    const text = sealed.text.slice();
    text[i] = (text[i] ?? 0) ^ 1;
    assert.equal(unsealTemplate(dataKey, { ...sealed, text }, bond), null, `byte ${i}`);
  }
  const foreign = vaultKeys(bytes(9), bond.vaultId, tenantId("other"));
  assert.equal(unwrapKey(foreign, wrapped, bond), null);
  keys.wipe();
  assert.equal(unwrapKey(keys, wrapped, bond), null);
});

test("the check of a key says whether it is the same and differs by vault", () => {
  assert.deepEqual(keyCheck(bytes(9), bond.vaultId), keyCheck(bytes(9), bond.vaultId));
  assert.notDeepEqual(keyCheck(bytes(9), bond.vaultId), keyCheck(bytes(8), bond.vaultId));
  assert.notDeepEqual(keyCheck(bytes(9), bond.vaultId), keyCheck(bytes(9), bytes(3, 16)));
  assert.notDeepEqual(bondHash("ab", "c"), bondHash("a", "bc"));
});
