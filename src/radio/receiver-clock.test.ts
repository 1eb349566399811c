import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type EpochMs, epochMs, type MonoMs, monoMs } from "../core/brand.ts";
import { seededRandom } from "../core/random.ts";
import { RECEIVER_CLOCK, ReceiverClock } from "./receiver-clock.ts";

/** Our wall clock at the monotonic instant 0. */
const EPOCH_MS = 1_777_629_600_000;
const wall = (mono: number): EpochMs => epochMs(EPOCH_MS + mono);
const at = (mono: number): MonoMs => monoMs(mono);

/** A scanner whose clock is `aheadMs` ahead of ours at the instant 0 and runs `driftPpm` too fast. */
const stated = (trueMono: number, aheadMs: number, driftPpm = 0): number =>
  EPOCH_MS + trueMono + aheadMs + (trueMono * driftPpm) / 1e6;

/** One message a second, each as late as the next draw says; the clock after them. */
function heard(aheadMs: number, seconds: number, delayMs: () => number): ReceiverClock {
  const clock = new ReceiverClock();
  for (let mono = 0; mono < seconds * 1000; mono += 1000) {
    const arrival = mono + delayMs();
    clock.hear(stated(mono, aheadMs), at(arrival), wall(arrival));
  }
  return clock;
}

for (const aheadMs of [-2000, 0, 2000, 45_000])
  test(`a clock that is ${aheadMs} ms ahead is corrected to within the smallest delay`, () => {
    const clock = heard(aheadMs, 60, () => 20);
    const placed = clock.toMono(stated(59_500, aheadMs), at(59_600));
    assert.ok(placed !== null && Math.abs(placed - 59_520) < 1, `${placed}`);
    assert.ok(Math.abs((clock.skewMs ?? Number.NaN) + aheadMs - 20) < 1);
    assert.equal(clock.steps, 0);
  });

test("skew of 2 s, drift of 50 ppm and exponential delays are estimated within 150 ms, on all seeds", () => {
  let worstMs = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = seededRandom(seed);
    const aheadMs = seed % 2 === 0 ? 2000 : -2000;
    const driftPpm = seed % 4 < 2 ? 50 : -50;
    const clock = new ReceiverClock();
    for (let mono = 0; mono < 1_200_000; mono += 1000) {
      const arrival = mono - 200 * Math.log(1 - random());
      const sentMs = stated(mono, aheadMs, driftPpm);
      clock.hear(sentMs, at(arrival), wall(arrival));
      if (mono < 30_000) continue;
      // An instant that comes late, so that the arrival does not correct it.
      const placed = clock.toMono(sentMs, at(mono + 14_000));
      worstMs = Math.max(worstMs, Math.abs((placed ?? Number.NaN) - mono));
    }
    assert.equal(clock.steps, 0);
  }
  assert.ok(worstMs < 150, `${worstMs.toFixed(1)} ms at worst`);
});

test("an instant never lies after its arrival", () => {
  const clock = heard(0, 30, () => 5);
  assert.equal(clock.toMono(stated(40_000, 0), at(31_000)), 31_000);
});

test("a single instant from the future does not move what is known", () => {
  const clock = heard(0, 60, () => 20);
  clock.hear(stated(90_000, 0), at(60_000), wall(60_000));
  assert.equal(clock.toMono(stated(59_000, 0), at(60_000)), 59_020);
});

test("a clock that was set forward is learned after three messages, one that was set back after eight", () => {
  for (const stepMs of [30_000, -30_000]) {
    const clock = heard(0, 60, () => 20);
    let messages = 0;
    for (let mono = 60_000; clock.steps === 0 && mono < 120_000; mono += 2000) {
      clock.hear(stated(mono, stepMs), at(mono + 20), wall(mono + 20));
      messages += 1;
    }
    assert.equal(messages, stepMs > 0 ? 3 : 8);
    const placed = clock.toMono(stated(119_000, stepMs), at(121_000));
    assert.ok(placed !== null && Math.abs(placed - 119_020) < 1, `${placed}`);
  }
});

