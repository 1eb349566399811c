import assert from "node:assert/strict";
import { test } from "node:test";
import { followedShop } from "../../../test/fakes/completed-visits.ts";
import { EventMaker, shopSite, utc } from "../../../test/fakes/journey-events.ts";
import { QueueMaker } from "../../../test/fakes/queue-events.ts";
import { type EpochMs, epochMs, tagId } from "../../core/brand.ts";
import type { JourneyEvent, QueueOutcome } from "../../core/events.ts";
import type { MetricId, MetricValue } from "../../core/metric-value.ts";
import type { SitePlan } from "../../core/site.ts";
import { createMetrics } from "../metrics.ts";

const DAY = utc("2026-11-20T04:00:00Z");
const at = (seconds: number): EpochMs => epochMs(DAY + seconds * 1000);
const HOUR_S = 3600;

interface Queue {
  add(...events: readonly JourneyEvent[]): void;
  /** So many people queue for so long, a minute apart, and leave in one way. */
  serve(times: number, outcome: QueueOutcome, waitS: number): void;
  ask(metric: MetricId, untilS?: number, id?: string): MetricValue;
}

function openQueue(site: SitePlan = followedShop()): Queue {
  const metrics = createMetrics({ site });
  const maker = new EventMaker();
  const queue = new QueueMaker();
  let minute = 0;
  const add = (...events: readonly JourneyEvent[]): void => {
    for (const event of events) metrics.ingest(event);
  };
  add(...maker.allSeeing(at(0)));
  return {
    add,
    serve(times, outcome, waitS) {
      for (let i = 0; i < times; i += 1) {
        minute += 1;
        const from = 60 * minute;
        if (outcome !== "balked") {
          add(queue.joined(at(from), minute));
          add(maker.zoneEntered(at(from), "queue", minute));
          add(maker.zoneExited(at(from + waitS), "queue", minute, waitS * 1000));
        }
        add(queue.left(at(from + waitS), outcome, waitS * 1000, minute));
      }
    },
    ask: (metric, untilS = 2 * HOUR_S, id = "queue") =>
      metrics.value(metric, { kind: "zone", id }, at(0), at(untilS)),
  };
}

test("waits of those who were served, how many an hour, and how long the queue was", () => {
  const queue = openQueue();
  queue.serve(20, "served", 30);
  queue.serve(10, "served", 90);
  assert.equal(queue.ask("queue-wait-mean").value, 50_000);
  assert.equal(queue.ask("queue-wait-mean").method, "track");
  assert.equal(queue.ask("queue-service-rate").value, 15);
  assert.equal(queue.ask("queue-length").value, 1500 / (2 * HOUR_S));
});

test("who stands in the queue while the shop is closed is in neither sum of a figure per hour", () => {
  const site = followedShop();
  const hours = [{ days: ["fri" as const], fromMin: 300, toMin: 360 }];
  const queue = openQueue({ ...site, store: { ...site.store, hours } });
  queue.serve(10, "served", 60);
  assert.equal(queue.ask("queue-length").value, 0);
  assert.equal(queue.ask("queue-service-rate").value, 0);
  queue.serve(80, "served", 30);
  assert.equal(queue.ask("queue-length").value, (31 * 30) / HOUR_S);
  assert.equal(queue.ask("queue-service-rate").value, 31);
});

test("abandonment is over those who joined, balking over those who came up to the queue", () => {
  const queue = openQueue();
  queue.serve(30, "served", 60);
  queue.serve(10, "abandoned", 200);
  queue.serve(10, "balked", 8);
  assert.equal(queue.ask("queue-abandonment").value, 0.25);
  assert.equal(queue.ask("queue-balking").value, 0.2);
  assert.equal(queue.ask("queue-balking").n, 50);
  assert.equal(queue.ask("queue-wait-mean").value, 60_000);
});

test("some ends that were not seen are named, and the interval holds what they may have been", () => {
  const queue = openQueue();
  queue.serve(36, "served", 60);
  queue.serve(4, "unknown", 20);
  const value = queue.ask("queue-abandonment");
  assert.equal(value.value, 0);
  assert.equal(value.reason?.code, "ends-unseen");
  assert.ok((value.ci95?.[1] ?? 0) > 0.2);
});

