import { join } from "node:path";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { gatewayId, storeId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { Delivery } from "../../src/io/mqtt/delivery.ts";
import { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
import { openOutboxFile } from "../../src/io/outbox/open-outbox-file.ts";
import { Outbox } from "../../src/io/outbox/outbox.ts";
import type {
  OnAccepted,
  OutboxEntry,
  OutboxOptions,
} from "../../src/io/outbox/outbox-contract.ts";
import type { StreamName } from "../../src/wire/cloud-event.ts";
import {
  crossing,
  freePort,
  hasMosquitto,
  startMosquitto,
  tempDir,
  until,
} from "../../test/e2e/delivery-rig.ts";
import { bundleChildren, type Child, launch } from "../../test/rig/children.ts";
import { compare, readStored } from "../../test/rig/compare.ts";
import { startTcpProxy, type TcpProxy } from "../../test/rig/tcp-proxy.ts";
import { barePathMs } from "./bare-path.ts";
import { readTexts } from "./flags.ts";
import { childrenCpuMs, ownCpuMs } from "./process-cpu.ts";

export const usage =
  "npm run bench -- drain [--events N] [--rtt MS] [--resets SHARE] [--live PER_SECOND] --json   drains a backlog (432,000) through mosquitto to a SQLite centre, with live events meanwhile, over mqtt.js and bare better-sqlite3 in the same run; --rtt 300 --resets 0.01 --events 50000 is the long line";

const COMMIT_MS = 250;
const CAP_BYTES = 2_147_483_648;
/** Recorded long enough ago to be a backlog. */
const BACKLOG_AGE_MS = 3_600_000;
const BARE_EVENTS = 100_000;
const BATCH_BYTES = 65_000;
const LIMIT_MS = 600_000;

/** Notes the id of every accepted event, and of live ones when they were handed in and when the centre had them. */
class TimedOutbox extends Outbox {
  readonly #produced: Set<string>;
  readonly #open: { stream: StreamName; seq: number; fromMs: number }[] = [];
  readonly latenciesMs: number[] = [];
  isTiming = false;

  constructor(options: OutboxOptions, produced: Set<string>) {
    super(openOutboxFile(options), options);
    this.#produced = produced;
  }

  override append(entry: OutboxEntry, onAccepted: OnAccepted | null = null): boolean {
    const fromMs = performance.now();
    return super.append(entry, (stream, seq) => {
      this.#produced.add((JSON.parse(entry.body) as { readonly id: string }).id);
      if (this.isTiming) this.#open.push({ stream, seq, fromMs });
      onAccepted?.(stream, seq);
    });
  }

  override acknowledge(stream: StreamName, seq: number): "new" | "known" | "ahead" {
    const nowMs = performance.now();
    while (this.#open.some((one) => one.stream === stream && one.seq <= seq)) {
      const at = this.#open.findIndex((one) => one.stream === stream && one.seq <= seq);
      const [done] = this.#open.splice(at, 1);
      if (done !== undefined) this.latenciesMs.push(nowMs - done.fromMs);
    }
    return super.acknowledge(stream, seq);
  }

  get unanswered(): number {
    return this.#open.length;
  }
}

function gatewayOn(url: string, outbox: Outbox): { link: MqttLink; delivery: Delivery } {
  const clock = createSystemClock();
  const common = { clock, log: SILENT_LOG };
  const id = gatewayId("gw1");
  const boot = "b1";
  const link = new MqttLink({
    ...{ url, clientId: id, clean: true, boot, will: null },
    ...{ ...common, random: Math.random },
  });
  const identity = {
    root: "vitrine",
    gatewayId: id,
    storeId: storeId("shop1"),
    boot,
    versions: {},
  };
  return { link, delivery: new Delivery({ identity, outbox, link, sensors: () => [], ...common }) };
}

/** Fills an outbox as an hour ago would have. */
function fill(options: OutboxOptions, events: number, produced: Set<string>): void {
  const clock = createSystemClock();
  const past = {
    ...clock,
    now: () => (clock.now() - BACKLOG_AGE_MS) as ReturnType<typeof clock.now>,
  };
  const outbox = new TimedOutbox({ ...options, clock: past }, produced);
  const { delivery } = gatewayOn("mqtt://127.0.0.1:1", outbox);
  outbox.together(() => {
    for (let n = 0; n < events; n += 1) delivery.record(crossing(n, "backlog"));
  });
  outbox.close();
}

/** The first batches of the backlog, as lists of records. */
function firstBatches(outbox: Outbox): readonly (readonly string[])[] {
  const batches: string[][] = [];
  let after = 0;
  while (after < BARE_EVENTS) {
    const rows = outbox.read("journey", after, BATCH_BYTES);
    if (rows.length === 0) break;
    batches.push(rows.map((row) => (row.kind === "event" ? row.body : "")));
    after += rows.length;
  }
  return batches;
}

/** Resets the line after a share of the batches that were acknowledged. */
function breaker(
  outbox: Outbox,
  proxy: TcpProxy,
  share: number,
): { count(): number; stop(): void } {
  let resets = 0;
  let before = outbox.acked("journey");
  const timer = setInterval(() => {
    const acked = outbox.acked("journey");
    const batches = (acked - before) / 100;
    before = acked;
    if (Math.random() >= batches * share) return;
    resets += 1;
    proxy.cut(0);
  }, 20);
  return { count: () => resets, stop: () => clearInterval(timer) };
}

const part = (sorted: readonly number[], share: number): number | null => {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? null : Math.round(value);
};

interface Setup {
  readonly events: number;
  readonly rttMs: number;
  readonly resets: number;
  readonly livePerSecond: number;
}

function setupOf(args: readonly string[]): Setup {
  const own = args.filter((arg) => arg !== "--json");
  const values = readTexts(own, ["events", "rtt", "resets", "live"]);
  return {
    events: Number(values.events ?? 432_000),
    rttMs: Number(values.rtt ?? 0),
    resets: Number(values.resets ?? 0),
    livePerSecond: Number(values.live ?? 20),
  };
}

async function drain(
  outbox: TimedOutbox,
  proxy: TcpProxy,
  { events, resets, livePerSecond }: Setup,
): Promise<Readonly<Record<string, unknown>>> {
  const { link, delivery } = gatewayOn(proxy.url, outbox);
  const { signal } = new AbortController();
  const startMs = performance.now();
  const [ownMs, childrenMs] = [ownCpuMs(), childrenCpuMs()];
  await delivery.start(signal);
  await link.start(signal);
  await until("the centre acknowledges", () => outbox.acked("journey") > 0, LIMIT_MS);
  outbox.isTiming = true;
  let live = 0;
  const timer = setInterval(() => {
    delivery.record(crossing(events + live, "live"));
    live += 1;
  }, 1000 / livePerSecond);
  const breaks = breaker(outbox, proxy, resets);
  await until("the backlog is gone", () => outbox.acked("journey") >= events, LIMIT_MS);
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = {
    gatewayCpuMsPerThousand: Math.round(((ownCpuMs() - ownMs) * 1000) / events),
    brokerAndCentreCpuMsPerThousand: Math.round(((childrenCpuMs() - childrenMs) * 1000) / events),
  };
  clearInterval(timer);
  breaks.stop();
  const meanwhile = [...outbox.latenciesMs].sort((a, b) => a - b);
  await until("all is acknowledged", () => outbox.unanswered === 0, LIMIT_MS);
  await delivery[Symbol.asyncDispose]();
  await link[Symbol.asyncDispose]();
  return {
    eventsPerSecond: Math.round((events + live) / seconds),
    seconds: Math.round(seconds * 10) / 10,
    liveEvents: live,
    liveP50Ms: part(meanwhile, 0.5),
    liveP95Ms: part(meanwhile, 0.95),
    liveWorstMs: part(meanwhile, 1),
    resets: breaks.count(),
    ...cpu,
    freshEvents: outbox.acked("fresh"),
  };
}

/**
 * Drains a backlog through mosquitto (a process), a TCP line and a centre on SQLite (a process) while live events come
 * in; a live event's latency is from the moment it happened to the centre's acknowledgement, the group commit included.
 * Then the centre is ended and what it stored is compared with what the outbox accepted, id by id.
 */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  if (!hasMosquitto()) throw new GatewayError("USAGE", "mosquitto is not installed");
  const setup = setupOf(args);
  const dir = tempDir();
  const broker = await startMosquitto(dir.path, await freePort());
  const proxy = await startTcpProxy(await freePort(), [broker.url]);
  await bundleChildren(dir.path, ["central-child", "bare-centre-child"]);
  const store = `sqlite:${join(dir.path, "central.db")}`;
  const options = {
    ...{ path: join(dir.path, "outbox.db"), capBytes: CAP_BYTES, commitMs: COMMIT_MS },
    ...{ clock: createSystemClock(), log: SILENT_LOG, random: Math.random },
  };
  let central: Child | null = null;
  try {
    const produced = new Set<string>();
    fill(options, setup.events, produced);
    const outbox = new TimedOutbox(options, produced);
    // The peer has a plain line; beside a long one its rate would say nothing.
    const isPlain = setup.rttMs === 0 && setup.resets === 0;
    const batches = isPlain ? firstBatches(outbox) : [];
    const peer = async (): Promise<number> =>
      isPlain ? barePathMs(dir.path, broker.url, batches) : 0;
    const beforeMs = await peer();
    central = launch(dir.path, "central-child", { store, url: broker.url });
    await central.ready;
    if (setup.rttMs > 0) proxy.slow(setup.rttMs / 2, LIMIT_MS);
    const found = await drain(outbox, proxy, setup);
    outbox.close();
    await central.end("SIGTERM");
    const bareMs = beforeMs + (await peer());
    const comparison = compare(produced, await readStored(store));
    if (!isPlain) return { ...comparison, ...found };
    const bareEvents = 2 * batches.reduce((sum, batch) => sum + batch.length, 0);
    const bareEventsPerSecond = Math.round((bareEvents * 1000) / bareMs);
    const ratio = Number(found["eventsPerSecond"]) / bareEventsPerSecond;
    const ratioToBarePath = Math.round(ratio * 1000) / 1000;
    return { ...comparison, ...found, ratioToBarePath, bareEventsPerSecond };
  } finally {
    await central?.end("SIGTERM");
    await proxy.close();
    await broker.stop();
    dir.remove();
  }
}
