import assert from "node:assert/strict";
import { test } from "node:test";
import type { SensorEvent } from "../../../core/events.ts";
import type { Difficulty, Fault } from "../model.ts";
import { Simulation, VARIANTS, type VariantName } from "../simulation.ts";
import type { TrueDay } from "../true-day.ts";
import type { SensedDay } from "./sense-day.ts";

interface Sensed {
  readonly day: TrueDay;
  readonly sensed: SensedDay;
  readonly events: readonly SensorEvent[];
}

function sense(
  difficulty: Difficulty,
  variant: VariantName,
  faults: readonly Fault[] = [],
  number = 0,
): Sensed {
  const simulation = new Simulation({ seed: 4, difficulty, faults });
  const day = simulation.day(number);
  const sensed = simulation.senses(VARIANTS[variant]).sense(day);
  return { day, sensed, events: sensed.events.map(({ event }) => event) };
}

const crossings = (events: readonly SensorEvent[], direction: "in" | "out"): number =>
  events.filter(
    (event) =>
      event.kind === "line-crossed" &&
      event.lineId.endsWith("-door") &&
      event.direction === direction,
  ).length;

for (const variant of ["tracks", "doors"] as const) {
  test(`perfect ${variant} tell every crossing of the doors once`, () => {
    const { day, events } = sense("perfect", variant);
    const truth = day.visits.flatMap((visit) => visit.crossings);
    for (const direction of ["in", "out"] as const)
      assert.equal(
        crossings(events, direction),
        truth.filter((one) => one.direction === direction).length,
      );
  });
}

test("the default misses about two in a hundred entries and three in a hundred exits", () => {
  const { day, events } = sense("default", "doors");
  const truth = day.visits.reduce((sum, visit) => sum + visit.crossings.length / 2, 0);
  const missedIn = 1 - crossings(events, "in") / truth;
  const missedOut = 1 - crossings(events, "out") / truth;
  assert.ok(missedIn > 0.005 && missedIn < 0.04, `in ${missedIn}`);
  assert.ok(missedOut > 0.01 && missedOut < 0.055, `out ${missedOut}`);
});

test("both ways of counting the same shop miss the same crossings", () => {
  const [tracks, doors] = [sense("default", "tracks"), sense("default", "doors")];
  assert.equal(crossings(tracks.events, "in"), crossings(doors.events, "in"));
  assert.equal(crossings(tracks.events, "out"), crossings(doors.events, "out"));
});

test("a following counter keeps one number from door to door, a door counter never does", () => {
  const numbersOf = ({ events }: Sensed): number[] =>
    events.flatMap((event) =>
      event.kind === "line-crossed" && event.lineId.endsWith("-door") ? [event.trackId] : [],
    );
  const followed = numbersOf(sense("perfect", "tracks"));
  const counted = numbersOf(sense("perfect", "doors"));
  assert.equal(new Set(counted).size, counted.length);
  assert.ok(new Set(followed).size < 0.55 * followed.length);
});

test("events are told in time and numbered without gaps per source", () => {
  const { sensed } = sense("default", "all");
  const next = new Map<string, number>();
  let toldAt = Number.NEGATIVE_INFINITY;
  for (const notice of sensed.events) {
    assert.ok(notice.toldAt >= toldAt);
    toldAt = notice.toldAt;
    const { source, seq } = notice.event;
    assert.equal(seq, next.get(source) ?? 0);
    next.set(source, seq + 1);
  }
});

test("every stay that begins ends once, under the same number", () => {
  const { events } = sense("hard", "tracks");
  const open = new Map<string, number>();
  for (const event of events) {
    if (event.kind === "zone-entered") {
      const key = `${event.zoneId} ${event.trackId}`;
      open.set(key, (open.get(key) ?? 0) + 1);
    }
    if (event.kind === "zone-exited") {
      const key = `${event.zoneId} ${event.trackId}`;
      open.set(key, (open.get(key) ?? 0) - 1);
    }
  }
  assert.ok([...open.values()].every((count) => count === 0));
});

test("poor sensors lose, join and swap tracks", () => {
  const { events } = sense("hard", "tracks");
  assert.ok(events.some(({ kind }) => kind === "track-renamed"));
  assert.ok(events.some((event) => event.kind === "zone-exited" && event.censored));
});

test("the till tells its own wrong time, and by how much it is ahead", () => {
  const { day, events } = sense("default", "doors");
  const [first] = day.receipts;
  const told = events.find(
    (event) => event.kind === "transaction" && event.receiptId === first?.receiptId,
  );
  assert.ok(told?.kind === "transaction" && first !== undefined);
  assert.ok(Math.abs(told.paidAt - first.at - 95_000) <= 1_000);
  assert.ok(Math.abs((told.clockAheadMs ?? 0) - 95_000) < 2_500);
});

test("a blind counter tells nothing, and says when it was blind", () => {
  const { sensed, events } = sense("default", "tracks", ["outage"], 2);
  const [span] = sensed.faults.blind;
  assert.ok(span !== undefined && span.to - span.from >= 20 * 60_000);
  const states = events.flatMap((event) =>
    event.kind === "sensor-changed" && event.sensorKind === "camera" ? [event.state] : [],
  );
  assert.deepEqual(states, ["seeing", "blind", "seeing"]);
  const during = sensed.events.filter(
    ({ event, toldAt }) =>
      event.source.startsWith("camera:") && toldAt >= span.from && toldAt < span.to,
  );
  assert.equal(during.length, 0);
});
