import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { FaceGrants } from "../../../test/fakes/face-grants.ts";
import { epochMs, type SubjectRef, subjectRef, tenantId } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { FaceChainId } from "../../face/ports.ts";
import { type GatewayKey, KeyFromCentre, keyInCredential, keyInFile } from "./gateway-key.ts";
import { SealedTemplates } from "./sealed-templates.ts";
import { KEY_SLOT_BYTES, TEMPLATE_SLOT_BYTES } from "./template-record.ts";

const CHAIN: FaceChainId = { profile: "clean", version: "a".repeat(64) };
const newSubject = (): SubjectRef => subjectRef(randomBytes(16).toString("base64url"));

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "vault-"));
  folders.push(folder);
  return folder;
}

const face = (numbers: number = 128): Float32Array =>
  Float32Array.from({ length: numbers }, () => randomBytes(2).readInt16LE() / 2 ** 15);
const distance = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(a.reduce((sum, x, i) => sum + (x - (b[i] ?? 0)) ** 2, 0));

/** A vault in a folder with consents of its own. */
function open(
  folder = newFolder(),
  change: { key?: GatewayKey; tenant?: string; cap?: number; grants?: FaceGrants } = {},
) {
  const tenant = tenantId(change.tenant ?? "acme");
  const grants = change.grants ?? new FaceGrants(tenant);
  const vault = new SealedTemplates({
    ...{ folder, tenantId: tenant, log: SILENT_LOG, consent: () => grants },
    key: change.key ?? keyInFile(join(folder, "template-key")),
    ...(change.cap === undefined ? {} : { cap: change.cap }),
  });
  const terms = { tenantId: tenant, chain: CHAIN, expiresAtMs: grants.epoch + 1_000_000 };
  const put = (subject: SubjectRef, values: Float32Array) =>
    vault.put(grants.permitOf(subject), terms, values);
  return { folder, vault, grants, put, terms };
}

const files = (folder: string) =>
  ["templates.bin", "template-keys.bin"].map((name) => readFileSync(join(folder, name)));

test("a template comes back as it was kept, across a restart, and is compared as the faces were", () => {
  const { folder, vault, grants, put } = open();
  const [a, b] = [newSubject(), newSubject()];
  const [faceA, faceB] = [face(), face()];
  assert.ok(put(a, faceA).ok);
  assert.ok(put(b, faceB).ok);
  assert.equal(statSync(join(folder, "template-key")).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, "templates.bin")).mode & 0o777, 0o600);
  vault.close();
  const again = open(folder, { grants });
  assert.deepEqual([...again.vault.subjects()].sort(), [a, b].sort());
  const kept = again.vault.open(grants.permitOf(a), CHAIN);
  const probe = again.vault.project(faceB);
  assert.ok(kept.ok && probe.ok);
  assert.ok(Math.abs(distance(kept.value.values, probe.value) - distance(faceA, faceB)) < 1e-5);
  const own = again.vault.project(faceA);
  assert.ok(own.ok && distance(kept.value.values, own.value) < 1e-6);
  assert.ok(distance(kept.value.values, faceA) > 1, "what is open is not the face's own numbers");
  const { values } = kept.value;
  kept.value.wipe();
  assert.ok(values.every((value) => value === 0));
  again.vault.close();
});

test("nothing of a template, its key or its member can be found where it should not be", () => {
  const { folder, vault, grants, put } = open();
  const [subject, values] = [newSubject(), face()];
  put(subject, values);
  const [templates, keys] = files(folder);
  const turned = vault.project(values);
  assert.ok(turned.ok && templates !== undefined && keys !== undefined);
  const stored: readonly Buffer[] = [templates, keys];
  for (const planted of [values, turned.value])
    for (const file of stored)
      for (const part of [0, 256, 496])
        assert.equal(file.includes(Buffer.from(planted.buffer, part, 16)), false);
  const reference = Buffer.from(subject, "base64url");
  assert.equal(templates.includes(reference), false, "whose it is stands in the other file");
  assert.equal(keys.includes(reference), true);
  const key = readFileSync(join(folder, "template-key"));
  for (const file of stored) assert.equal(file.includes(key), false);
  assert.ok(vault.open(grants.permitOf(subject), CHAIN).ok);
  vault.close();
});

test("to shred overwrites the wrapped key and the template, and the slot is used again", () => {
  const { folder, vault, grants, put } = open();
  const subject = newSubject();
  put(subject, face());
  const before = files(folder);
  assert.equal(vault.shred(subject), true);
  assert.equal(vault.shred(subject), false);
  assert.equal(vault.has(subject), false);
  const after = files(folder);
  for (const [i, was] of before.entries()) {
    assert.equal(after[i]?.length, was.length);
    const tail = (bytes: Buffer): Buffer => bytes.subarray(40);
    assert.ok(
      tail(after[i] ?? was).every((byte) => byte === 0),
      "zeros on the disk",
    );
  }
  const outcome = vault.open(grants.permitOf(subject), CHAIN);
  assert.deepEqual(outcome, { ok: false, error: "not-enrolled" });
  put(newSubject(), face());
  assert.equal(files(folder)[0]?.length, before[0]?.length);
  vault.close();
});

