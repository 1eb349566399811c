import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, mock, test } from "node:test";
import { FaceGrants } from "../../../test/fakes/face-grants.ts";
import { type SubjectRef, subjectRef, tenantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { FaceChainId } from "../../face/ports.ts";
import { KeyFromCentre, keyInCredential, keyInFile } from "./gateway-key.ts";
import { SealedTemplates } from "./sealed-templates.ts";
import { SlotFile } from "./slot-file.ts";
import { KEY_SLOT_BYTES, TEMPLATE_SLOT_BYTES } from "./template-record.ts";

const CHAIN: FaceChainId = { profile: "clean", version: "a".repeat(64) };
const TENANT = tenantId("acme");
const KEY_HEAD_BYTES = 40;
const newSubject = (): SubjectRef => subjectRef(randomBytes(16).toString("base64url"));
const face = (): Float32Array =>
  Float32Array.from({ length: 128 }, () => randomBytes(2).readInt16LE() / 2 ** 15);

const folders: string[] = [];
afterEach(() => {
  mock.restoreAll();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "vault-faults-"));
  folders.push(folder);
  return folder;
}

function open(folder = newFolder(), grants = new FaceGrants(TENANT)) {
  const vault = new SealedTemplates({
    ...{ folder, tenantId: TENANT, log: SILENT_LOG, consent: () => grants },
    key: keyInFile(join(folder, "template-key")),
  });
  const terms = { tenantId: TENANT, chain: CHAIN, expiresAtMs: grants.epoch + 1_000_000 };
  const put = (subject: SubjectRef, values = face()) =>
    vault.put(grants.permitOf(subject), terms, values);
  return { folder, vault, grants, put };
}

/** Wrapped keys that are on the disk. */
const wrappedKeys = (folder: string): number => {
  const bytes = readFileSync(join(folder, "template-keys.bin")).subarray(KEY_HEAD_BYTES);
  let found = 0;
  for (let at = 0; at + KEY_SLOT_BYTES <= bytes.length; at += KEY_SLOT_BYTES)
    if (bytes.subarray(at, at + KEY_SLOT_BYTES).some((byte) => byte !== 0)) found += 1;
  return found;
};

/** The disk refuses to overwrite with zeros. */
const failClears = () =>
  mock.method(SlotFile.prototype, "clear", () => {
    throw new GatewayError("TEMPLATE_VAULT_UNAVAILABLE", "EIO");
  });

test("a former key that could not be overwritten is not forgotten: erasing fails until it is gone too", () => {
  const { folder, vault, grants, put } = open();
  const subject = newSubject();
  assert.ok(put(subject).ok);
  const failing = failClears();
  assert.ok(put(subject).ok, "the new template is kept all the same");
  assert.equal(wrappedKeys(folder), 2);
  assert.throws(() => vault.shred(subject), { code: "TEMPLATE_VAULT_UNAVAILABLE" });
  assert.equal(vault.has(subject), false, "nothing opens from the first line on");
  assert.equal(vault.open(grants.permitOf(subject), CHAIN).ok, false);
  assert.deepEqual(vault.subjects(), [subject], "whoever looks for what is held finds it");
  failing.mock.restore();
  assert.equal(vault.shred(subject), true);
  assert.equal(wrappedKeys(folder), 0);
  assert.deepEqual(vault.subjects(), []);
  vault.close();
});

test("what was left over is overwritten by the next round, and the slot is used again", () => {
  const { folder, vault, put } = open();
  const subject = newSubject();
  put(subject);
  const failing = failClears();
  put(subject);
  assert.throws(() => vault.tidy());
  failing.mock.restore();
  assert.equal(vault.tidy(), 1);
  assert.equal(vault.tidy(), 0);
  assert.equal(wrappedKeys(folder), 1);
  const size = statSync(join(folder, "templates.bin")).size;
  put(newSubject());
  assert.equal(statSync(join(folder, "templates.bin")).size, size);
  vault.close();
});

