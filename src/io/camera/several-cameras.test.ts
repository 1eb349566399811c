import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { promisify } from "node:util";
import { createFakeFfmpeg } from "../../../test/fakes/fake-ffmpeg.ts";
import { fakeCameraModel } from "../../../test/fakes/fake-person-model.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { cameraId, lineId } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { seededRandom } from "../../core/random.ts";
import type { CameraPlan } from "../../core/site.ts";
import { CameraHost } from "./camera-host.ts";
import type { CameraModel } from "./camera-protocol.ts";
import { findFfmpeg } from "./ffmpeg-binary.ts";
import { createSharedFrames, FrameSlots } from "./frame-slots.ts";
import { createCamera } from "./live-camera.ts";
import { InferenceTurns } from "./turns.ts";

const dir = mkdtempSync(join(tmpdir(), "several-"));
const clip = join(dir, "walk.mp4");
after(() => rmSync(dir, { recursive: true, force: true }));
before(async () => {
  // Somebody walks through the middle once, from left to right, and out of the picture.
  const walk =
    "color=black:s=512x384:r=10:d=4[bg];color=white:s=56x120:r=10:d=4[fg];[bg][fg]overlay=x='8+t*180':y=150";
  const args = ["-y", "-v", "error", "-f", "lavfi", "-i", walk, "-t", "4", "-pix_fmt", "yuv420p"];
  await promisify(execFile)((await findFfmpeg()).path, [...args, clip]);
});

const clock = createSystemClock();
/** For a machine that is busy with other things; a test that works takes seconds. */
const GENEROUS = { timeout: 90_000 };

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};

function planOf(id: string): CameraPlan {
  const [a, b] = [
    { x: 0.5, y: 1 },
    { x: 0.5, y: 0 },
  ];
  const lines = [{ id: lineId(`${id}-line`), name: "mid", role: "door", a, b }] as const;
  return { id: cameraId(id), name: id, lines, zones: [], exclusions: [] };
}

interface Given {
  readonly id: string;
  readonly source: string;
  readonly model: CameraModel;
  readonly turns: InferenceTurns;
  readonly ffmpegPath?: string;
}

function openCamera({ id, source, model, turns, ffmpegPath }: Given) {
  const events: SensorEvent[] = [];
  const camera = createCamera({
    config: { id: cameraId(id), source, fps: 10, motionGate: true, loop: source === clip },
    plan: planOf(id),
    model,
    clock,
    log: SILENT_LOG,
    random: seededRandom(3),
    turns,
    ...(ffmpegPath === undefined ? {} : { ffmpegPath }),
    onEvent: (event) => events.push(event),
    onPeople: () => undefined,
  });
  const states = (): string[] =>
    events.flatMap((event) => (event.kind === "sensor-changed" ? [event.code ?? event.state] : []));
  const crossings = () => events.filter((event) => event.kind === "line-crossed");
  return { camera, states, crossings };
}

/** One crossing at most each time the clip was played, all of them the way the person walks, and never blind. */
function assertSound({ camera, crossings, states }: ReturnType<typeof openCamera>): void {
  assert.ok(crossings().length <= camera.facts().opened);
  for (const event of crossings())
    assert.equal(event.kind === "line-crossed" && event.direction, "out");
  assert.deepEqual(new Set(states()), new Set(["starting", "seeing"]));
}

/** What stands beside a good camera on the same box, sharing its one inference slot. */
const NEIGHBOURS: readonly {
  readonly name: string;
  readonly expected: string;
  open(turns: InferenceTurns): { camera: ReturnType<typeof openCamera>; close(): void };
}[] = [
  {
    name: "whose file is noise",
    expected: "CAMERA_UNREADABLE",
    open(turns) {
      const source = join(dir, "noise.mp4");
      const random = seededRandom(5);
      writeFileSync(
        source,
        Uint8Array.from({ length: 200_000 }, () => random() * 256),
      );
      const camera = openCamera({ id: "bad", source, model: fakeCameraModel(dir), turns });
      return { camera, close: () => undefined };
    },
  },
  {
    name: "whose worker dies on every frame",
    expected: "INFERENCE_FAILED",
    open(turns) {
      const fake = createFakeFfmpeg({
        runs: [{ picture: "512x384", frames: 40, intervalMs: 60, afterwards: "stall" }],
      });
      const camera = openCamera({
        id: "bad",
        source: "rtsp://cam/1",
        model: fakeCameraModel(join(dir, "brittle"), true),
        turns,
        ffmpegPath: fake.path,
      });
      return { camera, close: () => fake[Symbol.dispose]() };
    },
  },
];

