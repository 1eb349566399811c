import assert from "node:assert/strict";
import { test } from "node:test";
import { recording } from "../../../test/fakes/recorded-counter.ts";
import { createAxisAdapter } from "./axis-adapter.ts";
import type { CounterAdapter } from "./changes.ts";
import { createFrigateAdapter } from "./frigate-adapter.ts";
import { genericAdapter } from "./generic-adapter.ts";
import { createXovisAdapter } from "./xovis-adapter.ts";

const picture = { widthPx: 1280, heightPx: 720 };
const frigate = createFrigateAdapter({ camera: "shop_front", picture });
const axis = createAxisAdapter({ channel: null });
const xovis = createXovisAdapter({ xMinM: -4, xMaxM: 4, yMinM: -3, yMaxM: 3 });

const person = {
  id: "1789380001.000000-oxyimc",
  camera: "shop_front",
  label: "person",
  frame_time: 1_789_380_002.4,
  score: 0.8,
  false_positive: false,
  box: [600, 400, 680, 640],
};
const event = (after: Record<string, unknown>, type = "update") => ({ type, before: {}, after });
const frame = (detections: unknown[], more: Record<string, unknown> = {}) => ({
  channel_id: 1,
  timestamp: "2026-09-14T10:00:02.400125Z",
  detections,
  ...more,
});
const human = {
  object_track_id: "8e653185-8e54-4dca-8af1-9f7202aca120",
  bounding_box: { left: 0.4, top: 0.2, right: 0.5, bottom: 0.8 },
  class: { type: "Human", score: 0.7 },
};
const live = (frames: unknown[], version: unknown = "5.0") => ({
  live_data: { package_info: { version, id: 1, agent_id: 1005 }, frames },
});
const tracked = { track_id: 490, type: "PERSON", position: [1, 2, 1.74], attributes: {} };

