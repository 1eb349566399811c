import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { composeGateway, type Gateway, type SensorPorts } from "../../src/app/compose.ts";
import { loadSiteFile } from "../../src/app/config-files.ts";
import { demoReceipt } from "../../src/app/demo/demo-till.ts";
import { obtainFootage } from "../../src/app/demo/footage.ts";
import { createRadioPart } from "../../src/app/radio-units.ts";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { type Central, createCentral } from "../../src/central/central.ts";
import { epochMs, gatewayId, monoMs } from "../../src/core/brand.ts";
import type { Timer } from "../../src/core/clock.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { CameraPlan, SitePlan } from "../../src/core/site.ts";
import { createSteppedClock, type SteppedClock } from "../../src/core/stepped-clock.ts";
import { analyseVideo, type VideoAnalysis } from "../../src/io/camera/offline.ts";
import { createEmbeddedBroker, type EmbeddedBroker } from "../../src/io/mqtt/embedded-broker.ts";
import { type Outbox, openOutbox } from "../../src/io/outbox/outbox.ts";
import { createDemoRadio } from "../../src/io/radio/demo-radio.ts";
import { pickModel } from "../eval/video-model.ts";

export const usage = `bench soak [--minutes 60] [--video FILE] [--json]
Runs the whole chain of the demo in replay speed: looped footage through ffmpeg, network, tracker, lines and zones;
radio and till in the same virtual time; outbox, broker and centre for real. Memory is sampled once a virtual minute.`;

interface Sample {
  readonly minute: number;
  readonly heapMB: number;
  readonly rssMB: number;
}

const CLIP_SECONDS = 79.5;
const FPS = 8;
const PICTURE = { widthPx: 768, heightPx: 576 };
/** Caches, compiled code and the first trading minutes fill up in here. */
const WARM_UP_SHARE = 0.3;

