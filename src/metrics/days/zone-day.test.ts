import assert from "node:assert/strict";
import { test } from "node:test";
import { fullShop } from "../../../test/fakes/full-day.ts";
import { EventMaker, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs, monoMs, tagId, zoneId } from "../../core/brand.ts";
import type { TagZoneStayBegan, TagZoneStayEnded } from "../../core/events.ts";
import type { TagKind } from "../../core/site.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import { ZoneDay } from "./zone-day.ts";

const DAY = utc("2026-11-20T04:00:00Z");
const WHOLE = { from: 0, to: 1440 };
const at = (minute: number): EpochMs => epochMs(DAY + minute * 60_000);

let told = 0;
const head = (time: EpochMs, tag: string, tagKind: TagKind, zone: string, run: string) => {
  told += 1;
  return {
    source: `zones#${run}`,
    seq: told,
    at: time,
    atMono: monoMs(time),
    clock: "synced" as const,
    tagId: tagId(tag),
    tagKind,
    zoneId: zoneId(zone),
    confidence: 0.9,
  };
};

const came = (minute: number, tag: string, zone: string, kind: TagKind = "basket", run = "a") =>
  ({ ...head(at(minute), tag, kind, zone, run), kind: "tag-zone-entered" }) as TagZoneStayBegan;

const went = (
  minute: number,
  tag: string,
  zone: string,
  minutes: number,
  kind: TagKind = "basket",
  run = "a",
) => {
  const ended = { kind: "tag-zone-exited", dwellMs: minutes * 60_000, censored: false };
  return { ...head(at(minute), tag, kind, zone, run), ...ended } as TagZoneStayEnded;
};

/** Visits and minutes in a zone of the floor on the first day, once all is final. */
function stayed(metrics: Metrics, zone: string): [number, number] {
  metrics.ingest(new EventMaker(`end-${told}`).sensor(at(1439), "floor"));
  const day = metrics.sources.book.find(DAY)?.tagZones.get(zoneId(zone));
  return [day?.visits(WHOLE) ?? -1, (day?.presenceMs(WHOLE) ?? -1) / 60_000];
}

test("stays of customers' tags are those of the floor's zones, apart from what cameras see", () => {
  const metrics = createMetrics({ site: fullShop() });
  for (const event of [came(10, "b1", "table"), went(13, "b1", "table", 3)]) metrics.ingest(event);
  metrics.ingest(went(20, "card", "cellar", 2, "loyalty-card"));
  assert.deepEqual(stayed(metrics, "table"), [1, 3]);
  assert.deepEqual(stayed(metrics, "cellar"), [1, 2]);
  const seen = metrics.sources.book.find(DAY)?.zones.get(zoneId("table"));
  assert.equal(seen?.visits(WHOLE), 0);
});

test("tags of staff and things are nobody's stay, and a zone that is not on the floor is unknown", () => {
  const metrics = createMetrics({ site: fullShop() });
  metrics.ingest(went(20, "ann", "cellar", 5, "staff"));
  metrics.ingest(went(20, "ladder", "cellar", 5, "asset"));
  metrics.ingest(went(20, "b1", "shoes", 5));
  metrics.ingest(went(20, "b1", "table", 1));
  assert.deepEqual(stayed(metrics, "cellar"), [0, 0]);
  assert.equal(metrics.counters.unknownIds, 1);
});

test("a tag is the same through a restart of what listens for it", () => {
  const metrics = createMetrics({ site: fullShop() });
  metrics.ingest(came(10, "b1", "cellar"));
  metrics.ingest(went(14, "b1", "cellar", 4, "basket", "b"));
  assert.deepEqual([...metrics.sources.tagStays.pending(zoneId("cellar"))].length, 1);
  assert.deepEqual(stayed(metrics, "cellar"), [1, 4]);
  assert.equal(metrics.footprint.zoneTracks, 0);
});

test("who is in one zone is told without those of others", () => {
  const metrics = createMetrics({ site: fullShop() });
  for (const [tag, zone] of [
    ["b1", "table"],
    ["b2", "cellar"],
    ["b3", "cellar"],
  ] as const)
    metrics.ingest(came(10, tag, zone));
  const { tagStays } = metrics.sources;
  assert.equal([...tagStays.pending(zoneId("cellar"))].length, 2);
  assert.equal([...tagStays.pending()].length, 3);
  assert.deepEqual([...tagStays.pending(zoneId("shoes"))], []);
});

test("a dwell comes back as it was, censored or not, however short", () => {
  const zone = new ZoneDay(1440);
  zone.addStay(5, { ms: 5000, isCensored: true }, false);
  zone.addStay(6, { ms: 60_000, isCensored: false }, true);
  zone.addStay(7, { ms: 4999, isCensored: false }, false);
  const again = new ZoneDay(1440);
  again.restore(JSON.parse(JSON.stringify(zone.toRecord())));
  for (const one of [zone, again]) {
    const durations: object[] = [];
    one.collect({ from: 5, to: 7 }, 100, durations as never);
    assert.deepEqual(durations, [
      { ms: 5000, isCensored: true, minute: 105 },
      { ms: 60_000, isCensored: false, minute: 106 },
    ]);
    assert.deepEqual([one.visits(WHOLE), one.revision(WHOLE)], [2, 1]);
  }
});
