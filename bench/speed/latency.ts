import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connectAsync } from "mqtt";
import { composeGateway, type SensorPorts } from "../../src/app/compose.ts";
import type { SensorUnit } from "../../src/app/sensor-board.ts";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { cameraId, gatewayId, lineId, storeId, zoneId } from "../../src/core/brand.ts";
import type { SensorEvent } from "../../src/core/events.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { CameraPlan, SitePlan } from "../../src/core/site.ts";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { createCamera } from "../../src/io/camera/live-camera.ts";
import { createEmbeddedBroker } from "../../src/io/mqtt/embedded-broker.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";
import { fakeCameraModel } from "../../test/fakes/fake-person-model.ts";
import { pause } from "./camera-run.ts";
import { readFlags } from "./flags.ts";

export const usage = `bench latency [--fps N] [--seconds N] [--json]

Time from the arrival of the frame that decided an event (its last byte read from ffmpeg) to that event's arrival at a
subscriber of event/<type> on a real broker on loopback: shared frames, worker, tracker, line and zone, journey,
outbox with its commit, MQTT. The network is a tiny one of some milliseconds, so inference hardly adds to it; two bright
figures walk to and fro through a door.

Example: npm run bench -- latency --json`;

/** Limit of the 95th percentile, above inference. */
const LIMIT_MS = 300;
const GATEWAY = "bench";

const corner = (x: number, y: number) => ({ x, y });
const CAMERA: CameraPlan = {
  id: cameraId("door"),
  name: "door",
  lines: [{ id: lineId("door"), name: "door", role: "door", a: corner(0.5, 1), b: corner(0.5, 0) }],
  zones: [
    {
      id: zoneId("right"),
      name: "right",
      kind: "area",
      polygon: [corner(0.55, 0), corner(1, 0), corner(1, 1), corner(0.55, 1)],
    },
  ],
  exclusions: [],
};
const SITE: SitePlan = {
  v: 1,
  store: {
    id: storeId("bench"),
    name: "bench",
    timeZone: "Europe/Berlin",
    dayCutoverMin: 0,
    currency: "EUR",
  },
  cameras: [CAMERA],
  receivers: [],
  tags: [],
};