export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: "string", default: "60" }, video: { type: "string" } },
  });
  const minutes = Number(values.minutes);
  const say = (line: string): void => console.error(line);
  const cacheDir = join(homedir(), ".cache/vitrine");
  const { signal } = new AbortController();
  const source = resolve(values.video ?? (await obtainFootage({ cacheDir, say, signal })));
  const folder = await mkdtemp(join(tmpdir(), "vitrine-soak-"));
  try {
    const video = join(folder, "long.avi");
    const loops = Math.ceil((minutes * 60) / CLIP_SECONDS) - 1;
    const loop = ["-v", "error", "-stream_loop", String(loops), "-i", source, "-c", "copy"];
    execFileSync("ffmpeg", [...loop, "-t", String(minutes * 60), video]);
    return await soak(video, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The demo's chain from sensors to centre; sensors and gateway live in virtual time. */
interface Chain {
  readonly site: SitePlan;
  readonly clock: SteppedClock;
  readonly random: () => number;
  readonly emit: SensorPorts["onEvent"];
  readonly broker: EmbeddedBroker;
  readonly central: Central;
  readonly outbox: Outbox;
  readonly gateway: Gateway;
}

async function soak(video: string, folder: string): Promise<Readonly<Record<string, unknown>>> {
  const { signal } = new AbortController();
  const chain = await startChain(folder, signal);
  const { site, clock, emit, central, outbox } = chain;
  const startedMs = performance.now();
  const camera = site.cameras[0];
  if (camera === undefined) throw new TypeError("the demo site has no camera");
  emit(seeing(camera.id));
  const till = startTill(chain);
  const { analysis, samples } = await watchVideo(video, camera, { clock, emit, signal });
  const wallSeconds = (performance.now() - startedMs) / 1000;
  till.cancel();
  await drain(chain);
  const stats = outbox.stats();
  const produced = Object.values(stats.streams).reduce((sum, stream) => sum + stream.next - 1, 0);
  const stored = central.counts;
  await closeChain(chain);
  return {
    virtualMinutes: analysis.seconds / 60,
    speedOverRealTime: round(analysis.seconds / wallSeconds),
    frames: analysis.frames,
    produced,
    stillWaiting: stats.waiting,
    centre: stored,
    heapSlopeMBPerHour: round(slopePerHour(samples, (s) => s.heapMB)),
    rssSlopeMBPerHour: round(slopePerHour(samples, (s) => s.rssMB)),
    first: samples[0],
    last: samples.at(-1),
  };
}

async function startChain(folder: string, signal: AbortSignal): Promise<Chain> {
  const site = await loadSiteFile(join(import.meta.dirname, "../../config/demo/site.json"));
  const clock = createSteppedClock(epochMs(Date.UTC(2026, 0, 5, 10)));
  const random = seededRandom(1);
  const log = SILENT_LOG;
  const broker = createEmbeddedBroker({ port: 0, log });
  await broker.start(signal);
  const central = createCentral({
    store: `sqlite:${join(folder, "central.db")}`,
    mqttUrl: broker.url,
    root: "vitrine",
    http: { host: "127.0.0.1", port: 0 },
    clock: createSystemClock(),
    log,
    random,
  });
  await central.start(signal);
  const path = join(folder, "outbox.db");
  const outbox = openOutbox({ path, capBytes: 2 ** 31, commitMs: 250, clock, log, random });
  const { gateway, emit } = composeSoaked({ site, clock, random, outbox, brokerUrl: broker.url });
  for (const service of [...gateway.sources, ...gateway.sinks].reverse())
    await service.start(signal);
  return { site, clock, random, emit, broker, central, outbox, gateway };
}

function composeSoaked({
  site,
  clock,
  random,
  outbox,
  brokerUrl,
}: Pick<Chain, "site" | "clock" | "random" | "outbox"> & {
  readonly brokerUrl: string;
}): Pick<Chain, "gateway" | "emit"> {
  const log = SILENT_LOG;
  const { tags, receivers, floor } = site;
  const radio = createDemoRadio({ seed: 1, tags, receivers, floor, clock, log });
  let ports: SensorPorts | null = null;
  const gateway = composeGateway({
    gatewayId: gatewayId("soak"),
    site,
    outbox,
    broker: { url: brokerUrl },
    topicRoot: "vitrine",
    boot: "soak",
    version: "bench",
    notices: [],
    sensors: (given) => {
      ports = given;
      return createRadioPart(
        { sources: radio.sources, driver: radio, site, run: "soak", clock },
        given,
      ).units;
    },
    anchor: () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" }),
    clock,
    log,
    random,
  });
  const emit = (ports as SensorPorts | null)?.onEvent;
  if (emit === undefined) throw new TypeError("the gateway took no sensors");
  return { gateway, emit };
}

function startTill({ clock, random, emit }: Pick<Chain, "clock" | "random" | "emit">): Timer {
  let receipts = 0;
  return clock.every(25_000, "till", () => {
    receipts += 1;
    const { kind, paidAt, ...rest } = demoReceipt({ boot: "soak", clock, random }, receipts);
    const at = { atMono: clock.mono(), paidAt: epochMs(Date.parse(paidAt)) };
    emit({
      kind: "transaction",
      source: "pos:soak",
      seq: receipts - 1,
      transactionKind: kind,
      ...rest,
      ...at,
    });
  });
}

/** Virtual time goes on with the frames of the video. */
async function watchVideo(
  file: string,
  plan: CameraPlan,
  {
    clock,
    emit,
    signal,
  }: Pick<Chain, "clock" | "emit"> & {
    readonly signal: AbortSignal;
  },
): Promise<{ readonly analysis: VideoAnalysis; readonly samples: readonly Sample[] }> {
  const samples: Sample[] = [];
  const model = await pickModel({
    dir: resolve("models"),
    profile: "default",
    threads: 1,
    picture: PICTURE,
  });
  const analysis = await analyseVideo({
    file,
    plan,
    model,
    fps: FPS,
    startMono: monoMs(0),
    clock: createSystemClock(),
    signal,
    onEvent: emit,
    onPeople: (seen) => {
      clock.advanceTo(seen.atMono);
      const minute = Math.floor(seen.atMono / 60_000);
      if (minute > (samples.at(-1)?.minute ?? 0)) samples.push(sampleMemory(minute));
    },
  });
  return { analysis, samples };
}

/** Ends the sensors and waits until the centre has taken everything. */
async function drain({ gateway, outbox, clock }: Chain): Promise<void> {
  for (const service of gateway.sources) await service[Symbol.asyncDispose]();
  outbox.flush();
  await untilDrained(
    () => outbox.stats().waiting === 0,
    () => clock.advanceTo(monoMs(clock.mono() + 250)),
  );
}

async function closeChain({ gateway, outbox, central, broker }: Chain): Promise<void> {
  for (const service of gateway.sinks) await service[Symbol.asyncDispose]();
  outbox.close();
  await central[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
}

function seeing(sensorId: string): Parameters<SensorPorts["onEvent"]>[0] {
  return {
    kind: "sensor-changed",
    source: `camera-state:${sensorId}#soak`,
    seq: 0,
    atMono: monoMs(0),
    sensorId,
    sensorKind: "camera",
    state: "seeing",
    code: null,
  };
}

async function untilDrained(isDone: () => boolean, step: () => void): Promise<void> {
  for (let tries = 0; tries < 400 && !isDone(); tries += 1) {
    step();
    await new Promise((done) => setTimeout(done, 25));
  }
}

function sampleMemory(minute: number): Sample {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, rss } = process.memoryUsage();
  return { minute, heapMB: round(heapUsed / 1e6), rssMB: round(rss / 1e6) };
}

/** Least-squares slope after the warm-up. */
function slopePerHour(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const kept = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const n = kept.length;
  if (n < 3) return Number.NaN;
  const meanX = kept.reduce((sum, s) => sum + s.minute, 0) / n;
  const meanY = kept.reduce((sum, s) => sum + of(s), 0) / n;
  const top = kept.reduce((sum, s) => sum + (s.minute - meanX) * (of(s) - meanY), 0);
  const bottom = kept.reduce((sum, s) => sum + (s.minute - meanX) ** 2, 0);
  return (60 * top) / bottom;
}

const round = (value: number): number => Math.round(value * 100) / 100;
