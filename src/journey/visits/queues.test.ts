import assert from "node:assert/strict";
import { test } from "node:test";
import { at, ToldEvents, visitPlan, watchVisits } from "../../../test/fakes/visit-shop.ts";
import { epochMs, zoneId } from "../../core/brand.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { QUEUE_RULES } from "./rules.ts";

/** What was told of queues: kind, zone, and for an end the outcome and the wait in seconds. */
function queuesOf(events: readonly JourneyEvent[], plan = visitPlan()): readonly string[] {
  const shop = watchVisits(plan);
  shop.play([...events].sort((a, b) => a.at - b.at));
  shop.builder.advance(at(300));
  return shop
    .queues()
    .map((event) =>
      event.kind === "queue-joined"
        ? `joined ${event.zoneId} at ${(event.at - at(0)) / 1000}`
        : `${event.outcome} ${event.zoneId} after ${event.waitMs / 1000}`,
    );
}

const make = new ToldEvents();

test("whoever goes from the queue to the service point was served, with or without visits", () => {
  for (const camera of ["all", "far"]) {
    const events = [
      ...make.stay(at(0), at(1), "queue", 1, camera),
      ...make.stay(at(1, 5), at(3), "till", 1, camera),
    ];
    assert.deepEqual(queuesOf(events), ["joined queue at 0", "served queue after 60"], camera);
  }
});

test("a tag queues like a track", () => {
  const events = [
    ...make.tagStay(at(0), at(1), "queue", "b"),
    ...make.tagStay(at(1, 5), at(3), "till", "b"),
  ];
  assert.deepEqual(queuesOf(events), ["joined queue at 0", "served queue after 60"]);
});

const ends: readonly { name: string; events: readonly JourneyEvent[]; outcome: string }[] = [
  {
    name: "does not come to the service point",
    events: make.stay(at(0), at(1), "queue", 1),
    outcome: "abandoned",
  },
  {
    name: "comes to the service point too late",
    events: [...make.stay(at(0), at(1), "queue", 2), ...make.stay(at(1, 16), at(3), "till", 2)],
    outcome: "abandoned",
  },
  {
    name: "is at the service point already when leaving the queue",
    events: [...make.stay(at(0), at(1), "queue", 3), ...make.stay(at(0, 50), at(3), "till", 3)],
    outcome: "served",
  },
  {
    name: "was served within the queue zone",
    events: [...make.stay(at(0), at(1), "queue", 4), ...make.stay(at(0, 20), at(0, 30), "till", 4)],
    outcome: "served",
  },
  {
    name: "was at the service point before, and not after",
    events: [...make.stay(at(-1), at(-0.5), "till", 5), ...make.stay(at(0), at(1), "queue", 5)],
    outcome: "abandoned",
  },
  {
    name: "is lost in the queue",
    events: [
      make.begin(at(0), "queue", 6),
      make.end(at(1), 60_000, "queue", 6, { censored: true }),
    ],
    outcome: "unknown",
  },
];
for (const { name, events, outcome } of ends) {
  test(`who ${name}: ${outcome}`, () => {
    assert.deepEqual(queuesOf(events), ["joined queue at 0", `${outcome} queue after 60`]);
  });
}

test("walking through the queue zone is no joining", () => {
  assert.deepEqual(queuesOf(make.stay(at(0), at(0, 4.9), "queue", 1)), []);
  assert.equal(queuesOf(make.stay(at(0), at(0, 5), "queue", 2)).length, 2);
});

test("a step out of the queue and back is one wait", () => {
  const events = [
    ...make.stay(at(0), at(1), "queue", 1),
    ...make.stay(at(1, 9), at(2), "queue", 1),
    ...make.stay(at(2), at(3), "till", 1),
  ];
  assert.deepEqual(queuesOf(events), ["joined queue at 0", "served queue after 120"]);
});

test("a camera that goes blind leaves the ends of its queues unknown", () => {
  const events = [make.begin(at(0), "queue", 1, "far"), make.sensor(at(2), "far", "blind")];
  assert.deepEqual(queuesOf(events), ["joined queue at 0", "unknown queue after 120"]);
});

