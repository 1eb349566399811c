import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BoundedMap } from "./bounded-map.ts";
import { epochMs, monoMs } from "./brand.ts";
import { epochAt } from "./clock.ts";
import { describeFaults, FAULTS, GatewayError } from "./errors.ts";
import { Disposer } from "./lifecycle.ts";
import { normalDraw, seededRandom } from "./random.ts";
import { retryPauses } from "./retry.ts";
import { Ring } from "./ring.ts";

test("a bounded map never holds more than its cap and evicts what was touched longest ago", () => {
  const map = new BoundedMap<string, number>({ cap: 2, idleMs: 1000 });
  map.set("a", 1, monoMs(0));
  map.set("b", 2, monoMs(1));
  map.get("a", monoMs(2));
  assert.equal(map.set("c", 3, monoMs(3)), "b");
  assert.deepEqual(
    [...map.entries()],
    [
      ["a", 1],
      ["c", 3],
    ],
  );
  assert.equal(map.evicted, 1);
});

test("a bounded map drops only what was idle for longer than allowed", () => {
  const map = new BoundedMap<string, number>({ cap: 10, idleMs: 1000 });
  map.set("old", 1, monoMs(0));
  map.set("young", 2, monoMs(500));
  const dropped: string[] = [];
  assert.equal(
    map.expire(monoMs(1001), (key) => dropped.push(key)),
    1,
  );
  assert.deepEqual(dropped, ["old"]);
  assert.equal(map.peek("young"), 2);
});

test("replacing a value in a full bounded map evicts nobody", () => {
  const map = new BoundedMap<string, number>({ cap: 1, idleMs: 1 });
  map.set("a", 1, monoMs(0));
  assert.equal(map.set("a", 2, monoMs(1)), undefined);
  assert.equal(map.evicted, 0);
});

test("a ring keeps the newest values in order whatever is pushed", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (values, capacity) => {
      const ring = new Ring(capacity);
      for (const value of values) ring.push(value);
      const kept = Array.from({ length: ring.length }, (_, index) => ring.at(index));
      assert.deepEqual(kept, values.slice(-capacity));
    }),
  );
});

test("reading outside a ring gives NaN", () => {
  const ring = new Ring(3);
  assert.ok(Number.isNaN(ring.last()));
  ring.push(1);
  assert.ok(Number.isNaN(ring.at(1)));
  assert.ok(Number.isNaN(ring.at(-1)));
});

test("retry pauses grow to the cap and stay within the jittered bound", () => {
  const take = (random: () => number): number[] => {
    const pauses = retryPauses({ baseMs: 1000, capMs: 8000, factor: 2, jitterRatio: 1 }, random);
    return Array.from({ length: 5 }, () => pauses.next().value);
  };
  assert.deepEqual(
    take(() => 0),
    [1000, 2000, 4000, 8000, 8000],
  );
  assert.deepEqual(
    take(() => 0.5),
    [500, 1000, 2000, 4000, 4000],
  );
});

test("the same seed gives the same numbers, and they look uniform and normal", () => {
  const a = seededRandom(7);
  const b = seededRandom(7);
  const draws = Array.from({ length: 20_000 }, () => a());
  assert.deepEqual(
    draws.slice(0, 50),
    Array.from({ length: 50 }, () => b()),
  );
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  assert.ok(Math.abs(mean - 0.5) < 0.01);
  const normal = Array.from({ length: 20_000 }, () => normalDraw(a));
  const variance = normal.reduce((sum, x) => sum + x * x, 0) / normal.length;
  assert.ok(Math.abs(variance - 1) < 0.05);
});

test("an anchor converts monotonic to wall time in both directions of time", () => {
  const anchor = { mono: monoMs(1000), epoch: epochMs(50_000), clock: "synced" as const };
  assert.equal(epochAt(anchor, monoMs(1500.4)), 50_500);
  assert.equal(epochAt(anchor, monoMs(400)), 49_400);
});

test("a disposer releases in reverse order and reports every failure at the end", async () => {
  const order: string[] = [];
  const disposer = new Disposer();
  disposer.add(() => void order.push("first"));
  disposer.add(() => {
    throw new Error("second fails");
  });
  disposer.add(async () => void order.push("third"));
  await assert.rejects(disposer[Symbol.asyncDispose](), AggregateError);
  assert.deepEqual(order, ["third", "first"]);
  await disposer[Symbol.asyncDispose]();
});

test("a fault carries code, hint, retry rule and cause", () => {
  const cause = new Error("ECONNREFUSED");
  const fault = new GatewayError("BROKER_UNREACHABLE", "no broker", {
    cause,
    context: { tries: 3 },
  });
  assert.equal(fault.hint, FAULTS.BROKER_UNREACHABLE.hint);
  assert.equal(fault.retry, "backoff");
  assert.equal(fault.cause, cause);
  assert.deepEqual(fault.context, { tries: 3 });
});

test("faults are printed one per line with path, expectation and value", () => {
  const text = describeFaults([
    { path: "web.port", expected: "a whole number", found: '"x"' },
    { path: "", expected: "an object", found: "7" },
  ]);
  assert.equal(
    text,
    '  web.port: expected a whole number, found "x"\n  (document): expected an object, found 7',
  );
});
