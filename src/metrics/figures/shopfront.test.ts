import assert from "node:assert/strict";
import { test } from "node:test";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { MetricId, MetricScope, MetricValue } from "../../core/metric-value.ts";
import { seededRandom } from "../../core/random.ts";
import type { SitePlan } from "../../core/site.ts";
import { createMetrics } from "../metrics.ts";

const MINUTE_MS = 60_000;
const DAY = utc("2026-11-20T04:00:00Z");
const STORE: MetricScope = { kind: "store" };
const at = (minute: number): EpochMs => epochMs(DAY + minute * MINUTE_MS);

/** A shop with a street door, a car-park door on a camera of its own, and two passing lines. */
function twoDoors(): SitePlan {
  const site = shopSite({ doors: ["street"] });
  const [entrance] = site.cameras;
  assert.ok(entrance?.lines[0] !== undefined);
  const back = { ...entrance.lines[0], id: "back" as (typeof entrance.lines)[0]["id"] };
  const cameraId = "yard" as typeof entrance.id;
  const yard = { ...entrance, id: cameraId, lines: [{ ...back, frontage: false }] };
  return { ...site, cameras: [...site.cameras, yard] };
}

function shop(site: SitePlan, events: readonly JourneyEvent[]) {
  const metrics = createMetrics({ site });
  for (const event of events) metrics.ingest(event);
  const ask = (metric: MetricId, minute = 600, scope = STORE, from = DAY): MetricValue =>
    metrics.value(metric, scope, from, at(minute));
  return { metrics, ask };
}

