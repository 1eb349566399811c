import { createSystemClock } from "../../src/app/system-clock.ts";
import { receiverId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import {
  extendedReportPacket,
  ibeaconPayload,
  legacyReportPacket,
} from "../../src/io/radio/hci-packets.ts";
import { HciSocketSim } from "../../src/io/radio/hci-socket-sim.ts";
import { createNobleRadio, type NobleRadio } from "../../src/io/radio/noble-radio.ts";
import { readTexts } from "./flags.ts";

export const usage = "npm run bench -- recovery [--json] [--cycles 100]";

const DOWN_UP_LIMIT_S = 3;
const DISALLOWED_LIMIT_S = 5;
/** Adapters that go through their cycles side by side, half of them with extended scanning. */
const ADAPTERS = 10;
/** A beacon of 20 Hz is on the air. */
const BEACON_MS = 50;
const GIVE_UP_S = 60;

/** An adapter with its receiver, on the machine's clock, hearing one beacon. */
interface Rig {
  readonly socket: HciSocketSim;
  readonly radio: NobleRadio;
  readonly random: () => number;
  /** Seconds until the receiver hears again. */
  readonly heardAgain: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

const beacon = { addressType: 1, address: Uint8Array.of(0xc1, 2, 3, 4, 5, 6), rssiDbm: -60 };
const payload = ibeaconPayload(
  Uint8Array.from({ length: 20 }, (_, i) => i),
  -59,
);
const PACKETS = {
  legacy: Buffer.from(legacyReportPacket([{ ...beacon, eventType: 3, payload }])),
  extended: Buffer.from(
    extendedReportPacket({ ...beacon, eventType: 0x10, payload, txPowerDbm: 127 }),
  ),
} as const;

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function createRig(index: number): Promise<Rig> {
  const kind = index % 2 === 0 ? "legacy" : "extended";
  const socket = new HciSocketSim("later", kind);
  const random = seededRandom(index + 1);
  const radio = createNobleRadio({
    receiverId: receiverId(`bench-${index}`),
    adapter: index,
    clock: createSystemClock(),
    log: SILENT_LOG,
    random,
    openSocket: () => socket,
  });
  let onHeard: (() => void) | null = null;
  radio.onReport = () => onHeard?.();
  await radio.start(new AbortController().signal);
  const air = setInterval(() => socket.deliver(PACKETS[kind]), BEACON_MS);
  const heardAgain = async (): Promise<number> => {
    const began = performance.now();
    let timeout: NodeJS.Timeout | undefined;
    await new Promise<void>((done) => {
      onHeard = done;
      timeout = setTimeout(done, GIVE_UP_S * 1000);
    });
    clearTimeout(timeout);
    onHeard = null;
    return (performance.now() - began) / 1000;
  };
  const stop = async (): Promise<void> => {
    clearInterval(air);
    await radio[Symbol.asyncDispose]();
  };
  return { socket, radio, random, heardAgain, stop };
}

/** Down for 0 to 2 s at any moment, up again: seconds from up to the first report. */
async function downAndUp({ socket, random, heardAgain }: Rig): Promise<number> {
  await sleep(1_500 * random());
  socket.setUp(false);
  await sleep(2_000 * random());
  socket.setUp(true);
  return heardAgain();
}

/** Comes up while another program keeps it from scanning for 0 to 2 s: seconds from the end of that to the first report. */
async function disallowed({ socket, random, heardAgain }: Rig): Promise<number> {
  socket.setRefusing(true);
  socket.setUp(false);
  await sleep(1_100);
  socket.setUp(true);
  await sleep(1_100 + 2_000 * random());
  socket.setRefusing(false);
  return heardAgain();
}

export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const cycles = Number(readTexts(args, ["cycles"]).cycles ?? 100);
  if (!Number.isInteger(cycles) || cycles < 1)
    throw new GatewayError("USAGE", "expected a whole number above 0 for --cycles");
  const handles = activeHandles();
  const rigs = await Promise.all(Array.from({ length: ADAPTERS }, (_, i) => createRig(i)));
  const downUpS: number[] = [];
  const disallowedS: number[] = [];
  await Promise.all(
    rigs.map(async (rig, index) => {
      for (let cycle = index; cycle < cycles; cycle += ADAPTERS) {
        downUpS.push(await downAndUp(rig));
        disallowedS.push(await disallowed(rig));
      }
    }),
  );
  const refusals = rigs.reduce((sum, { radio }) => sum + (radio.counts().refusals ?? 0), 0);
  for (const rig of rigs) await rig.stop();
  // The simulated adapters answer the last command in a later turn.
  await sleep(BEACON_MS);
  const sorted = [...downUpS].sort((a, b) => a - b);
  const downUpMaxS = rounded(sorted.at(-1) ?? Number.NaN);
  const disallowedMaxS = rounded(Math.max(...disallowedS));
  return {
    downUpMedianS: rounded(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN),
    downUpMaxS,
    downUpLimitS: DOWN_UP_LIMIT_S,
    downUpRatio: rounded(downUpMaxS / DOWN_UP_LIMIT_S),
    disallowedMaxS,
    disallowedLimitS: DISALLOWED_LIMIT_S,
    disallowedRatio: rounded(disallowedMaxS / DISALLOWED_LIMIT_S),
    cycles: downUpS.length,
    refusals,
    leakedHandles: Math.max(0, activeHandles() - handles),
    ok: downUpMaxS < DOWN_UP_LIMIT_S && disallowedMaxS < DISALLOWED_LIMIT_S,
  };
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** Timers and other things that keep a process alive. */
const activeHandles = (): number => process.getActiveResourcesInfo().length;
