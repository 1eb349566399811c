import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { VisitMaker } from "../../../test/fakes/completed-visits.ts";
import { EventMaker, utc } from "../../../test/fakes/journey-events.ts";
import {
  cameraId,
  type EpochMs,
  epochMs,
  monoMs,
  tagId,
  trackId,
  zoneId,
} from "../../core/brand.ts";
import type {
  CrossingRecorded,
  TagPresenceRecorded,
  TagState,
  TrackRenameRecorded,
  ZoneStayEnded,
} from "../../core/events.ts";
import type { TagKind } from "../../core/site.ts";
import { OpenVisits } from "./open-visits.ts";

const DAY = utc("2026-11-20T04:00:00Z");
const at = (minute: number): EpochMs => epochMs(DAY + minute * 60_000);

function openShop(unseenFrom: number | null = null): OpenVisits {
  return new OpenVisits({
    reentryGapMs: 15 * 60_000,
    followed: new Set(["entrance"]),
    isInside: (zone) => zone !== "window",
    firstUnseen: (_, from, to) => {
      const unseen = unseenFrom === null ? null : at(unseenFrom);
      return unseen !== null && unseen > from && unseen <= to ? unseen : null;
    },
  });
}

/** Minutes of entry of those inside at a minute. */
const inside = (visits: OpenVisits, minute: number): number[] =>
  visits
    .openAt(at(minute))
    .map(({ enteredAt }) => (enteredAt - DAY) / 60_000)
    .sort((a, b) => a - b);

const maker = new EventMaker();
const go = (minute: number, direction: "in" | "out", track: number): CrossingRecorded =>
  maker.crossing(at(minute), "door", direction, { track });

let heard = 0;
function presence(
  minute: number,
  state: TagState,
  tagKind: TagKind = "basket",
): TagPresenceRecorded {
  heard += 1;
  return {
    source: "tags#a",
    seq: heard,
    at: at(minute),
    atMono: monoMs(minute),
    clock: "synced",
    kind: "tag-presence",
    tagId: tagId("one"),
    tagKind,
    state,
    previous: state === "inside" ? "passing" : "inside",
  };
}

test("whoever came in and did not go out is inside, since they came in", () => {
  const visits = openShop();
  for (const event of [go(10, "in", 1), go(12, "in", 2), go(20, "out", 1)])
    visits.takeCrossing(event);
  assert.deepEqual(inside(visits, 15), [10, 12]);
  assert.deepEqual(inside(visits, 30), [12]);
  assert.deepEqual(inside(visits, 11), [10]);
});

test("back within the gap it is the same visit, after it a new one", () => {
  const visits = openShop();
  for (const event of [go(10, "in", 1), go(20, "out", 1), go(30, "in", 1)])
    visits.takeCrossing(event);
  assert.deepEqual(inside(visits, 40), [10]);
  for (const event of [go(40, "out", 1), go(60, "in", 1)]) visits.takeCrossing(event);
  assert.deepEqual(inside(visits, 70), [60]);
});

test("who went out may still come back, and is told apart for as long", () => {
  const visits = openShop();
  for (const event of [go(10, "in", 1), go(20, "out", 1)]) visits.takeCrossing(event);
  const left = (minute: number): unknown =>
    visits.leftAt(at(minute)).map(({ enteredAt, exitedAt }) => [enteredAt, exitedAt]);
  assert.deepEqual(left(30), [[at(10), at(20)]]);
  assert.deepEqual(left(36), []);
});

test("a visit that was told as a whole is not open, whatever came first", () => {
  const came = go(10, "in", 1);
  const told = new VisitMaker().visit(at(10), { lengthS: 600, change: { began: came } });
  for (const order of ["told first", "told last"]) {
    const visits = openShop();
    if (order === "told first") visits.takeCompleted(told);
    visits.takeCrossing(came);
    if (order === "told last") visits.takeCompleted(told);
    assert.deepEqual(inside(visits, 30), [], order);
    visits.takeCrossing(go(50, "in", 1));
    assert.deepEqual(inside(visits, 51), [50]);
  }
});

test("staff, and whoever the camera lost when it stopped seeing, are not inside", () => {
  const visits = openShop(15);
  const staff = go(12, "in", 2);
  for (const event of [go(10, "in", 1), staff, go(16, "in", 3)]) visits.takeCrossing(event);
  visits.takeStaff(maker.staff(staff));
  assert.deepEqual(inside(visits, 14), [10]);
  assert.deepEqual(inside(visits, 20), [16]);
});

test("a camera that follows nobody tells of no visit, and half a day is too long for one", () => {
  const visits = openShop();
  visits.takeCrossing({ ...go(10, "in", 1), cameraId: cameraId("floor") });
  assert.deepEqual(inside(visits, 11), []);
  visits.takeCrossing(go(10, "in", 2));
  assert.deepEqual(inside(visits, 12 * 60), [10]);
  assert.deepEqual(inside(visits, 12 * 60 + 11), []);
});

