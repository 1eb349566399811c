import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { tagId } from "../../core/brand.ts";
import type { JourneyEvent, StaffUnseenRecorded } from "../../core/events.ts";
import type { TagKind, TagPlan } from "../../core/site.ts";
import { createStaffWatch, type StaffWatch } from "./staff-watch.ts";

const tag = (kind: TagKind): TagPlan => ({
  id: tagId(kind),
  kind,
  beacon: { format: "altbeacon", id: "0".repeat(40) },
});

function watch(
  tags: readonly TagPlan[],
  hasShifts = true,
): {
  readonly staff: StaffWatch;
  readonly events: StaffUnseenRecorded[];
  readonly pass: () => void;
} {
  const site = shopSite();
  const shifts = { days: ["fri" as const], fromMin: 540, toMin: 1_020 };
  const clock = new FakeClock({ epoch: utc("2026-11-20T09:00:00Z") });
  const events: StaffUnseenRecorded[] = [];
  const anchor = () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" as const });
  const staff = createStaffWatch({
    site: { ...site, ...(hasShifts ? { staffShifts: [shifts] } : {}) },
    tags: () => tags,
    boot: "b",
    anchor,
    onEvent: (event) => events.push(event),
  });
  const seeing = { kind: "sensor-changed", sensorKind: "radio", sensorId: "r", state: "seeing" };
  staff.take({ ...seeing, atMono: clock.mono() } as unknown as JourneyEvent);
  for (const { name, periodMs, run } of staff.chores) clock.every(periodMs, name, run);
  return { staff, events, pass: () => clock.advance(16 * 60_000) };
}

test("missing staff is an event and a notice", () => {
  const { staff, events, pass } = watch([tag("staff")]);
  assert.deepEqual(staff.notices(), []);
  pass();
  assert.deepEqual(
    events.map(({ kind, isPresent }) => [kind, isPresent]),
    [["staff-unseen", true]],
  );
  assert.match(staff.notices()[0] ?? "", /no staff tag is inside/);
});

test("shifts without a staff tag are named once and for all, and raise nothing", () => {
  const { staff, events, pass } = watch([tag("basket")]);
  pass();
  assert.deepEqual(events, []);
  assert.match(staff.notices()[0] ?? "", /no staff tag: nobody can be missed/);
});

test("a plan without shifts asks for nobody", () => {
  const { staff, events, pass } = watch([], false);
  pass();
  assert.deepEqual([events, staff.notices(), staff.chores], [[], [], []]);
});
