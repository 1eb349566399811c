import assert from "node:assert/strict";
import { test } from "node:test";
import { shopSite } from "../../test/fakes/journey-events.ts";
import { epochMs, monoMs, tagId } from "../core/brand.ts";
import type { BasketReported, JourneyEvent } from "../core/events.ts";
import { createJourney, type Journey } from "./journey.ts";

function startJourney(): { readonly journey: Journey; readonly told: JourneyEvent[] } {
  const told: JourneyEvent[] = [];
  const tags = ["b", "c"].map((id) => ({
    id: tagId(id),
    kind: "basket" as const,
    beacon: { format: "altbeacon" as const, id: "00".repeat(20) },
  }));
  const journey = createJourney({
    site: { ...shopSite(), tags },
    anchor: () => ({ mono: monoMs(0), epoch: epochMs(1_800_000_000_000), clock: "synced" }),
    onEvent: (event) => told.push(event),
  });
  return { journey, told };
}

const added = (seq: number, changeId?: string, tag = "b"): BasketReported => ({
  kind: "basket-reported",
  source: "basket:gw1#1",
  seq,
  atMono: monoMs(1_000 * seq),
  tagId: tagId(tag),
  change: "add",
  sku: null,
  units: 1,
  zoneId: null,
  ...(changeId === undefined ? {} : { changeId }),
});

test("a change that comes again under its id counts once; the same id of another basket is another", () => {
  const { journey, told } = startJourney();
  for (const change of [added(0, "x"), added(1, "x"), added(2, "y"), added(3, "x", "c")])
    journey.ingest(change);
  assert.deepEqual(
    told.map((event) => event.seq),
    [0, 2, 3],
  );
  assert.equal(journey.counters.repeatedBaskets, 1);
});

test("changes without an id are all different", () => {
  const { journey, told } = startJourney();
  for (const change of [added(0), added(1)]) journey.ingest(change);
  assert.equal(told.length, 2);
});

test("what was told before a restart is not told again when the broker delivers it again", () => {
  const before = startJourney();
  before.journey.ingest(added(0, "x"));
  const after = startJourney();
  for (const event of before.told) after.journey.restore(event);
  after.journey.ingest({ ...added(0, "x"), source: "basket:gw1#2" });
  after.journey.ingest({ ...added(1, "y"), source: "basket:gw1#2" });
  assert.deepEqual(
    after.told.map((event) => event.kind === "basket-changed" && event.changeId),
    ["y"],
  );
});

test("an unknown tag does not use up an id", () => {
  const { journey, told } = startJourney();
  journey.ingest(added(0, "x", "nobody"));
  journey.ingest(added(1, "x"));
  assert.equal(told.length, 1);
});