for (const { name, expected, open } of NEIGHBOURS) {
  test(`a camera counts the same beside one ${name}`, GENEROUS, async () => {
    const turns = new InferenceTurns({ slots: 1, clock });
    const good = openCamera({ id: "good", source: clip, model: fakeCameraModel(dir), turns });
    const bad = open(turns);
    const { signal } = new AbortController();
    await Promise.all([good.camera.start(signal), bad.camera.camera.start(signal)]);
    await until(() => good.crossings().length === 3);
    await until(() => bad.camera.states().includes(expected));
    assertSound(good);
    assert.deepEqual(bad.camera.crossings(), []);
    await good.camera[Symbol.asyncDispose]();
    await bad.camera.camera[Symbol.asyncDispose]();
    bad.close();
  });
}

test("two good cameras on one inference slot both count everybody", GENEROUS, async () => {
  const turns = new InferenceTurns({ slots: 1, clock });
  const model = fakeCameraModel(dir);
  const cameras = ["a", "b"].map((id) => openCamera({ id, source: clip, model, turns }));
  const { signal } = new AbortController();
  await Promise.all(cameras.map(({ camera }) => camera.start(signal)));
  for (const each of cameras) {
    await until(() => each.crossings().length === 3);
    assertSound(each);
  }
  for (const { camera } of cameras) await camera[Symbol.asyncDispose]();
});

test(
  "real workers with a slow network get turns in proportion to their frames per second, past one that dies",
  GENEROUS,
  async (t) => {
    const turns = new InferenceTurns({ slots: 1, clock });
    const slow = fakeCameraModel(join(dir, "slow"), false, 6);
    const brittle = fakeCameraModel(join(dir, "brittle"), true);
    const given = [
      { fps: 10, model: slow },
      { fps: 5, model: slow },
      { fps: 5, model: slow },
      { fps: 20, model: brittle },
    ];
    const crew = given.map(({ fps, model }, i) => {
      // Room for several frames, so that one always waits however busy this machine is.
      const shared = createSharedFrames(256 * 192 * 3, 8);
      const slots = new FrameSlots(shared);
      const member = { looks: 0, slots };
      const plan = planOf(`cam${i}`);
      const birth = {
        shared,
        policy: "every",
        model,
        plan,
        run: "t",
        wantsTracks: false,
      } as const;
      const host = new CameraHost({
        birth: { ...birth, watch: null },
        clock,
        turns: { table: turns, fps },
        onEvent: () => undefined,
        onPeople: () => undefined,
        onLooked: () => {
          member.looks += 1;
        },
      });
      return { ...member, host, member };
    });
    await Promise.all(crew.map(({ host }) => host.start()));
    for (const { host } of crew) host.open(1, { widthPx: 256, heightPx: 192 });
    // A frame always waits, so nothing but the turns decides who looks.
    const fill = (): void => {
      for (const { slots, host } of crew) {
        for (let slot = slots.claim("every"); slot >= 0; slot = slots.claim("every")) {
          slots.pixels(slot).fill(9);
          slots.publish(slot, clock.mono(), 1);
        }
        host.wake();
      }
    };
    const camera = setInterval(fill, 5);
    t.after(() => clearInterval(camera));
    const [fast, second, third, dead] = crew.map(({ member }) => member);
    const total = (): number => (fast?.looks ?? 0) + (second?.looks ?? 0) + (third?.looks ?? 0);
    await until(() => total() >= 80);
    clearInterval(camera);
    const share = (fast?.looks ?? 0) / total();
    assert.ok(Math.abs(share - 0.5) < 0.08, `the fast one has ${share}`);
    assert.ok(Math.abs((second?.looks ?? 0) - (third?.looks ?? 0)) <= 4);
    assert.equal(dead?.looks, 0);
    const faults = await Promise.all(
      crew.map(async ({ host }) => {
        await host.end(clock.mono());
        return (await host.gone)?.code ?? null;
      }),
    );
    assert.deepEqual(faults, [null, null, null, "INFERENCE_FAILED"]);
  },
);
