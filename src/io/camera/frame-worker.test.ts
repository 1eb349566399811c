import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import { PaintedRoom, type RoomView } from "../../../test/fakes/painted-room.ts";
import { cameraId, lineId, monoMs, zoneId } from "../../core/brand.ts";
import type { CameraPlan } from "../../core/site.ts";
import type { Detections, PersonDetector } from "../../vision/ports.ts";
import type { WorkerBirth, WorkerReport } from "./camera-protocol.ts";
import { createSharedFrames, FrameSlots } from "./frame-slots.ts";
import { FrameWorker } from "./frame-worker.ts";

const dir = mkdtempSync(join(tmpdir(), "frame-worker-"));
after(() => rmSync(dir, { recursive: true, force: true }));
const model = fakeCameraModel(dir);
const PICTURE = { widthPx: 256, heightPx: 144 };
const corner = (x: number, y: number) => ({ x, y });
const PLAN: CameraPlan = {
  id: cameraId("door"),
  name: "door",
  lines: [{ id: lineId("mid"), name: "mid", role: "door", a: corner(0.5, 1), b: corner(0.5, 0) }],
  zones: [
    {
      id: zoneId("all"),
      name: "all",
      kind: "area",
      polygon: [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)],
    },
  ],
  exclusions: [],
};

/** A worker fed from a painted room at 10 fps, with a detector that knows where people are. */
function setUp(
  given: Partial<Pick<WorkerBirth, "watch" | "takesTurns">> = {},
  beforeLook: (inference: number) => "sees" | "misses" = () => "sees",
) {
  const room = new PaintedRoom();
  const shared = createSharedFrames(room.frame.length);
  const slots = new FrameSlots(shared);
  const reports: WorkerReport[] = [];
  let inferences = 0;
  let present: RoomView["people"] = [];
  const detector: PersonDetector = {
    input: PICTURE,
    fit: "letterbox",
    get refused() {
      return 3 * inferences;
    },
    async detect(_rgb24, _letterbox, out: Detections) {
      inferences += 1;
      out.count = 0;
      if (beforeLook(inferences) === "misses") return;
      out.count = present?.length ?? 0;
      present?.forEach(({ leftPx, topPx, widthPx, heightPx }, i) => {
        out.xyxy.set([leftPx, topPx, leftPx + widthPx, topPx + heightPx], 4 * i);
        out.score[i] = 0.9;
      });
    },
  };
  const birth: WorkerBirth = {
    shared,
    policy: "newest",
    model,
    plan: PLAN,
    run: "test",
    wantsTracks: false,
    watch: { hasMotionGate: true, isLive: true },
    takesTurns: false,
    ...given,
  };
  const worker = new FrameWorker(birth, detector, (report) => reports.push(report));
  const publish = (view: RoomView): void => {
    present = view.people ?? [];
    const slot = slots.claim("newest");
    slots.pixels(slot).set(room.shoot(100, view));
    slots.publish(slot, room.atMono, 1);
  };
  const run = async (
    seconds: number,
    view: (second: number) => RoomView = () => ({}),
  ): Promise<void> => {
    for (let i = 0; i < seconds * 10; i += 1) {
      publish(view(i / 10));
      await worker.accept({ kind: "wake" });
    }
  };
  const events = () =>
    reports.flatMap((report) =>
      report.kind === "frame" || report.kind === "cut" ? report.events : [],
    );
  const verdicts = () => reports.flatMap((r) => (r.kind === "frame" ? [r.verdict] : []));
  const open = () => worker.accept({ kind: "open", generation: 1, picture: PICTURE });
  const inferred = (): number => inferences;
  return { room, slots, reports, worker, publish, run, events, verdicts, open, inferred };
}

const walker = (second: number): RoomView => ({
  people: [{ leftPx: 10 + 40 * second, topPx: 50, widthPx: 20, heightPx: 60 }],
});
/** Walks in for two seconds and stays. */
const stander = (second: number): RoomView => ({
  people: [{ leftPx: 20 + 40 * Math.min(second, 2), topPx: 50, widthPx: 20, heightPx: 60 }],
});

test("an empty room costs one inference in two seconds, and its frames count as dealt with", async () => {
  const { open, run, verdicts, inferred, slots, reports } = setUp();
  await open();
  await run(20);
  const before = inferred();
  await run(20);
  assert.equal(inferred() - before, 10);
  assert.equal(verdicts().length, 400);
  assert.equal(slots.dropped, 0);
  const passed = reports.findLast((r) => r.kind === "frame" && r.verdict === "pass");
  assert.ok(passed?.kind === "frame");
  assert.deepEqual(passed.people?.people, []);
});

test("the motion gate changes no event: same crossings and stays with and without it", async () => {
  const seen = [];
  for (const hasMotionGate of [true, false]) {
    const { open, run, events, worker, inferred } = setUp({
      watch: { hasMotionGate, isLive: true },
    });
    await open();
    for (let visit = 0; visit < 3; visit += 1) {
      await run(12);
      await run(5, walker);
    }
    await run(10);
    await worker.accept({ kind: "end", atMono: monoMs(1e9) });
    assert.equal(events().filter((event) => event.kind === "line-crossed").length, 3);
    seen.push({ events: events(), inferred: inferred() });
  }
  assert.deepEqual(seen[0]?.events, seen[1]?.events);
  assert.ok((seen[0]?.inferred ?? 0) < 0.7 * (seen[1]?.inferred ?? 0));
});