test("when too many tracks break, the wait follows from people present and people joining", () => {
  const queue = openQueue();
  queue.serve(10, "served", 60);
  queue.serve(10, "unknown", 40);
  const value = queue.ask("queue-wait-mean");
  assert.equal(value.method, "little-closure");
  assert.equal(value.reason?.code, "tracks-break");
  assert.equal(value.value, 50_000);
  assert.ok((value.ci95?.[1] ?? 0) > 100_000, "the ends that were seen say 100 s");
});

test("more people leaving than joined is shown and flagged", () => {
  const queue = openQueue();
  queue.serve(20, "served", 60);
  const left = new QueueMaker();
  for (let i = 0; i < 25; i += 1)
    queue.add({ ...left.left(at(4000 + i), "abandoned", 5000, 500 + i), source: "visits#other" });
  const value = queue.ask("queue-abandonment");
  assert.equal(value.value, 1.25);
  assert.equal(value.reason?.code, "more-left-than-joined");
  assert.equal(value.ci95, null);
});

test("with few people only the interval of a share is given", () => {
  const queue = openQueue();
  queue.serve(5, "served", 60);
  const value = queue.ask("queue-abandonment");
  assert.equal(value.value, null);
  assert.equal(value.reason?.code, "small-sample");
  assert.notEqual(value.ci95, null);
});

test("an empty queue has a length of 0 and no wait", () => {
  const queue = openQueue();
  assert.equal(queue.ask("queue-length").value, 0);
  assert.equal(queue.ask("queue-wait-mean").reason?.code, "no-queue");
  assert.equal(queue.ask("queue-abandonment").reason?.code, "no-queue");
  assert.equal(queue.ask("queue-service-rate").value, 0);
});

test("the rate of service is over opening hours only", () => {
  const site = followedShop();
  // The trading day begins at 04:00; the shop closes at 04:30.
  const hours = [{ days: ["fri" as const], fromMin: 240, toMin: 270 }];
  const queue = openQueue({ ...site, store: { ...site.store, hours } });
  queue.serve(20, "served", 30);
  assert.equal(queue.ask("queue-service-rate", 2 * HOUR_S).value, 40);
});

test("what the plan does not say about a queue is not guessed", () => {
  const site = followedShop();
  const cameras = site.cameras.map((camera) => ({
    ...camera,
    zones: camera.zones
      .filter(({ kind }) => kind !== "till")
      .map((zone) => ({ ...zone, servedAt: undefined, approach: undefined })),
  }));
  const queue = openQueue({ ...site, cameras });
  queue.serve(30, "unknown", 60);
  for (const metric of ["queue-service-rate", "queue-abandonment", "queue-balking"] as const)
    assert.equal(queue.ask(metric).reason?.code, "not-identifiable");
  assert.equal(queue.ask("queue-wait-mean").value, 60_000);
  assert.equal(queue.ask("queue-wait-mean").definition.parameters["basis"], "left");
});

test("any till is the service point of a queue that names none", () => {
  const site = followedShop();
  const cameras = site.cameras.map((camera) => ({
    ...camera,
    zones: camera.zones.map((zone) => ({ ...zone, servedAt: undefined })),
  }));
  const queue = openQueue({ ...site, cameras });
  queue.serve(20, "served", 60);
  assert.equal(queue.ask("queue-abandonment").value, 0);
});

test("who carries a tag in a queue that a camera sees does not count twice", () => {
  const queue = openQueue();
  queue.serve(20, "served", 60);
  const who = { cameraId: null, trackId: null, tagId: tagId("card"), source: "visits#tag" };
  const tags = new QueueMaker();
  for (let i = 0; i < 10; i += 1)
    queue.add(
      { ...tags.joined(at(60 * i)), ...who },
      { ...tags.left(at(60 * i + 30), "abandoned", 30_000), ...who },
    );
  assert.equal(queue.ask("queue-abandonment").value, 0);
  assert.equal(queue.ask("queue-abandonment").n, 20);
});

test("a blind camera knows nothing of its queue, and a display is no queue", () => {
  const maker = new EventMaker("b");
  const queue = openQueue();
  queue.add(maker.sensor(at(1), "floor", "blind"));
  assert.equal(queue.ask("queue-length", 30).reason?.code, "partly-blind");
  assert.equal(queue.ask("queue-length", HOUR_S, "table").reason?.code, "unknown-scope");
  assert.equal(openQueue(shopSite()).ask("queue-length").reason?.code, "unknown-scope");
});