const times = (count: number, first: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

test("a group that comes in is one buying unit, and each of those who come alone", () => {
  const maker = new EventMaker();
  const { ask } = shop(shopSite(), [
    ...maker.allSeeing(DAY),
    ...times(6, 10).map((minute) => maker.crossing(at(minute), "door", "in")),
    maker.group(at(11), "door", "in", 3),
    maker.group(at(14), "door", "in", 2),
  ]);
  const value = ask("buying-units");
  assert.deepEqual([value.value, value.n, value.unit, value.method], [3, 3, "count", "count"]);
  assert.equal(value.reason, null);
  assert.equal(ask("entrants").value, 6, "the entrants stay what they are");
  assert.equal(ask("buying-units", 600, { kind: "line", id: "door" }).value, 3);
});

test("a group that steps out and in again is one buying unit still, with whoever joins it", () => {
  const maker = new EventMaker();
  const come = (minute: number, tracks: readonly number[]): JourneyEvent[] => [
    ...tracks.map((track) => maker.crossing(at(minute), "door", "in", { track })),
    maker.group(at(minute), "door", "in", tracks.length, tracks),
  ];
  const events = [...maker.allSeeing(DAY), ...come(10, [7, 8]), ...come(14, [7, 8])];
  const pair = shop(shopSite(), events);
  assert.deepEqual([pair.ask("entrants").value, pair.ask("buying-units").value], [2, 1]);
  const joined = shop(shopSite(), [...events, ...come(17, [7, 8, 9])]);
  assert.deepEqual([joined.ask("entrants").value, joined.ask("buying-units").value], [3, 1]);
  const later = shop(shopSite(), [...events, ...come(60, [7, 8])]);
  assert.deepEqual([later.ask("entrants").value, later.ask("buying-units").value], [4, 2]);
});

test("groups that leave, or walk past, make no buying unit smaller", () => {
  const maker = new EventMaker();
  const { ask } = shop(shopSite(), [
    ...maker.allSeeing(DAY),
    ...times(4, 10).map((minute) => maker.crossing(at(minute), "door", "in")),
    maker.group(at(11), "door", "out", 3),
    maker.group(at(12), "pass-left", "in", 4),
  ]);
  assert.equal(ask("buying-units").value, 4);
});

test("while no group was ever seen, buying units equal entrants and say so", () => {
  const maker = new EventMaker();
  const events = [...maker.allSeeing(DAY), maker.crossing(at(10), "door", "in")];
  const value = shop(shopSite(), events).ask("buying-units");
  assert.deepEqual([value.value, value.reason?.code], [1, "no-groups"]);
});

test("a group told twice counts once, one told late corrects, one of an unknown line is refused", () => {
  const maker = new EventMaker();
  const group = maker.group(at(10), "door", "in", 2);
  const { ask, metrics } = shop(shopSite(), [
    ...maker.allSeeing(DAY),
    ...times(3, 10).map((minute) => maker.crossing(at(minute), "door", "in")),
    maker.crossing(at(60), "door", "in"),
    group,
    group,
    maker.group(at(61), "nowhere", "in", 2),
  ]);
  assert.deepEqual([ask("buying-units").value, ask("buying-units").revision], [3, 1]);
  assert.equal(ask("entrants").revision, 0);
  const { duplicates, unknownIds, late } = metrics.counters;
  assert.deepEqual([duplicates, unknownIds, late], [1, 1, 1]);
});

test("a blind door camera leaves buying units unknown, a shop without a door has none", () => {
  const maker = new EventMaker();
  const blind = shop(shopSite(), [maker.sensor(DAY, "entrance", "blind")]).ask("buying-units");
  assert.deepEqual([blind.value, blind.reason?.code], [null, "sensor-blind"]);
  const none = shop(shopSite({ doors: [] }), []).ask("buying-units");
  assert.equal(none.reason?.code, "no-door-line");
});

test("buying units of parts add up, in any order of arrival", () => {
  const maker = new EventMaker();
  const random = seededRandom(4);
  const events: JourneyEvent[] = [...maker.allSeeing(DAY)];
  for (let i = 0; i < 200; i += 1) {
    const minute = 5 + Math.floor(random() * 580);
    const size = 1 + Math.floor(random() * 4);
    for (let k = 0; k < size; k += 1) events.push(maker.crossing(at(minute), "door", "in"));
    if (size > 1) events.push(maker.group(at(minute), "door", "in", size));
  }
  const { ask } = shop(shopSite(), events);
  assert.equal(ask("buying-units").value, 200);
  for (const cut of [17, 100, 333]) {
    const before: number = ask("buying-units", cut).value ?? 0;
    const rest: number = ask("buying-units", 600, STORE, at(cut)).value ?? 0;
    assert.equal(before + rest, 200);
  }
  const mixed = events.map((event) => ({ event, rank: random() })).sort((a, b) => a.rank - b.rank);
  const again = shop(
    shopSite(),
    mixed.map(({ event }) => event),
  );
  assert.equal(again.ask("buying-units").value, 200);
});

test("shopfront conversion counts those from the street only, entrants count them all", () => {
  const maker = new EventMaker();
  const { ask } = shop(twoDoors(), [
    ...["entrance", "front", "yard"].map((id) => maker.sensor(DAY, id)),
    ...times(50, 10).map((minute) => maker.crossing(at(minute), "pass-left", "in")),
    ...times(10, 20).map((minute) => maker.crossing(at(minute), "street", "in")),
    ...times(25, 100).map((minute) => maker.crossing(at(minute), "back", "in", { role: "door" })),
  ]);
  assert.equal(ask("entrants").value, 35);
  const conversion = ask("shopfront-conversion");
  assert.equal(conversion.value, 0.2);
  assert.equal(conversion.definition.parameters["doors"], "frontage");
  assert.equal(conversion.definition.version, 4);
});

test("a blind back-door camera does not touch shopfront conversion", () => {
  const maker = new EventMaker();
  const { ask } = shop(twoDoors(), [
    ...["entrance", "front"].map((id) => maker.sensor(DAY, id)),
    maker.sensor(DAY, "yard", "blind"),
    ...times(50, 10).map((minute) => maker.crossing(at(minute), "pass-right", "in")),
    ...times(5, 20).map((minute) => maker.crossing(at(minute), "street", "in")),
  ]);
  const conversion = ask("shopfront-conversion");
  assert.deepEqual([conversion.value, conversion.coverage], [0.1, 1]);
  assert.equal(ask("entrants").coverage, 0);
});

test("somebody who came in at the back and steps in at the front again is merged at the front only", () => {
  const maker = new EventMaker();
  const events = [
    ...["entrance", "front", "yard"].map((id) => maker.sensor(DAY, id)),
    ...times(30, 10).map((minute) => maker.crossing(at(minute), "pass-left", "in")),
    ...times(6, 20).map((minute) => maker.crossing(at(minute), "street", "in")),
    maker.crossing(at(30), "back", "in", { track: 7, role: "door" }),
    maker.crossing(at(33), "street", "in", { track: 7 }),
  ];
  assert.equal(shop(twoDoors(), events).ask("shopfront-conversion").value, 6 / 30);
  assert.equal(shop(twoDoors(), [...events].reverse()).ask("shopfront-conversion").value, 6 / 30);
});

test("a shop with back doors only has no shopfront conversion, and the reason says so", () => {
  const site = twoDoors();
  const cameras = site.cameras.map((camera) =>
    camera.id === "entrance" ? { ...camera, lines: [] } : camera,
  );
  const value = shop({ ...site, cameras }, []).ask("shopfront-conversion");
  assert.deepEqual([value.value, value.reason?.code], [null, "no-street-door"]);
});

for (const code of ["CAMERA_FROZEN", "CAMERA_COVERED"] as const) {
  test(`a camera blind with ${code} lowers coverage like any blind camera, until it sees again`, () => {
    const maker = new EventMaker();
    const blind = { ...maker.sensor(at(100), "entrance", "blind"), code };
    const { ask } = shop(shopSite(), [
      ...maker.allSeeing(DAY),
      maker.crossing(at(50), "door", "in"),
      blind,
      maker.sensor(at(200), "entrance"),
      maker.crossing(at(300), "door", "in"),
    ]);
    assert.deepEqual([ask("entrants", 400).value, ask("entrants", 400).coverage], [2, 0.75]);
    assert.equal(ask("entrants", 150).reason?.code, "partly-blind");
    assert.match(ask("entrants", 150).reason?.text ?? "", /Camera entrance blind since/);
  });
}

test("a condition of a camera that still sees changes neither a figure nor its coverage", () => {
  const maker = new EventMaker();
  const head = maker.sensor(at(100), "entrance");
  const { state: _, code: __, ...sensor } = head;
  const condition = {
    ...sensor,
    kind: "sensor-condition",
    condition: "slow",
    isPresent: true,
    measured: { fps: 3, targetFps: 8 },
  } as const;
  const crossing = maker.crossing(at(50), "door", "in");
  const { ask } = shop(shopSite(), [...maker.allSeeing(DAY), crossing, condition]);
  assert.deepEqual([ask("entrants", 400).value, ask("entrants", 400).coverage], [1, 1]);
});
