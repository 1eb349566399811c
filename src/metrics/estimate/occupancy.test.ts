import assert from "node:assert/strict";
import { test } from "node:test";
import { simulateDay } from "../../../test/fakes/shop-simulation.ts";
import { epochMs } from "../../core/brand.ts";
import { seededRandom } from "../../core/random.ts";
import { learnMisses } from "./door-misses.ts";
import { visitTimeOfClosedDay, visitTimeOfOpenInterval } from "./little.ts";
import {
  closingScale,
  type DoorFlow,
  emptyFlow,
  learnDrift,
  occupancyCurve,
  UNSCALED,
} from "./occupancy.ts";

const MINUTE_MS = 60_000;

/** Crossings as [minute with fraction, +1 in or -1 out]. */
function flowOf(crossings: readonly (readonly [number, 1 | -1])[], slots = 1440): DoorFlow {
  const flow = emptyFlow(slots);
  for (const [minute, sign] of crossings) {
    const slot = Math.floor(minute);
    const offsetMs = (minute - slot) * MINUTE_MS;
    const [counts, offsets] =
      sign > 0 ? [flow.ins, flow.inOffsetsMs] : [flow.outs, flow.outOffsetsMs];
    counts[slot] = (counts[slot] ?? 0) + 1;
    offsets[slot] = (offsets[slot] ?? 0) + offsetMs;
  }
  return flow;
}

test("people inside are those who came less those who left, and their time is exact", () => {
  const flow = flowOf([
    [1.5, 1],
    [2, 1],
    [4.25, -1],
  ]);
  const curve = occupancyCurve(flow, 6 * MINUTE_MS, UNSCALED);
  assert.equal(curve.people, 1);
  const personMs = curve.personMs.reduce((sum, ms) => sum + ms, 0);
  assert.equal(personMs, (2.75 + 4) * MINUTE_MS);
});

test("a leaver who was never counted coming in lifts the balance, and the next to enter is one", () => {
  const flow = flowOf([
    [1, -1],
    [2, -1],
    [5, 1],
  ]);
  const curve = occupancyCurve(flow, 6 * MINUTE_MS, UNSCALED);
  assert.equal(curve.people, 1);
  assert.equal(curve.liftPeople, 2);
  assert.ok(curve.personMs.every((ms) => ms >= 0));
});

test("within one minute the order of coming and leaving does not matter", () => {
  const curve = occupancyCurve(
    flowOf([
      [3.2, -1],
      [3.4, 1],
    ]),
    10 * MINUTE_MS,
    UNSCALED,
  );
  assert.equal(curve.people, 0);
  assert.equal(curve.liftPeople, 0);
});

test("a closed day ends at zero whichever direction missed more", () => {
  for (const [ins, outs] of [
    [100, 90],
    [90, 100],
  ] as const) {
    const crossings = [
      ...Array.from({ length: ins }, (_, i) => [i, 1] as const),
      ...Array.from({ length: outs }, (_, i) => [i + 200, -1] as const),
    ];
    const curve = occupancyCurve(flowOf(crossings), 1440 * MINUTE_MS, closingScale(ins, outs));
    assert.ok(curve.people < 1e-9);
    assert.ok(curve.liftPeople < 1e-9);
  }
});

test("a day that counted in one direction only is left as it is", () => {
  assert.deepEqual(closingScale(10, 0), UNSCALED);
});

test("drift is learned from enough well-seen closed days only", () => {
  const day = { start: epochMs(0), ins: 1000, outs: 980, coverage: 1, stayMs: 700_000 };
  const at = epochMs(86_400_000);
  assert.equal(learnDrift(Array(6).fill(day), at).days, 0);
  const unseen = { ...day, ins: 10, outs: 90, coverage: 0.5 };
  const learned = learnDrift([...Array(7).fill(day), unseen], at);
  assert.equal(learned.days, 7);
  assert.ok(Math.abs(learned.scale.outs - 1000 / 980) < 1e-12);
  assert.equal(learned.meanStayMs, 700_000);
  assert.equal(learnDrift(Array(9).fill({ ...day, ins: 100, outs: 50 }), at).days, 0);
});