/** Runs the benchmark. @throws USAGE */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { fps, seconds } = readFlags(args, { fps: 10, seconds: 40, threads: 1 });
  const dir = mkdtempSync(join(tmpdir(), "bench-latency-"));
  try {
    const delays = await measure(dir, await walkers(dir, fps), fps, seconds);
    const all = [...delays.values()].flat().sort((a, b) => a - b);
    const byKind = [...delays].map(([kind, list]) => [kind, summary(list)]);
    return {
      p95Ms: rank(all, 0.95),
      limitMs: LIMIT_MS,
      medianMs: rank(all, 0.5),
      maxMs: rank(all, 1),
      events: all.length,
      byKind: Object.fromEntries(byKind),
      commitMs: 250,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Runs a gateway with one camera and collects the delays by the kind of event. */
async function measure(
  dir: string,
  video: string,
  fps: number,
  seconds: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const clock = createSystemClock();
  const random = seededRandom(7);
  const log = SILENT_LOG;
  const halt = new AbortController();
  const broker = createEmbeddedBroker({ port: 0, log });
  await broker.start(halt.signal);
  const path = join(dir, "outbox.db");
  const outbox = openOutbox({ path, capBytes: 2 ** 24, commitMs: 250, clock, log, random });
  const arrivals = new FrameArrivals();
  const gateway = composeGateway({
    gatewayId: gatewayId(GATEWAY),
    site: SITE,
    outbox,
    broker: { url: broker.url },
    topicRoot: "vitrine",
    boot: "bench",
    version: "bench",
    notices: [],
    sensors: (ports) => [cameraUnit(ports, arrivals, { dir, video, fps, clock, random })],
    anchor: () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" }),
    clock,
    log,
    random,
  });
  const subscriber = await connectAsync(broker.url);
  const delays = new Map<string, number[]>();
  subscriber.on("message", (_topic, payload) => {
    const receivedMono = clock.mono();
    const event = JSON.parse(String(payload)) as {
      type: string;
      source: string;
      sourceseq: number;
    };
    const arrivedMono = arrivals.of(event.source, event.sourceseq);
    if (arrivedMono === null) return;
    const kind = event.type.replace("vitrine.", "");
    delays.set(kind, [...(delays.get(kind) ?? []), receivedMono - arrivedMono]);
  });
  await subscriber.subscribeAsync(`vitrine/v1/${GATEWAY}/event/+`);
  const services = [...gateway.sinks, ...gateway.sources];
  for (const service of services) await service.start(halt.signal);
  await pause(seconds * 1000);
  halt.abort();
  for (const service of services.reverse()) await service[Symbol.asyncDispose]();
  await subscriber.endAsync();
  outbox.close();
  await broker[Symbol.asyncDispose]();
  return delays;
}

/** Remembers, for the latest events of the camera, when the frame that decided them arrived. */
class FrameArrivals {
  readonly #seqs: number[] = [];
  readonly #arrivedMono = new Map<number, number>();

  /** The camera emitted an event; the frame it was decided with is told right after. */
  event(event: SensorEvent): void {
    if (event.source.startsWith("camera:")) this.#seqs.push(event.seq);
  }

  frame(atMono: number): void {
    for (const seq of this.#seqs) this.#arrivedMono.set(seq, atMono);
    this.#seqs.length = 0;
  }

  /** null for events that no frame decided, such as a change of the camera's state. */
  of(source: string, seq: number): number | null {
    if (!source.includes(encodeURIComponent("camera:"))) return null;
    return this.#arrivedMono.get(seq) ?? null;
  }
}

interface Rig {
  readonly dir: string;
  readonly video: string;
  readonly fps: number;
  readonly clock: ReturnType<typeof createSystemClock>;
  readonly random: () => number;
}

function cameraUnit(ports: SensorPorts, arrivals: FrameArrivals, rig: Rig): SensorUnit {
  const { dir, video, fps, clock, random } = rig;
  const camera = createCamera({
    config: { id: CAMERA.id, source: video, fps, motionGate: true, loop: true },
    plan: CAMERA,
    model: fakeCameraModel(dir),
    clock,
    log: SILENT_LOG,
    random,
    onEvent: (event) => {
      arrivals.event(event);
      ports.onEvent(event);
    },
    // Of one report events come first and then people, who carry the time stamp of the frame.
    onPeople: (people) => {
      arrivals.frame(people.atMono);
      ports.onPeople(people);
    },
  });
  const facts = (): readonly (readonly [string, string])[] => [];
  return {
    sensorId: CAMERA.id,
    kind: "camera",
    name: CAMERA.name,
    service: camera,
    facts,
    tap: (isOn) => camera.tap(isOn),
  };
}

/** Two white figures that swing to and fro through the middle, one above the other. */
async function walkers(dir: string, fps: number): Promise<string> {
  const { path } = await findFfmpeg();
  const file = join(dir, "walkers.mp4");
  const figure = `color=white:s=56x120:r=${fps}`;
  const scene = [
    `color=black:s=512x384:r=${fps}[bg]`,
    `${figure}[a]`,
    `${figure}[b]`,
    "[bg][a]overlay=x='228+120*sin(2*t)':y=30[one]",
    "[one][b]overlay=x='228+120*sin(2*t+2)':y=230",
  ].join(";");
  const args = ["-y", "-v", "error", "-f", "lavfi", "-i", scene, "-t", "120"];
  await promisify(execFile)(path, [...args, "-pix_fmt", "yuv420p", "-g", "20", "-bf", "0", file]);
  return file;
}

function summary(delays: readonly number[]): Readonly<Record<string, number>> {
  const sorted = [...delays].sort((a, b) => a - b);
  return { events: sorted.length, medianMs: rank(sorted, 0.5), p95Ms: rank(sorted, 0.95) };
}

/** The value at this part of a sorted list, rounded to a tenth. */
function rank(sorted: readonly number[], part: number): number {
  const at = Math.min(sorted.length - 1, Math.floor(part * sorted.length));
  return Math.round(10 * (sorted[at] ?? Number.NaN)) / 10;
}
