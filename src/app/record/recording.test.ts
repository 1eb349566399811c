import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraId, epochMs, gatewayId, monoMs, storeId } from "../../core/brand.ts";
import type { TimeAnchor } from "../../core/clock.ts";
import type { SensorChanged } from "../../core/events.ts";
import type { SeenEntry } from "../../io/camera/detections-tap.ts";
import type { CloudEvent } from "../../wire/cloud-event.ts";
import { Recording } from "./recording.ts";

const LIFE = {
  run: "3fa9",
  picture: { widthPx: 100, heightPx: 100 },
  bands: { high: 0.3, low: 0.1, newTrack: 0.35 },
};
const EMPTY = { nextSeq: 40, nextTrackId: 9 };
const frame = (at: number, before: typeof EMPTY | null, people = 1): SeenEntry => ({
  kind: "frame",
  atMono: monoMs(at),
  boxes: new Float32Array(5 * people),
  life: LIFE,
  before,
});
const news: SensorChanged = {
  kind: "sensor-changed",
  source: "camera-state:door#3fa9",
  seq: 4,
  atMono: monoMs(5),
  sensorId: "door",
  sensorKind: "camera",
  state: "blind",
  code: "CAMERA_COVERED",
};

function begin(patch: { startsNow?: boolean; withEvents?: boolean } = {}) {
  const lines: Record<string, unknown>[] = [];
  let anchor: TimeAnchor = { mono: monoMs(0), epoch: epochMs(1000), clock: "synced" };
  const recording = new Recording({
    identity: { storeId: storeId("s"), gatewayId: gatewayId("g"), boot: "b", version: "1" },
    plan: { id: cameraId("door"), name: "Door", lines: [], zones: [], exclusions: [] },
    startsNow: false,
    withEvents: false,
    ...patch,
    anchor: () => anchor,
    standing: () => ({ state: "seeing", code: null }),
    onLine: (line) => lines.push(JSON.parse(line)),
  });
  const keys = (): (string | undefined)[] => lines.map((line) => Object.keys(line)[0]);
  const setAnchor = (next: TimeAnchor): void => {
    anchor = next;
  };
  return { recording, lines, keys, setAnchor };
}

test("nothing is written while somebody is followed, but who waits hears how many there are", () => {
  const { recording, lines } = begin();
  for (const at of [0, 100, 999, 1000, 1500]) recording.take(frame(at, null, 3));
  recording.takeNews(news);
  recording.end();
  assert.deepEqual(lines, [{ wait: { people: 3 } }, { wait: { people: 3 } }]);
});

test("the log begins with the first frame of an empty scene, where the live pipeline stands", () => {
  const { recording, lines, keys } = begin();
  recording.take(frame(10, null));
  recording.take(frame(20, EMPTY));
  recording.take(frame(30, null));
  recording.end();
  assert.deepEqual(keys(), ["wait", "v", "t", "t", "end"]);
  const header = lines[1];
  assert.deepEqual(
    [header?.["run"], header?.["nextSeq"], header?.["nextTrackId"], header?.["exact"]],
    ["3fa9", 40, 9, true],
  );
  assert.equal(header?.["startedAt"], 1020);
  assert.deepEqual(lines.at(-1), { end: 30 });
});

test("a log begun in the middle of a scene says so and gives its events another origin", () => {
  const { recording, lines } = begin({ startsNow: true });
  recording.take(frame(20.4, null));
  const header = lines[0];
  assert.deepEqual(
    [header?.["run"], header?.["nextSeq"], header?.["exact"]],
    ["3fa9.rec20", 0, false],
  );
});

test("a new reading of the clocks is written before the frame it first holds for", () => {
  const { recording, keys, setAnchor } = begin();
  recording.take(frame(20, EMPTY));
  setAnchor({ mono: monoMs(25), epoch: epochMs(9000), clock: "synced" });
  recording.take(frame(30, EMPTY));
  recording.take(frame(40, EMPTY));
  assert.deepEqual(keys(), ["v", "t", "anchor", "t", "t"]);
});

test("marks, news and told events stand where they happened", () => {
  const { recording, lines, keys } = begin({ withEvents: true });
  recording.take(frame(20, EMPTY));
  recording.takeTold(() => ({ id: "e1" }) as CloudEvent);
  recording.take({ kind: "blind", atMono: monoMs(30) });
  recording.takeNews(news);
  recording.take({ kind: "over", atMono: monoMs(40) });
  recording.take({ kind: "open", life: { ...LIFE, run: "3fa9-1" } });
  recording.cut();
  recording.end();
  recording.take(frame(50, EMPTY));
  assert.deepEqual(keys(), ["v", "t", "told", "blind", "event", "over", "open", "cut"]);
  assert.deepEqual(lines.at(-1), { cut: { t: 40, why: "slow-reader" } });
});