test("tags that customers carry are inside from when they are heard inside", () => {
  const visits = openShop();
  visits.takePresence(presence(10, "inside"));
  assert.deepEqual(visits.openAt(at(20)), [
    { method: "tag", tagKind: "basket", enteredAt: at(10) },
  ]);
  visits.takePresence(presence(30, "outside"));
  assert.deepEqual(inside(visits, 31), []);
  visits.takePresence({ ...presence(40, "inside", "staff"), tagId: tagId("ann") });
  assert.deepEqual(inside(visits, 41), []);
});

test("two numbers that are one person are one visit", () => {
  const visits = openShop();
  for (const event of [go(10, "in", 1), go(20, "out", 2)]) visits.takeCrossing(event);
  assert.deepEqual(inside(visits, 30), [10]);
  const rename: TrackRenameRecorded = {
    ...go(20, "out", 3),
    kind: "track-renamed",
    from: trackId(1),
    to: trackId(2),
    isUndone: false,
  };
  visits.takeRename(rename);
  assert.deepEqual(inside(visits, 30), []);
});

/** A stay at the table, of the same camera as the door. */
const sit = (from: number, to: number, track: number, isLost = false): ZoneStayEnded => ({
  ...maker.zoneExited(at(to), "table", track, (to - from) * 60_000, isLost),
  source: "stays:entrance#a",
  cameraId: cameraId("entrance"),
});

/** Minutes since which people are known to be present at a minute. */
const there = (visits: OpenVisits, minute: number): number[] =>
  visits
    .presentAt(at(minute))
    .map(({ from }) => (from - DAY) / 60_000)
    .sort((a, b) => a - b);

test("who was seen in a zone is present, whether or not the door counted them in", () => {
  const visits = openShop();
  visits.takeCrossing(go(10, "in", 1));
  visits.takeStay(sit(12, 30, 2));
  visits.takeStay({ ...sit(12, 30, 3), zoneId: zoneId("window") });
  visits.takeStay({ ...sit(12, 30, 4), cameraId: cameraId("floor") });
  assert.deepEqual(there(visits, 20), [10, 12]);
  assert.deepEqual(inside(visits, 20), [10], "a visit needs an entry");
});

test("a person goes on under another number, whichever the camera uses from then on", () => {
  for (const later of [1, 2]) {
    const visits = openShop();
    visits.takeCrossing(go(10, "in", 1));
    visits.takeStay(sit(12, 14, 1, true));
    assert.deepEqual(there(visits, 15), [], "lost");
    visits.takeStay(sit(16, 18, 2));
    const rename: TrackRenameRecorded = {
      ...go(17, "in", 3),
      source: "counter:entrance#a",
      kind: "track-renamed",
      from: trackId(2),
      to: trackId(1),
      isUndone: false,
    };
    visits.takeRename(rename);
    assert.deepEqual(there(visits, 17), [10], `one person, told by its counter: ${later}`);
    visits.takeCrossing(go(20, "out", later));
    assert.deepEqual(there(visits, 21), [], `gone under number ${later}`);
    assert.deepEqual(inside(visits, 21), []);
  }
});

test("a visit that began unseen is over when it is told, however much came after", () => {
  const visits = openShop();
  const first = sit(10, 12, 1);
  visits.takeStay(first);
  for (let minute = 20; minute < 40; minute += 1) visits.takeStay(sit(minute, minute + 0.5, 1));
  for (let track = 100; track < 4000; track += 1) visits.takeStay(sit(30, 31, track));
  assert.ok(there(visits, 39.2).includes(10));
  visits.takeCompleted(new VisitMaker().visit(at(10), { lengthS: 1800, change: { began: first } }));
  assert.equal(there(visits, 39.2).includes(10), false);
});

test("of a day that is over nobody is left who was not told", () => {
  const visits = openShop();
  visits.takeStay(sit(10, 30, 1));
  assert.deepEqual(there(visits, 20), [10]);
  visits.settle(at(1440), at(1440));
  assert.deepEqual(there(visits, 20), []);
  assert.deepEqual(visits.leftTracksAt(at(20)), []);
});

test("who was not seen when the camera went blind is not known to be present", () => {
  const visits = openShop(25);
  for (const stay of [sit(10, 20, 1), sit(10, 40, 2)]) visits.takeStay(stay);
  assert.deepEqual(there(visits, 22), [10, 10]);
  assert.deepEqual(there(visits, 30), [10], "only who was seen afterwards");
});

test("who is inside does not depend on the order of arrival, and memory is bounded", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 9 })), {
        maxLength: 40,
      }),
      fc.func(fc.nat()),
      (passes, rank) => {
        const events = passes.map(([minute, track], i) =>
          go(minute + i / 100, i % 2 === 0 ? "in" : "out", track),
        );
        const mixed = [...events].sort((a, b) => rank(a.seq) - rank(b.seq));
        const read = (list: readonly CrossingRecorded[]): number[] => {
          const visits = openShop();
          for (const event of list) visits.takeCrossing(event);
          return inside(visits, 300);
        };
        assert.deepEqual(read(mixed), read(events));
      },
    ),
    { numRuns: 100, seed: 5 },
  );
  const visits = openShop();
  for (let track = 0; track < 10_000; track += 1) visits.takeCrossing(go(1, "in", track));
  assert.ok(visits.size <= 3 * 4096);
  assert.equal(inside(visits, 2).length, 4096);
});
