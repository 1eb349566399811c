import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs } from "../core/brand.ts";
import { WriteMeter } from "./write-meter.ts";

const NOON = epochMs(Date.UTC(2026, 10, 20, 12));
const HOUR = 3_600_000;
const hours = (n: number) => epochMs(NOON + n * HOUR);

test("what was written on a day adds up over restarts and begins anew at midnight UTC", () => {
  const first = new WriteMeter(null);
  assert.equal(first.today(NOON, 500), 500);
  assert.equal(first.today(hours(1), 700), 700);
  const second = new WriteMeter(first.text);
  assert.equal(second.today(hours(2), 100), 800, "counted from the start of the process");
  assert.equal(second.today(hours(13), 130), 0);
  assert.equal(second.today(hours(14), 160), 30);
  assert.equal(new WriteMeter(second.text).today(hours(48), 10), 10, "another day");
});

test("a machine that does not tell has no figure, and a note that cannot be read is none", () => {
  assert.equal(new WriteMeter(null).today(NOON, null), null);
  assert.equal(new WriteMeter("nonsense").today(NOON, 5), 5);
});