test("a weekday with its own drift has its own factor, drawn towards that of all days", () => {
  const dayMs = 86_400_000;
  const days = Array.from({ length: 28 }, (_, i) => ({
    start: epochMs(i * dayMs),
    ins: 1000,
    outs: i % 7 === 0 ? 900 : 1000,
    coverage: 1,
    stayMs: 700_000,
  }));
  const own = learnDrift(days, epochMs(28 * dayMs)).scale.outs;
  const other = learnDrift(days, epochMs(29 * dayMs)).scale.outs;
  const afterClocksChange = learnDrift(days, epochMs(28 * dayMs + 3_600_000)).scale.outs;
  assert.ok(own > 1.05 && own < 1000 / 900, `own ${own}`);
  assert.ok(other > 1 && other < 1.02, `other ${other}`);
  assert.equal(afterClocksChange, own);
});

const ASSUMED = learnMisses([]);

interface Totals {
  truth: number;
  closed: number;
  raw: number;
}

/** Mean visit over 28 simulated days: truth, after day closure, and by the raw balance. */
function simulate(missInRatio: number, missOutRatio: number): Totals {
  const random = seededRandom(2026);
  const sums = { truthMs: 0, visits: 0, closedMs: 0, closed: 0, rawMs: 0, entries: 0 };
  for (let day = 0; day < 28; day += 1) {
    const opensAt = epochMs(8 * 60 * MINUTE_MS);
    const simulated = simulateDay({ random, opensAt, missInRatio, missOutRatio });
    const crossings = simulated.events
      .filter((event) => event.kind === "entered" || event.kind === "exited")
      .map((event) => [event.at / MINUTE_MS, event.kind === "entered" ? 1 : -1] as const);
    const flow = flowOf(crossings);
    const time = visitTimeOfClosedDay(flow, ASSUMED);
    sums.truthMs += simulated.meanVisitMs * simulated.visits;
    sums.visits += simulated.visits;
    sums.closedMs += time?.totalMs ?? 0;
    sums.closed += time?.visits ?? 0;
    sums.rawMs += rawBalanceMs(crossings);
    sums.entries += crossings.filter(([, sign]) => sign > 0).length;
  }
  return {
    truth: sums.truthMs / sums.visits,
    closed: sums.closedMs / sums.closed,
    raw: sums.rawMs / sums.entries,
  };
}

/** Integral of entries minus exits up to an hour and a half after the shop closes. */
function rawBalanceMs(crossings: readonly (readonly [number, 1 | -1])[]): number {
  const untilMs = 19.5 * 60 * MINUTE_MS;
  return crossings.reduce((sum, [minute, sign]) => sum + sign * (untilMs - minute * MINUTE_MS), 0);
}

test("with 2 % and 3 % missed, day closure is within 3 % of the truth and the raw ratio is far off", () => {
  const { truth, closed, raw } = simulate(0.02, 0.03);
  assert.ok(Math.abs(closed / truth - 1) < 0.03, `closed ${closed} of ${truth}`);
  assert.ok(raw / truth > 1.1, `raw ${raw} of ${truth}`);
});

test("with perfect doors, day closure is the truth to the millisecond", () => {
  const { truth, closed } = simulate(0, 0);
  assert.ok(Math.abs(closed - truth) < 1, `closed ${closed} of ${truth}`);
});

test("while the day is open the figure is close to the truth although people are inside", () => {
  const random = seededRandom(99);
  let time = 0;
  let visits = 0;
  let cutShort = 0;
  let truth = 0;
  for (let day = 0; day < 28; day += 1) {
    const opensAt = epochMs(8 * 60 * MINUTE_MS);
    const simulated = simulateDay({ random, opensAt });
    const elapsedMs = 11 * 60 * MINUTE_MS;
    const crossings = simulated.events
      .filter((event) => event.kind === "entered" || event.kind === "exited")
      .filter((event) => event.at < elapsedMs)
      .map((event) => [event.at / MINUTE_MS, event.kind === "entered" ? 1 : -1] as const);
    const range = { from: 0, to: elapsedMs / MINUTE_MS };
    const flow = flowOf(crossings);
    const curve = { ...occupancyCurve(flow, elapsedMs, UNSCALED), exitFactor: 1 };
    const live = visitTimeOfOpenInterval(flow, range, curve, ASSUMED);
    time += live?.totalMs ?? 0;
    visits += live?.visits ?? 0;
    cutShort += crossings.filter(([, sign]) => sign > 0).length;
    truth += simulated.meanVisitMs / 28;
  }
  assert.ok(Math.abs(time / visits / truth - 1) < 0.05, `live ${time / visits} of ${truth}`);
  assert.ok(time / cutShort / truth < 0.95, "dividing by entries would be short");
});

test("a closed day on which people left before they came has no mean", () => {
  assert.equal(
    visitTimeOfClosedDay(
      flowOf([
        [10, -1],
        [20, 1],
      ]),
      ASSUMED,
    ),
    null,
  );
});