test("a restart in between revives nobody: one key of a member is kept, and erasing ends that", () => {
  const { folder, vault, grants, put } = open();
  const subject = newSubject();
  put(subject);
  const failing = failClears();
  put(subject);
  assert.throws(() => vault.shred(subject));
  vault.close();
  failing.mock.restore();
  const again = open(folder, grants);
  assert.deepEqual(again.vault.subjects(), [subject], "so that the sweep finds it");
  assert.equal(wrappedKeys(folder), 1);
  assert.equal(again.vault.shred(subject), true);
  assert.equal(wrappedKeys(folder), 0);
  again.vault.close();
});

test("a slot that is no key record any more is overwritten when the vault is opened", () => {
  const { folder, vault, put } = open();
  put(newSubject());
  vault.close();
  const path = join(folder, "template-keys.bin");
  const bytes = readFileSync(path);
  bytes[KEY_HEAD_BYTES] = 9;
  writeFileSync(path, bytes);
  const again = open(folder);
  assert.deepEqual(again.vault.subjects(), []);
  assert.equal(wrappedKeys(folder), 0);
  again.vault.close();
});

test("slots that change places in both files under a running vault open for neither member", () => {
  const { folder, vault, grants, put } = open();
  const [a, b] = [newSubject(), newSubject()];
  for (const subject of [a, b]) put(subject);
  for (const [name, head, slot] of [
    ["templates.bin", 8, TEMPLATE_SLOT_BYTES],
    ["template-keys.bin", KEY_HEAD_BYTES, KEY_SLOT_BYTES],
  ] as const) {
    const bytes = readFileSync(join(folder, name));
    const [first, second] = [
      bytes.subarray(head, head + slot),
      bytes.subarray(head + slot, head + 2 * slot),
    ];
    writeFileSync(join(folder, name), Buffer.concat([bytes.subarray(0, head), second, first]));
  }
  for (const subject of [a, b])
    assert.deepEqual(vault.open(grants.permitOf(subject), CHAIN), {
      ...{ ok: false, error: "template-damaged" },
    });
  vault.close();
});

test("a key of the centre that is none leaves the former one in place", () => {
  const key = new KeyFromCentre();
  const secret = randomBytes(32);
  key.deliver(secret);
  assert.throws(() => key.deliver(randomBytes(31)), { code: "TEMPLATE_VAULT_UNAVAILABLE" });
  assert.deepEqual(key.take(), new Uint8Array(secret));
});

test("a key file is whole under its name or not there: an empty one is none, and what is left of another is replaced", () => {
  const folder = newFolder();
  const path = join(folder, "template-key");
  writeFileSync(path, "", { mode: 0o600 });
  writeFileSync(`${path}.new`, "half", { mode: 0o600 });
  assert.equal(keyInFile(path).take(false), null);
  const drawn = keyInFile(path).take(true);
  assert.equal(drawn?.length, 32);
  assert.deepEqual(keyInFile(path).take(false), new Uint8Array(drawn ?? []));
  assert.deepEqual(readdirSync(folder), ["template-key"]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.throws(() => keyInFile(join(path, "below")).take(true), {
    code: "TEMPLATE_VAULT_UNAVAILABLE",
  });
});

test("a credential in digits is read whatever their case and the blanks around them, and refused with a wrong one", () => {
  const folder = newFolder();
  const path = join(folder, "VITRINE_TEMPLATE_KEY");
  const secret = randomBytes(32);
  const digits = secret.toString("hex");
  for (const text of [digits, digits.toUpperCase(), ` ${digits}\r\n`]) {
    writeFileSync(path, text);
    assert.deepEqual(keyInCredential(folder).take(false), new Uint8Array(secret));
  }
  for (const text of [digits.slice(1), `${digits}0`, `g${digits.slice(1)}`, `${digits} x`, ""]) {
    writeFileSync(path, text);
    assert.throws(() => keyInCredential(folder).take(false), {
      code: "TEMPLATE_VAULT_UNAVAILABLE",
    });
  }
});

test("no text is made of a credential on its way to a key", () => {
  const folder = newFolder();
  writeFileSync(join(folder, "VITRINE_TEMPLATE_KEY"), randomBytes(32).toString("hex"));
  const text = mock.method(Buffer.prototype, "toString");
  keyInCredential(folder).take(false);
  assert.equal(text.mock.callCount(), 0);
});
