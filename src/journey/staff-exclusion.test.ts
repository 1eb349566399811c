import assert from "node:assert/strict";
import { test } from "node:test";
import { shopSite } from "../../test/fakes/journey-events.ts";
import { cameraId, type EpochMs, epochMs, lineId, monoMs, tagId, trackId } from "../core/brand.ts";
import type {
  CrossingDirection,
  JourneyEvent,
  SensorEvent,
  StaffCrossingRecorded,
} from "../core/events.ts";
import type { SitePlan, TagKind } from "../core/site.ts";
import { createJourney, type Journey } from "./journey.ts";

const BOOT = 1_800_000_000_000;
const wall = (second: number): EpochMs => epochMs(BOOT + second * 1000);

const site: SitePlan = {
  ...shopSite(),
  tags: (["staff", "basket"] as const).map((kind) => ({
    id: tagId(kind),
    kind,
    beacon: { format: "altbeacon", id: "00".repeat(20) },
  })),
};

function startJourney(): { journey: Journey; marks: StaffCrossingRecorded[] } {
  const marks: StaffCrossingRecorded[] = [];
  const onEvent = (event: JourneyEvent): void => {
    if (event.kind === "staff-crossed") marks.push(event);
  };
  const anchor = { mono: monoMs(0), epoch: epochMs(BOOT), clock: "holdover" } as const;
  return { journey: createJourney({ site, anchor: () => anchor, onEvent }), marks };
}

const crossing = (second: number, seq: number, line = "door"): SensorEvent => ({
  source: "camera:entrance#1",
  seq,
  kind: "line-crossed",
  atMono: monoMs(second * 1000 + 0.25),
  cameraId: cameraId("entrance"),
  lineId: lineId(line),
  trackId: trackId(seq),
  direction: "in",
  confidence: 0.8,
  path: [],
});

const atDoor = (
  second: number,
  part: { tag?: TagKind; line?: string; direction?: CrossingDirection; run?: string } = {},
): SensorEvent => ({
  source: `radio-door:fused#${part.run ?? "a"}`,
  seq: 0,
  kind: "tag-at-door",
  atMono: monoMs(second * 1000),
  tagId: tagId(part.tag ?? "staff"),
  tagKind: part.tag ?? "staff",
  lineId: lineId(part.line ?? "door"),
  fromMono: monoMs(second * 1000 - 2000),
  toMono: monoMs(second * 1000 + 2000),
  probability: 0.95,
  direction: part.direction ?? "in",
});

test("a staff tag at the door marks the crossing there, two minutes later, by its origin", () => {
  const { journey, marks } = startJourney();
  journey.ingest(crossing(100, 7));
  journey.ingest(atDoor(101));
  journey.advance(wall(101 + 2 + 3 + 119));
  assert.equal(marks.length, 0);
  journey.advance(wall(101 + 2 + 3 + 120));
  assert.equal(marks.length, 1);
  const probability = marks[0]?.probability ?? Number.NaN;
  assert.ok(probability > 0.9 && probability <= 1);
  assert.deepEqual(marks[0], {
    probability,
    source: "staff:fused#a",
    seq: 0,
    at: BOOT + 100_000,
    atMono: 100_000.25,
    clock: "holdover",
    kind: "staff-crossed",
    tagId: "staff",
    lineId: "door",
    direction: "in",
    crossing: { source: "camera:entrance#1", seq: 7 },
  });
  const { staffPassages, staffCrossings, staffDropped } = journey.counters;
  assert.deepEqual([staffPassages, staffCrossings, staffDropped], [1, 1, 0]);
});

test("the end of a run decides what waits", () => {
  const { journey, marks } = startJourney();
  journey.ingest(atDoor(101));
  journey.ingest(crossing(100, 0));
  journey.finish();
  assert.equal(marks.length, 1);
});

test("baskets, unknown tags and lines that are no doors mark nobody", () => {
  const { journey, marks } = startJourney();
  journey.ingest(crossing(100, 0));
  journey.ingest(crossing(100, 1, "aisle"));
  journey.ingest(atDoor(100, { tag: "basket" }));
  journey.ingest(atDoor(100, { line: "aisle" }));
  journey.ingest(atDoor(100, { line: "nowhere" }));
  const stranger = atDoor(100);
  assert.ok(stranger.kind === "tag-at-door");
  journey.ingest({ ...stranger, tagId: tagId("stranger") });
  journey.finish();
  assert.deepEqual(marks, []);
  assert.deepEqual([journey.counters.unknownTags, journey.counters.unknownLines], [1, 1]);
});

test("marks are numbered per run of the radio, and a replay gives the same", () => {
  const tell = (): StaffCrossingRecorded[] => {
    const { journey, marks } = startJourney();
    for (const [i, run] of ["a", "a", "b"].entries()) {
      journey.ingest(crossing(100 * i, i));
      journey.ingest(atDoor(100 * i, { run }));
    }
    journey.finish();
    return marks;
  };
  const marks = tell();
  assert.deepEqual(
    marks.map(({ source, seq }) => `${source} ${seq}`),
    ["staff:fused#a 0", "staff:fused#a 1", "staff:fused#b 0"],
  );
  assert.deepEqual(tell(), marks);
});
