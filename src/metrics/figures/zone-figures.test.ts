import assert from "node:assert/strict";
import { test } from "node:test";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import { createMetrics } from "../metrics.ts";

const DAY = utc("2026-11-20T04:00:00Z");
/** Seconds after the trading day began. */
const at = (seconds: number): EpochMs => epochMs(DAY + seconds * 1000);

interface Floor {
  readonly maker: EventMaker;
  add(...events: readonly JourneyEvent[]): void;
  stay(track: number, from: number, to: number, censored?: boolean): void;
  ask(metric: MetricId, until?: number, from?: number): MetricValue;
}

function openFloor(): Floor {
  const maker = new EventMaker();
  const metrics = createMetrics({ site: shopSite() });
  const add = (...events: readonly JourneyEvent[]): void => {
    for (const event of events) metrics.ingest(event);
  };
  add(...maker.allSeeing(at(0)));
  return {
    maker,
    add,
    stay(track, from, to, censored = false) {
      add(
        maker.zoneEntered(at(from), "table", track),
        maker.zoneExited(at(to), "table", track, (to - from) * 1000, censored),
      );
    },
    ask: (metric, until = 3600, from = 0) =>
      metrics.value(metric, { kind: "zone", id: "table" }, at(from), at(until)),
  };
}

test("visits, median and total dwell come from the stays", () => {
  const floor = openFloor();
  floor.stay(1, 100, 120);
  floor.stay(2, 200, 240);
  floor.stay(3, 300, 390);
  assert.equal(floor.ask("zone-visits").value, 3);
  assert.equal(floor.ask("zone-dwell-median").value, 40_000);
  assert.equal(floor.ask("zone-dwell-mean").value, 50_000);
  assert.equal(floor.ask("zone-dwell-total").value, 150_000);
  assert.equal(floor.ask("zone-people-now").value, 0);
});

test("walking through is time spent but no visit", () => {
  const floor = openFloor();
  floor.stay(1, 100, 104);
  assert.equal(floor.ask("zone-visits").value, 0);
  assert.equal(floor.ask("zone-dwell-total").value, 4000);
  assert.equal(floor.ask("zone-dwell-median").reason?.code, "no-visits");
});

test("a short break on the same track is bridged, a long one or another track is not", () => {
  const floor = openFloor();
  floor.stay(1, 100, 110);
  floor.stay(1, 119, 130);
  floor.stay(1, 140, 150);
  floor.stay(2, 131, 137);
  assert.equal(floor.ask("zone-visits").value, 3);
  assert.equal(floor.ask("zone-dwell-total").value, 46_000);
});

test("people now are those whose stay is open, bridged breaks counting from the first entry", () => {
  const floor = openFloor();
  floor.stay(1, 100, 110);
  floor.add(
    floor.maker.zoneEntered(at(115), "table", 1),
    floor.maker.zoneEntered(at(118), "table", 2),
  );
  assert.equal(floor.ask("zone-people-now", 120).value, 2);
  assert.equal(floor.ask("zone-dwell-total", 120).value, 22_000);
  assert.equal(floor.ask("zone-visits", 120).value, 1);
  assert.equal(floor.ask("zone-visits", 130).value, 2);
});

test("a stay whose end was not seen counts in the total and enters the median as a lower bound", () => {
  const floor = openFloor();
  floor.stay(1, 100, 110, true);
  for (const [i, dwell] of [20, 30, 40].entries())
    floor.stay(i + 2, 200 + 100 * i, 200 + 100 * i + dwell);
  assert.equal(floor.ask("zone-dwell-total").value, 100_000);
  const median = floor.ask("zone-dwell-median");
  assert.equal(median.value, 30_000);
  assert.equal(median.reason?.code, "censored-stays");
  assert.match(median.reason?.text ?? "", /1 of 4/);
});

test("when the camera goes blind, open stays end there as lower bounds and nobody is known to be there", () => {
  const floor = openFloor();
  floor.add(
    floor.maker.zoneEntered(at(100), "table", 1),
    floor.maker.sensor(at(160), "floor", "blind"),
  );
  assert.equal(floor.ask("zone-people-now", 200).value, null);
  assert.equal(floor.ask("zone-people-now", 200).reason?.code, "sensor-blind");
  assert.equal(floor.ask("zone-dwell-total", 200).value, 60_000);
  floor.add(floor.maker.sensor(at(210), "floor"));
  assert.equal(floor.ask("zone-people-now", 240).value, 0);
  assert.equal(floor.ask("zone-dwell-total", 240).value, 60_000);
});

test("an exit that arrives before its entry leaves nobody behind", () => {
  const floor = openFloor();
  const entered = floor.maker.zoneEntered(at(100), "table", 1);
  const exited = floor.maker.zoneExited(at(130), "table", 1, 30_000);
  floor.add(exited, entered);
  assert.equal(floor.ask("zone-people-now").value, 0);
  assert.equal(floor.ask("zone-visits").value, 1);
  assert.equal(floor.ask("zone-dwell-total").value, 30_000);
});

test("the figures are the same before and after stays become final", () => {
  const floor = openFloor();
  floor.stay(1, 100, 190);
  floor.stay(2, 130, 142, true);
  const metrics = [
    "zone-visits",
    "zone-dwell-median",
    "zone-dwell-mean",
    "zone-dwell-total",
  ] as const;
  const pending = metrics.map((metric) => floor.ask(metric, 300));
  floor.add(floor.maker.crossing(at(3000), "aisle", "in", { role: "internal" }));
  assert.deepEqual(
    metrics.map((metric) => floor.ask(metric, 300)),
    pending,
  );
});

test("dwell is cut at the borders of the interval, and totals of parts add up to the whole", () => {
  const floor = openFloor();
  floor.stay(1, 550, 750);
  floor.stay(2, 590, 1000);
  const parts = [ask(0, 600), ask(600, 1200)];
  assert.deepEqual(parts, [60_000, 550_000]);
  assert.equal(ask(0, 1200), 610_000);
  floor.add(floor.maker.crossing(at(3000), "aisle", "in", { role: "internal" }));
  assert.deepEqual([ask(0, 600), ask(600, 1200)], parts);

  function ask(from: number, to: number): number | null {
    return floor.ask("zone-dwell-total", to, from).value;
  }
});

test("a stay whose exit never comes is given up in the end", () => {
  const floor = openFloor();
  floor.add(floor.maker.zoneEntered(at(100), "table", 1));
  floor.add(floor.maker.crossing(at(5 * 3600), "aisle", "in", { role: "internal" }));
  assert.equal(floor.ask("zone-people-now", 5 * 3600).value, 1);
  floor.add(floor.maker.crossing(at(7 * 3600), "aisle", "in", { role: "internal" }));
  assert.equal(floor.ask("zone-people-now", 7 * 3600).value, 0);
  assert.equal(floor.ask("zone-visits", 9 * 3600).value, 1);
});