test("a new template of a member replaces the former one, of which nothing is left", () => {
  const { folder, vault, grants, put } = open();
  const subject = newSubject();
  put(subject, face());
  const former = files(folder).map((bytes) => bytes.subarray(40, 100));
  const values = face();
  put(subject, values);
  assert.deepEqual(vault.subjects(), [subject]);
  for (const [i, bytes] of files(folder).entries())
    assert.equal(bytes.includes(former[i] ?? bytes), false);
  const kept = vault.open(grants.permitOf(subject), CHAIN);
  const own = vault.project(values);
  assert.ok(kept.ok && own.ok && distance(kept.value.values, own.value) < 1e-6);
  vault.close();
});

test("another chain, another tenant, a changed byte and a lost key are refused, each by its reason", () => {
  const { folder, vault, grants, put } = open();
  const subject = newSubject();
  put(subject, face());
  const permit = grants.permitOf(subject);
  for (const chain of [
    { ...CHAIN, version: "b" },
    { ...CHAIN, profile: "accurate" as const },
  ])
    assert.deepEqual(vault.open(permit, chain), { ok: false, error: "template-foreign" });
  const foreign = vault.put(permit, { ...open().terms, tenantId: tenantId("other") }, face());
  assert.deepEqual(foreign, { ok: false, error: "template-foreign" });
  vault.close();

  const other = open(folder, { tenant: "other" });
  const asked = other.vault.open(other.grants.permitOf(subject), CHAIN);
  assert.deepEqual(asked, { ok: false, error: "template-foreign" });
  other.vault.close();

  for (const [name, skipped] of [
    ["templates.bin", 8],
    ["template-keys.bin", 40 + 17],
  ] as const) {
    const path = join(folder, name);
    const sound = readFileSync(path);
    for (let i = skipped; i < Math.min(sound.length, 8 + 615); i += 11) {
      const changed = Buffer.from(sound);
      changed[i] = (changed[i] ?? 0) ^ 0x10;
      writeFileSync(path, changed);
      const { vault: damaged } = open(folder, { grants });
      const outcome = damaged.open(permit, CHAIN);
      assert.ok(!outcome.ok, `${name} byte ${i}`);
      assert.ok(["template-damaged", "template-foreign"].includes(outcome.error), outcome.error);
      damaged.close();
    }
    writeFileSync(path, sound);
  }

  unlinkSync(join(folder, "template-key"));
  const lost = open(folder, { grants });
  assert.deepEqual(lost.vault.open(permit, CHAIN), { ok: false, error: "key-lost" });
  assert.deepEqual(lost.put(newSubject(), face()), { ok: false, error: "key-lost" });
  writeFileSync(join(folder, "template-key"), randomBytes(32), { mode: 0o600 });
  assert.deepEqual(lost.vault.open(permit, CHAIN), { ok: false, error: "key-lost" });
  assert.equal(lost.vault.shred(subject), true, "forgetting needs no key");
  lost.vault.close();
});

test("without a live consent, after the template's expiry or by an unsure clock nothing opens", () => {
  const { vault, grants, put } = open();
  const subject = newSubject();
  put(subject, face());
  const permit = grants.permitOf(subject);
  grants.isSure = false;
  assert.deepEqual(vault.open(permit, CHAIN), { ok: false, error: "clock-unsure" });
  grants.isSure = true;
  grants.epoch = epochMs(grants.epoch + 1_000_000);
  assert.deepEqual(vault.open(permit, CHAIN), { ok: false, error: "grant-expired" });
  grants.epoch = epochMs(grants.epoch - 1_000_000);
  assert.ok(vault.open(permit, CHAIN).ok);
  grants.revoke(subject);
  assert.deepEqual(vault.open(permit, CHAIN), { ok: false, error: "grant-revoked" });
  assert.deepEqual(put(subject, face()), { ok: false, error: "grant-revoked" });
  const forged = { subjectRef: subject, refusal: null } as unknown as typeof permit;
  assert.deepEqual(vault.open(forged, CHAIN), { ok: false, error: "no-grant" });
  vault.close();
});

test("the key of the centre is never on the disk, and nothing opens without it", () => {
  const key = new KeyFromCentre();
  const { folder, vault, grants, put } = open(newFolder(), { key });
  const subject = newSubject();
  assert.deepEqual(put(subject, face()), { ok: false, error: "key-lost" });
  const secret = randomBytes(32);
  key.deliver(secret);
  assert.ok(put(subject, face()).ok);
  assert.ok(vault.open(grants.permitOf(subject), CHAIN).ok);
  for (const bytes of files(folder)) assert.equal(bytes.includes(secret), false);
  key.deliver(null);
  vault.forgetKey();
  assert.deepEqual(vault.open(grants.permitOf(subject), CHAIN), { ok: false, error: "key-lost" });
  vault.close();
});