const REFUSALS: readonly {
  readonly name: string;
  readonly adapter: CounterAdapter;
  readonly message: unknown;
  /** Field, value found, beginning of the expectation. */
  readonly fault: readonly [string, string, string];
  /** People that are kept. */
  readonly kept: number;
}[] = [
  {
    name: "Frigate: a box outside the picture says that the picture is configured wrongly",
    adapter: frigate,
    message: event({ ...person, box: [600, 400, 680, 1040] }),
    fault: ["after.box", "a list of 4", "a box within picture 1280x720"],
    kept: 0,
  },
  {
    name: "Frigate: no time",
    adapter: frigate,
    message: event({ ...person, frame_time: undefined }),
    fault: ["after.frame_time", "nothing", "seconds since 1970"],
    kept: 0,
  },
  {
    name: "Frigate: an unknown type of event",
    adapter: frigate,
    message: event(person, "gone"),
    fault: ["type", '"gone"', '"new", "update" or "end"'],
    kept: 0,
  },
  {
    name: "Frigate: statistics without the camera",
    adapter: frigate,
    message: { cameras: { back_yard: { camera_fps: 5 } } },
    fault: ["cameras.shop_front", "nothing", "the camera shop_front"],
    kept: 0,
  },
  {
    name: "Frigate: a bad point of the way costs only that point",
    adapter: frigate,
    message: event({ ...person, path_data: [[[0.5, "x"], 1_789_380_001.2]] }),
    fault: ["after.path_data[0][0][1]", '"x"', "a number from -0.5 to 1.5"],
    kept: 1,
  },
  {
    name: "Axis: a detection without a box, beside a good one",
    adapter: axis,
    message: frame([human, { ...human, object_track_id: "b", bounding_box: undefined }]),
    fault: ["detections[1].bounding_box", "nothing", "an object"],
    kept: 1,
  },
  {
    name: "Axis: a box upside down",
    adapter: axis,
    message: frame([{ ...human, bounding_box: { left: 0.4, top: 0.8, right: 0.5, bottom: 0.2 } }]),
    fault: ["detections[0].bounding_box", "an object", "left < right and top < bottom"],
    kept: 0,
  },
  {
    name: "Axis: an event nobody knows, beside a good person",
    adapter: axis,
    message: frame([human], { track_events: [{ type: "Split" }] }),
    fault: ["track_events[0].type", '"Split"', '"TrackEnded" or "Rename"'],
    kept: 1,
  },
  {
    name: "Axis: something else altogether",
    adapter: axis,
    message: { hello: 1 },
    fault: ["", "an object", "an Axis frame"],
    kept: 0,
  },
  {
    name: "Xovis: version 4",
    adapter: xovis,
    message: live([{ time: 1_789_380_000_000, tracked_objects: [tracked] }], "4.2"),
    fault: ["live_data.package_info.version", '"4.2"', "version 5"],
    kept: 0,
  },
  {
    name: "Xovis: no version, but content that can be read",
    adapter: xovis,
    message: live([{ time: 1_789_380_000_000, tracked_objects: [tracked] }], null),
    fault: ["live_data.package_info.version", "nothing", "a version"],
    kept: 1,
  },
  {
    name: "Xovis: a person without a position, beside a good one",
    adapter: xovis,
    message: live([
      {
        time: 1_789_380_000_000,
        tracked_objects: [tracked, { track_id: 491, type: "PERSON" }],
      },
    ]),
    fault: ["live_data.frames[0].tracked_objects[1].position", "nothing", "a list"],
    kept: 1,
  },
  {
    name: "generic: version 2 is refused as a whole",
    adapter: genericAdapter,
    message: { v: 2, people: [{ id: 1, xNorm: 0.5, yNorm: 0.5 }] },
    fault: ["v", "2", "1, the only version"],
    kept: 0,
  },
  {
    name: "generic: a person without yNorm, beside a good one",
    adapter: genericAdapter,
    message: {
      v: 1,
      people: [
        { id: 1, xNorm: 0.5, yNorm: 0.5 },
        { id: 2, xNorm: 0.4 },
      ],
    },
    fault: ["people[1].yNorm", "nothing", "number"],
    kept: 1,
  },
  {
    name: "generic: an unknown key is told, the rest is kept",
    adapter: genericAdapter,
    message: { v: 1, people: [{ id: 1, xNorm: 0.5, yNorm: 0.5 }], crowd: true },
    fault: ["crowd", "a boolean", "no such key"],
    kept: 1,
  },
  {
    name: "generic: an unknown key of a person is told without what it says",
    adapter: genericAdapter,
    message: { v: 1, people: [{ id: 1, xNorm: 0.5, yNorm: 0.5, mac: "02:00:5e:10:00:01" }] },
    fault: ["people[0].mac", "a text of 17 characters", "no such key"],
    kept: 0,
  },
  {
    name: "generic: an id that is too long is not shown",
    adapter: genericAdapter,
    message: { v: 1, people: [{ id: "x".repeat(129), xNorm: 0.5, yNorm: 0.5 }] },
    fault: ["people[0].id", "a text of 129 characters", ""],
    kept: 0,
  },
  {
    name: "generic: seconds instead of milliseconds",
    adapter: genericAdapter,
    message: { v: 1, tMs: 1_789_380_000, people: [] },
    fault: ["tMs", "1789380000", "milliseconds since 1970"],
    kept: 0,
  },
];

for (const { name, adapter, message, fault, kept } of REFUSALS) {
  test(`${name}: the fault names field, value and fix`, () => {
    const report = adapter(message);
    const [found] = report.faults;
    assert.equal(report.faults.length, 1, JSON.stringify(report.faults));
    assert.deepEqual([found?.path, found?.found], fault.slice(0, 2));
    assert.ok(found?.expected.startsWith(fault[2]), found?.expected);
    const people = report.changes.flatMap((c) => (c.kind === "seen" ? c.people : []));
    assert.equal(people.length, kept);
  });
}

