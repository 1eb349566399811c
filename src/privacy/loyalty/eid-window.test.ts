import assert from "node:assert/strict";
import test from "node:test";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { eddystoneEid } from "../beacon-crypto.ts";
import { EID_WINDOW_CAP, type EidTag, eidOfWindow, eidWindow, findEidClock } from "./eid-window.ts";

const EPOCH = 1_975_000;
const BEGINS = EPOCH * 900_000;
const DAY_MS = 86_400_000;
const key = Uint8Array.from({ length: 16 }, (_, i) => i * 11);

const registered = (ageMs: number, more: Partial<EidTag> = {}): EidTag => ({
  key,
  rotation: 10,
  counter: 1_000_000,
  counterAt: epochMs(BEGINS - ageMs),
  lostMs: 0,
  ...more,
});

/** What the tag sends at an instant when its clock runs off by `ppm` and was without power for `lostMs`. */
function sent(tag: EidTag, atMs: number, ppm = 0, lostMs = 0): Uint8Array {
  const shown = tag.counter + ((atMs - tag.counterAt) * (1 + ppm * 1e-6) - lostMs) / 1000;
  return eddystoneEid(tag.key, Math.floor(shown), tag.rotation);
}

function isInWindow(tag: EidTag, eid: Uint8Array): boolean {
  const window = eidWindow(tag, EPOCH);
  if (window === null) return false;
  return Array.from({ length: window.count }, (_, i) => eidOfWindow(tag, window, i)).some((one) =>
    one.every((byte, i) => byte === eid[i]),
  );
}

const THROUGH = [0, 1, 300_000, 899_999].map((ms) => BEGINS + ms);

test("a tag that runs off by 150 ppm is found after two years", () => {
  const tag = registered(730 * DAY_MS);
  for (const at of THROUGH)
    for (const ppm of [-150, 0, 150]) assert.ok(isInWindow(tag, sent(tag, at, ppm)), `${ppm}`);
  assert.equal(isInWindow(tag, sent(tag, BEGINS, 400)), false);
});

test("a fresh tag takes three rows and nothing of yesterday", () => {
  const tag = registered(3_600_000);
  assert.ok((eidWindow(tag, EPOCH)?.count ?? 99) <= 3);
  assert.equal(isInWindow(tag, sent(tag, BEGINS - DAY_MS)), false);
});

test("lost power is looked for as far back as somebody said", () => {
  const lostMs = 5 * 3_600_000;
  const tag = registered(30 * DAY_MS, { lostMs: 6 * 3_600_000 });
  for (const at of THROUGH) assert.ok(isInWindow(tag, sent(tag, at, 0, lostMs)));
  assert.equal(isInWindow(registered(30 * DAY_MS), sent(tag, BEGINS, 0, lostMs)), false);
});

test("too many rows are refused instead of filling the tables", () => {
  assert.equal(eidWindow(registered(DAY_MS, { rotation: 0 }), EPOCH), null);
  assert.equal(eidWindow(registered(DAY_MS, { lostMs: 30 * DAY_MS }), EPOCH), null);
  const widest = eidWindow(registered(DAY_MS, { rotation: 11, lostMs: DAY_MS }), EPOCH);
  assert.ok(widest !== null && widest.count <= EID_WINDOW_CAP);
});

test("a clock that begins near zero or ends does not wrap around", () => {
  const young = eidWindow(registered(0, { counter: 0 }), EPOCH);
  assert.equal(young?.first, 0);
  const old = eidWindow(registered(0, { counter: 0xffff_ffff }), EPOCH);
  assert.ok(old !== null && old.first + (old.count - 1) * old.stepS <= 0xffff_ffff);
  assert.equal(eidWindow(registered(0, { counter: 0xffff_ffff + 9_000 }), EPOCH)?.count, 0);
});

test("a clock is found again by what the tag sends, and the tag is in the tables then", () => {
  const lostMs = 40 * 3_600_000;
  const tag = registered(200 * DAY_MS);
  const at: EpochMs = epochMs(BEGINS + 60_000);
  const eid = sent(tag, at, -120, lostMs);
  const again = findEidClock(tag, eid, at, 14 * DAY_MS);
  assert.ok(again !== null);
  assert.equal(again.lostMs, 0);
  assert.ok(Math.abs(again.counter - (tag.counter + 200 * 86_400 - 40 * 3_600)) < 4_000);
  assert.ok(isInWindow(again, sent(tag, BEGINS + 400_000, -120, lostMs)));
  assert.equal(findEidClock(tag, eid, at, DAY_MS), null, "not looked for so far back");
  assert.equal(
    findEidClock(
      tag,
      Uint8Array.from({ length: 8 }, () => 9),
      at,
      14 * DAY_MS,
    ),
    null,
  );
});