const approaches: readonly { name: string; events: readonly JourneyEvent[]; balks: boolean }[] = [
  {
    name: "turns back to where they came from",
    events: [
      ...make.stay(at(-1), at(-0.1), "shelf", 11),
      ...make.stay(at(0), at(0, 20), "line-up", 11),
      ...make.stay(at(0, 25), at(2), "shelf", 11),
    ],
    balks: true,
  },
  {
    name: "turns back and leaves",
    events: [...make.stay(at(0), at(0, 20), "line-up", 12), make.out(at(0, 30), 12)],
    balks: true,
  },
  {
    name: "joins within fifteen seconds",
    events: [
      ...make.stay(at(0), at(0, 20), "line-up", 13),
      ...make.stay(at(0, 35), at(2), "queue", 13),
    ],
    balks: false,
  },
  {
    name: "goes straight to the service point",
    events: [
      ...make.stay(at(0), at(0, 20), "line-up", 14),
      ...make.stay(at(0, 22), at(2), "till", 14),
    ],
    balks: false,
  },
  {
    name: "turns back and crosses another zone on the way out",
    events: [
      ...make.stay(at(-1), at(-0.1), "shelf", 19),
      ...make.stay(at(0), at(0, 20), "line-up", 19),
      ...make.stay(at(0, 22), at(0, 26), "rack", 19),
      make.out(at(0, 27), 19),
    ],
    balks: true,
  },
  {
    name: "cuts a corner of the queue before turning back",
    events: [
      ...make.stay(at(-1), at(-0.1), "shelf", 20),
      ...make.stay(at(-0.02), at(0), "queue", 20),
      ...make.stay(at(0), at(0, 20), "line-up", 20),
      ...make.stay(at(0, 22), at(2), "shelf", 20),
    ],
    balks: true,
  },
  {
    name: "walks on into another zone",
    events: [
      ...make.stay(at(-1), at(-0.1), "shelf", 15),
      ...make.stay(at(0), at(0, 20), "line-up", 15),
      ...make.stay(at(0, 25), at(2), "rack", 15),
    ],
    balks: false,
  },
  {
    name: "comes from the queue",
    events: [
      ...make.stay(at(-1), at(-0.1), "queue", 16),
      ...make.stay(at(0), at(0, 20), "line-up", 16),
    ],
    balks: false,
  },
  {
    name: "only walks by",
    events: make.stay(at(0), at(0, 4), "line-up", 17),
    balks: false,
  },
  {
    name: "is lost in the approach",
    events: [
      make.begin(at(0), "line-up", 18),
      make.end(at(0, 20), 20_000, "line-up", 18, { censored: true }),
    ],
    balks: false,
  },
];
for (const { name, events, balks } of approaches) {
  test(`who comes up to the queue and ${name} has ${balks ? "" : "not "}balked`, () => {
    const balked = queuesOf(events).filter((line) => line.startsWith("balked"));
    assert.deepEqual(balked, balks ? ["balked queue after 20"] : []);
  });
}

test("a queue that names no service point is served at any till", () => {
  const plan = visitPlan();
  const cameras = plan.cameras.map((camera) => ({
    ...camera,
    zones: camera.zones.map(({ servedAt: _, ...zone }) => zone),
  }));
  const events = [...make.stay(at(0), at(1), "queue", 21), ...make.stay(at(1), at(3), "till", 21)];
  assert.deepEqual(queuesOf(events, { ...plan, cameras }).at(-1), "served queue after 60");
});

test("a decision waits for what may still come, and no longer", () => {
  const shop = watchVisits();
  shop.play(make.stay(at(0), at(1), "queue", 31));
  const due = at(1) + QUEUE_RULES.reachMs + QUEUE_RULES.lateMs;
  shop.builder.advance(epochMs(due - 1));
  assert.deepEqual(
    shop.queues().map(({ kind }) => kind),
    ["queue-joined"],
  );
  shop.play(make.stay(at(1, 14), at(3), "till", 31).slice(0, 1));
  shop.builder.advance(epochMs(due));
  const last = shop.queues().at(-1);
  assert.ok(last?.kind === "queue-left" && last.outcome === "served");
});

test("a visit holds its times in queues", () => {
  const shop = watchVisits();
  shop.play([
    make.in(at(0), 41),
    ...make.stay(at(1), at(1, 30), "line-up", 41),
    ...make.stay(at(3), at(4), "queue", 41),
    ...make.stay(at(4), at(6), "till", 41),
    make.out(at(8), 41),
  ]);
  shop.builder.advance(at(60));
  assert.deepEqual(shop.visits()[0]?.queues, [
    { zoneId: zoneId("queue"), waitMs: 30_000, outcome: "balked" },
    { zoneId: zoneId("queue"), waitMs: 60_000, outcome: "served" },
  ]);
});