test("a credential may be bytes or digits; a short one and a file that others read are refused", () => {
  const folder = newFolder();
  const path = join(folder, "VITRINE_TEMPLATE_KEY");
  assert.equal(keyInCredential(undefined).take(false), null);
  assert.equal(keyInCredential(folder).take(false), null);
  const secret = randomBytes(32);
  writeFileSync(path, secret);
  assert.deepEqual(keyInCredential(folder).take(false), new Uint8Array(secret));
  writeFileSync(path, `${secret.toString("hex")}\n`);
  assert.deepEqual(keyInCredential(folder).take(false), new Uint8Array(secret));
  writeFileSync(path, "short");
  assert.throws(() => keyInCredential(folder).take(false), { code: "TEMPLATE_VAULT_UNAVAILABLE" });
  writeFileSync(join(folder, "key"), secret, { mode: 0o644 });
  assert.throws(() => keyInFile(join(folder, "key")).take(false), /chmod 600/);
});

test("one template too many, numbers that are none and a file of something else are refused", () => {
  const { vault, put } = open(newFolder(), { cap: 2 });
  const first = newSubject();
  for (const subject of [first, newSubject()]) assert.ok(put(subject, face(512)).ok);
  assert.deepEqual(put(newSubject(), face()), { ok: false, error: "gallery-full" });
  assert.ok(put(first, face()).ok, "who has one may get another");
  assert.deepEqual(put(first, face(513)), { ok: false, error: "template-damaged" });
  assert.deepEqual(put(first, Float32Array.of(Number.NaN)), {
    ok: false,
    error: "template-damaged",
  });
  vault.close();
  const folder = newFolder();
  writeFileSync(join(folder, "templates.bin"), "something else of somebody");
  assert.throws(() => open(folder), { code: "TEMPLATE_VAULT_UNAVAILABLE" });
});

test("a vault that was cut off while it was written opens with what is whole", () => {
  const { folder, vault, grants, put } = open();
  const subjects = [newSubject(), newSubject(), newSubject()];
  for (const subject of subjects) put(subject, face());
  vault.close();
  const path = join(folder, "template-keys.bin");
  writeFileSync(path, readFileSync(path).subarray(0, -5));
  const cut = open(folder, { grants });
  assert.deepEqual([...cut.vault.subjects()].sort(), subjects.slice(0, 2).sort());
  const again = newSubject();
  assert.ok(cut.put(again, face()).ok);
  assert.ok(cut.vault.open(grants.permitOf(again), CHAIN).ok);
  cut.vault.close();
});

test("templates that change places open for neither member", () => {
  const { folder, vault, grants, put } = open();
  const [a, b] = [newSubject(), newSubject()];
  for (const subject of [a, b]) put(subject, face());
  vault.close();
  const path = join(folder, "templates.bin");
  const bytes = readFileSync(path);
  const slot = (i: number): Buffer =>
    bytes.subarray(8 + i * TEMPLATE_SLOT_BYTES, 8 + (i + 1) * TEMPLATE_SLOT_BYTES);
  writeFileSync(path, Buffer.concat([bytes.subarray(0, 8), slot(1), slot(0)]));
  const swapped = open(folder, { grants });
  for (const subject of [a, b]) {
    const outcome = swapped.vault.open(grants.permitOf(subject), CHAIN);
    assert.deepEqual(outcome, { ok: false, error: "template-damaged" });
  }
  swapped.vault.close();
});

test("a replacement that a power cut left half done leaves one template, and the other is overwritten", () => {
  const { folder, vault, grants, put } = open();
  const subject = newSubject();
  put(subject, face());
  vault.close();
  for (const [name, headBytes, slotBytes] of [
    ["templates.bin", 8, TEMPLATE_SLOT_BYTES],
    ["template-keys.bin", 40, KEY_SLOT_BYTES],
  ] as const) {
    const bytes = readFileSync(join(folder, name));
    const slot = bytes.subarray(headBytes, headBytes + slotBytes);
    writeFileSync(join(folder, name), Buffer.concat([bytes, slot]));
  }
  const { vault: opened } = open(folder, { grants });
  assert.deepEqual(opened.subjects(), [subject]);
  assert.ok(opened.open(grants.permitOf(subject), CHAIN).ok);
  const [templates, keys] = files(folder);
  assert.ok(templates?.subarray(8 + TEMPLATE_SLOT_BYTES).every((byte) => byte === 0));
  assert.ok(keys?.subarray(40 + KEY_SLOT_BYTES).every((byte) => byte === 0));
  opened.close();
});
