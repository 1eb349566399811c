import assert from "node:assert/strict";
import { test } from "node:test";
import { type SimulatedDoors, simulateDoors } from "../../../test/fakes/door-simulation.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import { type DoorMisses, learnMisses } from "./door-misses.ts";
import { closingScale, type DoorFlow, emptyFlow, occupancyCurve } from "./occupancy.ts";
import { filteredOccupancy } from "./occupancy-filter.ts";

const SLOTS = 840;
const MEAN_STAY_MS = 700_000;

function flowOf({ ins, outs }: SimulatedDoors): DoorFlow {
  const flow = emptyFlow(SLOTS);
  const count = (times: readonly number[], counts: Float64Array, offsets: Float64Array): void => {
    for (const at of times) {
      const slot = Math.floor(at / SLOT_MS);
      if (slot >= SLOTS) continue;
      counts[slot] = (counts[slot] ?? 0) + 1;
      offsets[slot] = (offsets[slot] ?? 0) + (at % SLOT_MS);
    }
  };
  count(ins, flow.ins, flow.inOffsetsMs);
  count(outs, flow.outs, flow.outOffsetsMs);
  return flow;
}

/** Person-time inside per slot as it was. */
function truthOf({ visits }: SimulatedDoors): Float64Array {
  const truth = new Float64Array(SLOTS);
  for (const { enteredMs, ms } of visits)
    for (
      let slot = Math.floor(enteredMs / SLOT_MS);
      slot < SLOTS && slot * SLOT_MS < enteredMs + ms;
      slot += 1
    )
      truth[slot] =
        (truth[slot] ?? 0) +
        Math.min(enteredMs + ms, (slot + 1) * SLOT_MS) -
        Math.max(enteredMs, slot * SLOT_MS);
  return truth;
}

/** Mean error in people over the ten hours that the shop is open. */
function errorOf(personMs: Float64Array, truth: Float64Array): number {
  let sum = 0;
  for (let slot = 0; slot < 600; slot += 1)
    sum += Math.abs((personMs[slot] ?? 0) - (truth[slot] ?? 0)) / SLOT_MS;
  return sum / 600;
}

const misses = (inRatio: number, outRatio: number): DoorMisses => ({
  ...learnMisses([]),
  origin: "learned",
  inRatio,
  outRatio,
});

test("a closed day is a third nearer to the truth than by scaling its counts", () => {
  const model = { misses: misses(0.02, 0.03), meanStayMs: MEAN_STAY_MS };
  let filtered = 0;
  let scaled = 0;
  const days = simulateDoors({ seed: 8, days: 20, groupedRatio: 0.2 });
  for (const day of days) {
    const flow = flowOf(day);
    const truth = truthOf(day);
    const curve = filteredOccupancy(flow, SLOTS * SLOT_MS, model, true);
    assert.equal(curve.people, 0, "a closed day ends empty");
    filtered += errorOf(curve.personMs, truth) / days.length;
    const scale = closingScale(day.ins.length, day.outs.length);
    scaled += errorOf(occupancyCurve(flow, SLOTS * SLOT_MS, scale).personMs, truth) / days.length;
  }
  assert.ok(filtered < 1.25, `filtered ${filtered}`);
  assert.ok(filtered < 0.8 * scaled, `filtered ${filtered}, scaled ${scaled}`);
});

test("while the day is open the truth lies within two deviations nineteen times of twenty", () => {
  const model = { misses: misses(0.02, 0.03), meanStayMs: MEAN_STAY_MS };
  let within = 0;
  let asked = 0;
  for (const day of simulateDoors({ seed: 9, days: 20 })) {
    for (let hour = 2; hour < 10; hour += 1) {
      const elapsedMs = hour * 3_600_000;
      const before = (times: readonly number[]): number[] => times.filter((at) => at < elapsedMs);
      const flow = flowOf({ ...day, ins: before(day.ins), outs: before(day.outs) });
      const curve = filteredOccupancy(flow, elapsedMs, model, false);
      const inside = day.visits.filter(
        ({ enteredMs, ms }) => enteredMs < elapsedMs && enteredMs + ms >= elapsedMs,
      ).length;
      within += Number(
        Math.abs(curve.people - inside) <= 0.5 + 2 * (curve.deviations?.at(-1) ?? 0),
      );
      asked += 1;
    }
  }
  assert.ok(within / asked >= 0.92, `${within} of ${asked}`);
});

test("doors that miss nobody are followed, whatever the stream of leavers suggests", () => {
  const model = { misses: misses(0, 0), meanStayMs: MEAN_STAY_MS };
  const [day] = simulateDoors({ seed: 3, days: 1, missInRatio: 0, missOutRatio: 0 });
  assert.ok(day !== undefined);
  const curve = filteredOccupancy(flowOf(day), SLOTS * SLOT_MS, model, true);
  assert.ok(errorOf(curve.personMs, truthOf(day)) < 0.6);
  assert.equal(curve.liftPeople, 0);
});

test("an empty day has nobody inside and nobody missing", () => {
  const model = { misses: misses(0.02, 0.03), meanStayMs: MEAN_STAY_MS };
  const curve = filteredOccupancy(emptyFlow(SLOTS), SLOTS * SLOT_MS, model, false);
  assert.equal(curve.people, 0);
  assert.ok(curve.personMs.every((ms) => ms === 0));
});
