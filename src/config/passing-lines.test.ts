import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parseSitePlan } from "./site.ts";

type Corner = readonly [number, number];
interface Line {
  readonly id: string;
  readonly role: string;
  readonly a: Corner;
  readonly b: Corner;
  readonly frontage?: boolean;
}

const plan = (lines: readonly Line[]): unknown => ({
  v: 1,
  store: { id: "s", name: "S", timeZone: "UTC" },
  cameras: [{ id: "c", name: "C", lines: lines.map((line) => ({ ...line, name: line.id })) }],
});
const faultsOf = (lines: readonly Line[]): readonly string[] => {
  const outcome = parseSitePlan(plan(lines));
  return outcome.ok ? [] : outcome.error.map(({ path }) => path);
};

const turned = (line: Line): Line => ({ ...line, a: line.b, b: line.a });
/** Drawn downwards, so `in` is to the right, where the door is. */
const left: Line = { id: "left", role: "passing", a: [0.2, 0.2], b: [0.2, 0.9] };
const right: Line = { id: "right", role: "passing", a: [0.8, 0.9], b: [0.8, 0.2] };
const door: Line = { id: "door", role: "door", a: [0.6, 0.5], b: [0.4, 0.5] };

test("two passing lines that face each other are accepted, with or without a door between them", () => {
  assert.deepEqual(faultsOf([left, right]), []);
  assert.deepEqual(faultsOf([door, left, right]), []);
});

test("a passing line whose arrow points away from the other is named, with the fix", () => {
  const outcome = parseSitePlan(plan([door, left, turned(right)]));
  assert.ok(!outcome.ok);
  assert.deepEqual(
    outcome.error.map(({ path, found }) => [path, found]),
    [["cameras[0].lines[2]", '"right" with its in side away from "left"']],
  );
  assert.match(outcome.error[0]?.expected ?? "", /swapping a and b/);
  assert.deepEqual(faultsOf([turned(left), turned(right)]), [
    "cameras[0].lines[0]",
    "cameras[0].lines[1]",
  ]);
});

test("a single passing line is an index and may point either way", () => {
  assert.deepEqual(faultsOf([left, door]), []);
  assert.deepEqual(faultsOf([turned(left), door]), []);
});

test("with three passing lines each needs a door onto the frontage or another passing line before it", () => {
  const far: Line = { id: "far", role: "passing", a: [0.95, 0.9], b: [0.95, 0.2] };
  assert.deepEqual(faultsOf([left, right, far, door]), []);
  const away = turned(far);
  assert.deepEqual(faultsOf([left, right, away, { ...door, frontage: false }]), [
    "cameras[0].lines[2]",
  ]);
});

test("turning one line of a good pair is always found, wherever the pair stands", () => {
  const share = fc.double({ min: 0.02, max: 0.3, noNaN: true });
  fc.assert(
    fc.property(share, share, share, share, fc.boolean(), (x1, x2, y1, y2, isLeft) => {
      const first: Line = { ...left, a: [x1, 0.5 - y1], b: [x2, 0.5 + y1] };
      const second: Line = { ...right, a: [1 - x2, 0.5 + y2], b: [1 - x1, 0.5 - y2] };
      assert.deepEqual(faultsOf([first, second]), []);
      const wrong = isLeft ? [turned(first), second] : [first, turned(second)];
      assert.deepEqual(faultsOf(wrong), [`cameras[0].lines[${isLeft ? 0 : 1}]`]);
    }),
  );
});

test("the plans that come with the product are accepted", () => {
  for (const file of ["site.example.json", "demo/site.json"]) {
    const path = join(import.meta.dirname, "../../config", file);
    const outcome = parseSitePlan(JSON.parse(readFileSync(path, "utf8")));
    assert.ok(outcome.ok, `${file}: ${outcome.ok ? "" : JSON.stringify(outcome.error)}`);
  }
});