test("a list of which somebody could not be read does not name everybody", () => {
  const people = [{ id: 1, xNorm: 0.5, yNorm: 0.5 }, { id: 2 }];
  const [seen] = genericAdapter({ v: 1, people }).changes;
  assert.ok(seen?.kind === "seen" && !seen.isEverybody);
  const good = genericAdapter({ v: 1, people: people.slice(0, 1) }).changes[0];
  assert.ok(good?.kind === "seen" && good.isEverybody);
});

test("cars, heads, groups, other cameras and false positives are left out without a fault", () => {
  const quiet = [
    frigate(event({ ...person, label: "car" })),
    frigate(event({ ...person, camera: "back_yard" })),
    frigate(event({ ...person, false_positive: true })),
    axis(frame([{ ...human, class: { type: "Head", score: 0.9 } }])),
    xovis(live([{ time: 1_789_380_000_000, tracked_objects: [{ ...tracked, type: "GROUP" }] }])),
  ];
  for (const report of quiet) {
    assert.deepEqual(report.faults, []);
    assert.equal(report.ignored, 1);
    const people = report.changes.flatMap((c) => (c.kind === "seen" ? c.people : []));
    assert.deepEqual(people, []);
  }
});

test("a stationary person of Frigate is a person", () => {
  const report = frigate(event({ ...person, stationary: true, motionless_count: 80 }));
  assert.deepEqual(
    report.changes.map(({ kind }) => kind),
    ["alive", "seen"],
  );
});

test("a floor seen from above is turned so that far away is up", () => {
  const [seen] = xovis(live([{ time: 1_789_380_000_000, tracked_objects: [tracked] }])).changes;
  assert.ok(seen?.kind === "seen");
  const { xNorm, yNorm, heightNorm } = seen.people[0] ?? {};
  assert.deepEqual([xNorm, yNorm], [0.625, 1 / 6]);
  assert.ok(Math.abs((heightNorm ?? 0) - 1.74 / 6) < 1e-9);
});

test("a crossing of a group is not one more crossing", () => {
  const crossing = (id: number) => ({
    type: "LINE_CROSS_FORWARD",
    attributes: { track_id: id, sequence_number: 0, geometry_id: 2, geometry_name: "Line 0" },
  });
  const frames = [
    {
      time: 1_789_380_000_000,
      tracked_objects: [tracked, { ...tracked, track_id: 700, type: "GROUP" }],
      events: [crossing(490), crossing(700)],
    },
  ];
  const crossed = xovis(live(frames)).changes.filter(({ kind }) => kind === "crossed");
  assert.equal(crossed.length, 1);
});

test("Frigate that stops, or whose camera gives no frames, says that it does not see", () => {
  for (const message of ["offline", { cameras: { shop_front: { camera_fps: 0 } } }]) {
    assert.deepEqual(frigate(message).changes, [{ kind: "alive", sentMs: null, isSeeing: false }]);
  }
});

test("Axis: microseconds survive, so that two frames of one millisecond stay two", () => {
  const [seen] = axis(frame([human])).changes;
  assert.ok(seen?.kind === "seen" && seen.sentMs !== null);
  assert.ok(Math.abs((seen.sentMs % 1) - 0.125) < 1e-3);
});

test("only the channel asked for is read", () => {
  const second = createAxisAdapter({ channel: 2 });
  assert.equal(second(frame([human])).changes.length, 0);
  assert.equal(second(frame([human], { channel_id: 2 })).changes.length, 1);
});

test("nothing of the samples is a fault but what was put there on purpose", () => {
  const spoilt: Readonly<Record<string, readonly [CounterAdapter, number]>> = {
    "axis-frame": [axis, 2],
    "axis-frame-beta": [axis, 0],
    "axis-object-track": [axis, 0],
    frigate: [frigate, 2],
    xovis: [xovis, 3],
    generic: [genericAdapter, 4],
  };
  for (const [name, [adapter, expected]] of Object.entries(spoilt)) {
    const faults = recording(name).flatMap(({ payload }) => adapter(payload).faults);
    assert.equal(faults.length, expected, `${name}: ${JSON.stringify(faults)}`);
  }
});