test("a burst of fourteen late seconds is no clock set back", () => {
  const clock = heard(500, 60, () => 20);
  for (let mono = 60_000; mono < 74_000; mono += 500)
    clock.hear(stated(mono, 500), at(74_000), wall(74_000));
  assert.equal(clock.steps, 0);
  const placed = clock.toMono(stated(62_000, 500), at(74_000));
  assert.ok(placed !== null && Math.abs(placed - 62_020) < 1);
});

test("a clock that is an hour off gives times of arrival, and says so", () => {
  const clock = heard(3_600_000, 60, () => 20);
  assert.ok(clock.isFar);
  assert.equal(clock.toMono(stated(59_000, 3_600_000), at(59_700)), 59_700);
  const old = clock.toMono(stated(20_000, 3_600_000), at(59_700));
  assert.ok(old !== null && 59_700 - old > RECEIVER_CLOCK.lateMs, "an old message stays old");
});

test("what a broker kept for ten minutes and delivers at once is placed nowhere, and what follows is", () => {
  const clock = new ReceiverClock();
  const placed: (MonoMs | null)[] = [];
  for (let mono = 0; mono < 600_000; mono += 1000) {
    clock.hear(stated(mono, 0), at(600_000), wall(600_000));
    placed.push(clock.toMono(stated(mono, 0), at(600_000)));
  }
  const isWrong = (mono: MonoMs | null, index: number): boolean =>
    mono !== null && Math.abs(mono - index * 1000) > 5_000;
  assert.deepEqual(placed.filter(isWrong), []);
  clock.hear(stated(605_000, 0), at(605_020), wall(605_020));
  const now = clock.toMono(stated(605_000, 0), at(605_020));
  assert.ok(now !== null && Math.abs(now - 605_000) <= 20);
});

test("a scanner that tells whole seconds is placed to within half of one", () => {
  const clock = new ReceiverClock();
  const whole = (mono: number): number => Math.floor(stated(mono, 1500) / 1000) * 1000;
  for (let mono = 0; mono < 60_000; mono += 137)
    clock.hear(whole(mono), at(mono + 15), wall(mono + 15));
  for (let mono = 50_000; mono < 52_000; mono += 97) {
    const placed = clock.toMono(whole(mono), at(mono + 9000), 1000);
    assert.ok(placed !== null && Math.abs(placed - mono) <= 520, `${placed} for ${mono}`);
  }
});

test("any order of arrival within 15 s and any repetition places the same instants at the same times", () => {
  const delay = fc.integer({ min: 0, max: 14_500 });
  const arrivals = fc.array(fc.array(delay, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 120,
  });
  fc.assert(
    fc.property(arrivals, fc.integer({ min: -2000, max: 2000 }), (delays, aheadMs) => {
      const clock = heard(aheadMs, 60, () => 10);
      const deliveries = delays
        .flatMap((times, i) => times.map((ms) => ({ mono: 60_000 + i * 500, ms })))
        .sort((a, b) => a.mono + a.ms - (b.mono + b.ms));
      for (const { mono, ms } of deliveries) {
        const arrival = mono + 10 + ms;
        clock.hear(stated(mono, aheadMs), at(arrival), wall(arrival));
        const placed = clock.toMono(stated(mono, aheadMs), at(arrival));
        assert.ok(placed !== null && Math.abs(placed - mono - 10) < 1, `${placed} for ${mono}`);
      }
    }),
  );
});

test("whatever numbers come, an instant is a number not after its arrival, or none", () => {
  const number = fc.double({ noNaN: true, min: -1e15, max: 1e15 });
  fc.assert(
    fc.property(fc.array(fc.tuple(number, fc.nat(5000)), { maxLength: 200 }), (messages) => {
      const clock = new ReceiverClock();
      let mono = 0;
      for (const [sentMs, passedMs] of messages) {
        mono += passedMs;
        clock.hear(sentMs, at(mono), wall(mono));
        const placed = clock.toMono(sentMs, at(mono));
        assert.ok(placed === null || placed <= mono);
      }
    }),
  );
});