test("somebody first seen standing keeps the whole stay, although the detector rests and misses them at times", async () => {
  const { open, run, events, worker, inferred } = setUp({}, (inference) =>
    inference > 60 && inference < 100 && inference % 4 === 0 ? "misses" : "sees",
  );
  await open();
  const waiting = (second: number): RoomView => ({
    people: [{ leftPx: 20 + 40 * Math.max(0, second - 60), topPx: 50, widthPx: 20, heightPx: 60 }],
  });
  await run(64, waiting);
  await run(10);
  await worker.accept({ kind: "end", atMono: monoMs(1e9) });
  assert.ok(inferred() < 300, `${inferred()}`);
  const stays = events().flatMap((event) => (event.kind === "zone-exited" ? [event.dwellMs] : []));
  assert.equal(stays.length, 1);
  assert.ok((stays[0] ?? 0) > 60_000, `${stays[0]}`);
});

test("a recording can begin while a frame always waits", async () => {
  const { open, publish, worker, reports } = setUp({ watch: null }, (inference) => {
    if (inference < 20) publish({});
    if (inference === 4) void worker.accept({ kind: "tap", isOn: true });
    return "sees";
  });
  await open();
  publish({});
  await worker.accept({ kind: "wake" });
  const seen = reports.flatMap((r) => (r.kind === "frame" ? [(r.seen?.length ?? 0) > 0] : []));
  assert.equal(seen.length, 20);
  assert.deepEqual(seen.slice(0, 3), [false, false, false]);
  assert.ok(seen.slice(4).every(Boolean));
});

test("each frame tells the boxes refused in it, and a frame nobody looked at tells none", async () => {
  const { open, run, reports } = setUp();
  await open();
  await run(10);
  const told = reports.flatMap((r) =>
    r.kind === "frame" ? [[r.verdict, r.refused] as const] : [],
  );
  assert.ok(told.some(([verdict]) => verdict === "look"));
  assert.ok(told.some(([verdict]) => verdict === "pass"));
  for (const [verdict, refused] of told) assert.equal(refused, verdict === "look" ? 3 : 0);
});

test("without watching, as in a replay, every frame is looked at", async () => {
  const { open, run, inferred } = setUp({ watch: null });
  await open();
  await run(30);
  assert.equal(inferred(), 300);
});

test("a covered lens ends the stay as censored before it is told, rests, and counts nobody meanwhile", async () => {
  const { open, run, reports, events, inferred } = setUp();
  await open();
  await run(10, stander);
  await run(20, () => ({ ...stander(2), light: 0.01 }));
  const told = reports.findIndex((report) => report.kind === "picture");
  assert.deepEqual(
    reports.slice(told - 1, told + 1).map(({ kind }) => kind),
    ["cut", "picture"],
  );
  const report = reports[told];
  assert.ok(report?.kind === "picture" && report.picture.kind === "fault");
  assert.equal(report.picture.code, "CAMERA_COVERED");
  const exits = events().filter((event) => event.kind === "zone-exited");
  assert.deepEqual(
    exits.map(({ censored }) => censored),
    [true],
  );
  const before = inferred();
  await run(5, () => ({ ...walker(2), light: 0.01 }));
  assert.equal(inferred(), before);
  await run(3, stander);
  assert.ok(inferred() > before);
  const codes = reports.flatMap((r) =>
    r.kind === "picture" && r.picture.kind === "fault" ? [r.picture.code] : [],
  );
  assert.deepEqual(codes, ["CAMERA_COVERED", null]);
  assert.equal(events().filter((event) => event.kind === "zone-entered").length, 2);
});

test("a worker that waits for its turn looks at the newest frame when it comes, and counts the others as dropped", async () => {
  const { open, publish, worker, reports, slots, room } = setUp({ takesTurns: true });
  await open();
  publish({});
  const working = worker.accept({ kind: "wake" });
  for (let i = 0; i < 5; i += 1) publish({});
  assert.deepEqual(reports, [{ kind: "turn", wish: "want" }]);
  await worker.accept({ kind: "turn" });
  await working;
  const kinds = reports.map((report) => report.kind);
  assert.deepEqual(kinds, ["turn", "frame", "turn"]);
  assert.ok(reports[1]?.kind === "frame" && reports[1].atMono === room.atMono);
  assert.deepEqual(reports[2], { kind: "turn", wish: "done" });
  assert.equal(slots.dropped, 5);
});

test("a frame in which nothing moves needs no turn", async () => {
  const { open, publish, worker, reports, inferred } = setUp({ takesTurns: true });
  await open();
  let frames = 0;
  while (frames < 100) {
    publish({});
    const working = worker.accept({ kind: "wake" });
    if (reports.at(-1)?.kind === "turn") await worker.accept({ kind: "turn" });
    await working;
    frames += 1;
  }
  const wishes = reports.filter((report) => report.kind === "turn" && report.wish === "want");
  assert.equal(wishes.length, inferred());
  assert.ok(inferred() < 50, `${inferred()}`);
});
