import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { epochMs } from "../../core/brand.ts";
import { openTagState, type TagState } from "./tag-state-file.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-tag-state-"));
after(() => rmSync(root, { recursive: true, force: true }));
const folder = (): string => mkdtempSync(join(root, "s-"));

const STATE: TagState = {
  tags: {
    "basket-01": { seenAt: epochMs(1_795_000_000_000), batteryRatio: 0.42, batteryMv: null },
  },
  learned: { receiverOffsetsDb: { counter: -2.5 }, tagPowersDbm: { "basket-01": -61.5 } },
};

test("what was saved is there in the next life; only its owner may read it", async () => {
  const dir = folder();
  const first = await openTagState(dir);
  assert.deepEqual(first.initial, { tags: {}, learned: null });
  await first.save(STATE);
  const second = await openTagState(dir);
  assert.deepEqual(second.initial, STATE);
  assert.equal(second.setAside, null);
  assert.equal(statSync(join(dir, "tags.json")).mode & 0o777, 0o600);
});

test("a damaged file is set aside with all it holds, and learning begins anew", async () => {
  for (const text of ["{ torn", "[]", '{"v":1,"tags":{"a b":{}},"learned":null}', '{"v":2}', ""]) {
    const dir = folder();
    const path = join(dir, "tags.json");
    writeFileSync(path, text);
    const file = await openTagState(dir);
    assert.deepEqual(file.initial, { tags: {}, learned: null });
    assert.equal(file.setAside, `${path}.bad`);
    assert.equal(readFileSync(`${path}.bad`, "utf8"), text);
    await file.save(STATE);
    assert.deepEqual((await openTagState(dir)).initial, STATE);
  }
});

test("a file that somebody removed or changed meanwhile is written again", async () => {
  const dir = folder();
  const file = await openTagState(dir);
  await file.save(STATE);
  rmSync(join(dir, "tags.json"));
  await file.save({ ...STATE, learned: null });
  assert.equal((await openTagState(dir)).initial.learned, null);
});

test("a folder that is gone is a fault by code", async () => {
  const dir = folder();
  const file = await openTagState(dir);
  rmSync(dir, { recursive: true });
  await assert.rejects(file.save(STATE), { code: "STATE_UNWRITABLE" });
  assert.equal(existsSync(dir), false);
});
