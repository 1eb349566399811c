import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs, type MonoMs, monoMs, tagId } from "../core/brand.ts";
import type { ClockState, TimeAnchor } from "../core/clock.ts";
import type { JourneyEvent, SensorState, StaffUnseenRecorded, TagState } from "../core/events.ts";
import type { StaffShift, TagKind } from "../core/site.ts";
import { shiftClock } from "./shift-clock.ts";
import { StaffAlarm } from "./staff-alarm.ts";

const MINUTE = 60_000;
const shift = (fromMin: number, toMin: number, ...days: StaffShift["days"]): StaffShift => ({
  days,
  fromMin,
  toMin,
});
const at = (text: string): ReturnType<typeof epochMs> => epochMs(Date.parse(text));

test("a shift is judged by the shop's wall clock, summer and winter", () => {
  const isShift = shiftClock([shift(9 * 60, 17 * 60, "fri")], "Europe/Copenhagen");
  for (const [text, expected] of [
    ["2026-01-16T07:59:59Z", false],
    ["2026-01-16T08:00:00Z", true],
    ["2026-01-16T15:59:59Z", true],
    ["2026-01-16T16:00:00Z", false],
    ["2026-07-17T06:59:59Z", false],
    ["2026-07-17T07:00:00Z", true],
    ["2026-07-16T10:00:00Z", false],
  ] as const)
    assert.equal(isShift(at(text)), expected, text);
});

test("a shift over midnight belongs to the day it begins on, also when the clocks change in it", () => {
  const isShift = shiftClock([shift(22 * 60, 30 * 60, "sat")], "Europe/Copenhagen");
  for (const [text, expected] of [
    ["2026-03-28T20:59:00Z", false],
    ["2026-03-28T21:00:00Z", true],
    ["2026-03-29T00:59:00Z", true],
    ["2026-03-29T03:59:00Z", true],
    ["2026-03-29T04:00:00Z", false],
    ["2026-10-25T04:59:00Z", true],
    ["2026-10-25T05:00:00Z", false],
    ["2026-10-25T21:30:00Z", false],
  ] as const)
    assert.equal(isShift(at(text)), expected, text);
});

/** A Friday from 08:00 in the shop; shifts from 09:00 to 17:00. */
class Friday {
  readonly events: StaffUnseenRecorded[] = [];
  readonly alarm: StaffAlarm;
  mono: MonoMs = monoMs(5_000);
  clock: ClockState = "synced";
  hasStaffTags = true;
  readonly #start = at("2026-01-16T07:00:00Z");
  #seq = 0;

  constructor() {
    this.alarm = new StaffAlarm({
      shifts: [shift(9 * 60, 17 * 60, "fri")],
      timeZone: "Europe/Copenhagen",
      hasStaffTags: () => this.hasStaffTags,
      run: "r",
      onEvent: (event) => this.events.push(event),
    });
  }

  get anchor(): TimeAnchor {
    return {
      mono: this.mono,
      epoch: epochMs(this.#start + this.mono - 5_000),
      clock: this.clock,
    };
  }

  /** Lets time pass until so many minutes after eight, looking every quarter of a minute. */
  until(minute: number): this {
    while (this.mono < 5_000 + minute * MINUTE) {
      this.mono = monoMs(this.mono + 15_000);
      this.alarm.check(this.anchor);
    }
    return this;
  }

  #take(what: object): this {
    this.#seq += 1;
    const head = { source: "x", seq: this.#seq, at: this.anchor.epoch, clock: this.clock };
    this.alarm.take({ ...head, atMono: this.mono, ...what } as JourneyEvent, this.anchor);
    return this;
  }

  tag(state: TagState, kind: TagKind = "staff", id = "anna"): this {
    return this.#take({ kind: "tag-presence", tagId: tagId(id), tagKind: kind, state });
  }

  radio(state: SensorState, sensorId = "counter"): this {
    return this.#take({ kind: "sensor-changed", sensorKind: "radio", sensorId, state });
  }

  /** Minutes after eight at which the alarm began (+) and ended (-). */
  get told(): readonly string[] {
    return this.events.map(
      (event) => `${event.isPresent ? "+" : "-"}${(event.at - this.#start) / MINUTE}`,
    );
  }
}

test("when a shift has gone on for a quarter of an hour without a staff tag, somebody is told; once", () => {
  const day = new Friday().radio("seeing").until(200);
  assert.deepEqual(day.told, ["+75"]);
  assert.equal(day.events[0]?.unseenMs, 15 * MINUTE);
  assert.equal(day.alarm.isPresent, true);
});

test("it ends when a staff tag comes in, and begins anew a quarter of an hour after the last has left", () => {
  const day = new Friday().radio("seeing").until(100).tag("inside").until(130);
  assert.deepEqual(day.told, ["+75", "-100"]);
  day.tag("inside", "staff", "ben").tag("passing").until(300);
  assert.equal(day.events.length, 2);
  day.tag("outside", "staff", "ben").until(330);
  assert.deepEqual(day.told.slice(2), ["+315.25"]);
  assert.deepEqual(
    day.events.map(({ seq, source }) => `${source} ${seq}`),
    ["staff-alarm#r 0", "staff-alarm#r 1", "staff-alarm#r 2"],
  );
});

test("it ends with the shift", () => {
  const day = new Friday().radio("seeing").until(600);
  assert.deepEqual(day.told, ["+75", "-540"]);
});

test("tags of baskets and members, and staff passing by, are not staff inside", () => {
  const day = new Friday().radio("seeing").tag("inside", "basket").tag("inside", "loyalty-card");
  assert.deepEqual(day.tag("passing").until(100).told, ["+75"]);
});

test("while all receivers are blind nothing is claimed, and the grace begins anew when one sees", () => {
  const day = new Friday().until(100);
  assert.deepEqual(day.told, []);
  day.radio("seeing").radio("seeing", "door").until(110).radio("blind").until(112);
  day.radio("blind", "door").until(120).radio("seeing").until(134);
  assert.deepEqual(day.told, []);
  assert.deepEqual(day.until(140).told, ["+135.25"]);
});

test("after a restart within a shift staff has a quarter of an hour to be heard", () => {
  const day = new Friday();
  day.mono = monoMs(5_000 + 120 * MINUTE);
  day.radio("starting").radio("seeing").until(134).tag("inside").until(400);
  assert.deepEqual(day.told, []);
});

test("a clock that was never set says nothing about shifts, and losing it ends no alarm", () => {
  const day = new Friday().radio("seeing");
  day.clock = "unsynced";
  assert.deepEqual(day.until(200).told, []);
  day.clock = "holdover";
  assert.equal(day.until(220).told.length, 1);
  day.clock = "unsynced";
  assert.equal(day.until(240).told.length, 1);
});

test("a shop without staff tags misses nobody", () => {
  const day = new Friday().radio("seeing");
  day.hasStaffTags = false;
  assert.deepEqual(day.until(200).told, []);
});

test("a badge that becomes a basket while it is inside is nobody of the staff once it leaves", () => {
  const day = new Friday().radio("seeing").until(70).tag("inside").until(100);
  day.tag("outside", "basket").until(130);
  assert.deepEqual(day.told, ["+115.25"]);
});
