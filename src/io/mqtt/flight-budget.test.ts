import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { monoMs } from "../../core/brand.ts";
import { FlightBudget } from "./flight-budget.ts";
import { ReconnectPauses } from "./reconnect-pauses.ts";

const LARGEST = 65_024;

test("whatever acknowledgements tell, the budget stays within its bounds and a batch within the budget", () => {
  const ack = fc.record({
    tookMs: fc.integer({ min: 0, max: 20_000 }),
    passedMs: fc.integer({ min: 0, max: 5000 }),
    bytes: fc.integer({ min: 1, max: LARGEST }),
    wasFull: fc.boolean(),
    isStall: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(ack, { maxLength: 200 }), (acks) => {
      const budget = new FlightBudget(LARGEST);
      let mono = 0;
      for (const { tookMs, passedMs, bytes, wasFull, isStall } of acks) {
        mono += passedMs;
        if (isStall) budget.stalled(monoMs(mono));
        else budget.acknowledged(tookMs, bytes, wasFull, monoMs(mono));
        assert.ok(budget.bytes >= 32_768 && budget.bytes <= 2_097_152);
        assert.ok(budget.batchBytes >= 4096 && budget.batchBytes <= LARGEST);
        assert.ok(budget.batchBytes <= budget.bytes);
      }
    }),
    { numRuns: 100, seed: 11 },
  );
});

/** A line of a rate and a round trip: a batch waits for those before it. Returns the longest stay in a queue at the end. */
function queueAtEnd(bytesPerMs: number, roundTripMs: number): { queueMs: number; share: number } {
  const budget = new FlightBudget(LARGEST);
  const underWay: { bytes: number; sentMs: number; backMs: number }[] = [];
  let freeMs = 0;
  let carried = 0;
  let queueMs = 0;
  for (let now = 0; now < 120_000; now += 1) {
    while (underWay[0] !== undefined && underWay[0].backMs <= now) {
      const done = underWay.shift();
      if (done === undefined) break;
      budget.acknowledged(now - done.sentMs, done.bytes, true, monoMs(now));
      if (now < 60_000) continue;
      carried += done.bytes;
      queueMs = Math.max(queueMs, now - done.sentMs - roundTripMs);
    }
    let bytes = underWay.reduce((sum, batch) => sum + batch.bytes, 0);
    while (bytes + budget.batchBytes <= budget.bytes) {
      const batch = budget.batchBytes;
      freeMs = Math.max(freeMs, now) + batch / bytesPerMs;
      underWay.push({ bytes: batch, sentMs: now, backMs: freeMs + roundTripMs });
      bytes += batch;
    }
  }
  return { queueMs, share: carried / (bytesPerMs * 60_000) };
}

test("a long line is filled, and a narrow one gets no queue that live events would wait in", () => {
  for (const [bytesPerMs, roundTripMs] of [
    [1250, 300],
    [10_000, 20],
    [125, 60],
  ] as const) {
    const { queueMs, share } = queueAtEnd(bytesPerMs, roundTripMs);
    const line = `${bytesPerMs} bytes/ms, ${roundTripMs} ms: ${queueMs} ms, ${share}`;
    assert.ok(queueMs < 1500, line);
    assert.ok(share > 0.9, line);
  }
});

test("pauses between connections are random below a bound that doubles up to a cap", () => {
  const pauses = new ReconnectPauses(
    { baseMs: 1000, capMs: 8000, factor: 2, jitterRatio: 1 },
    () => 0.25,
  );
  assert.deepEqual(
    Array.from({ length: 5 }, () => pauses.next()),
    [750, 1500, 3000, 6000, 6000],
  );
  pauses.lasted();
  assert.equal(pauses.next(), 750);
});

test("a connection that brought something forward halves the next pause instead of doubling it", () => {
  const pauses = new ReconnectPauses(
    { baseMs: 1000, capMs: 60_000, factor: 2, jitterRatio: 0 },
    () => 0,
  );
  for (let n = 0; n < 4; n += 1) pauses.next();
  const next = (): number => {
    pauses.forward();
    return pauses.next();
  };
  assert.deepEqual([next(), next(), next(), next()], [4000, 2000, 1000, 1000]);
});
