import { monoMs, receiverId, zoneId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { normalDraw, seededRandom } from "../../src/core/random.ts";
import type { FloorPlan, ReceiverPlan } from "../../src/core/site.ts";
import { createZoneEngine } from "../../src/radio/zones/zone-engine.ts";
import { readTexts } from "./flags.ts";

export const usage = `bench zones [--tags N] [--seconds N] [--json]
Time per tag and second of all the zone engine does: 21 m x 18 m in cells of 1 m (378), 12 receivers, 23 packets a second
of each walking tag, smoothed over 10 s. msPerTagSecond is the median of five runs of tags whose first minute is over;
firstMinuteMs is the same for their first, in which every power a tag may have is tried. ratio = msPerTagSecond /
limitMs, so below 1 is good. liveMs is without smoothing.

Example: npm run bench -- zones --json`;

/** What the product allows for one second of one tag on a desktop core. */
const LIMIT_MS = 1.5;
const ROUNDS = 5;
const WIDTH_M = 21;
const DEPTH_M = 18;
const PACKETS_PER_RECEIVER = 23 / 12;
const WARM_SECONDS = 60;

/** Measures the engine on simulated tags; the work is the same on every machine. @throws USAGE */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const texts = readTexts(args, ["tags", "seconds"]);
  const tags = whole("tags", texts.tags, 10);
  const seconds = whole("seconds", texts.seconds, 60);
  const smoothed = measure(tags, seconds, 10_000);
  const live = measure(tags, seconds, 0);
  return {
    msPerTagSecond: smoothed.steadyMs,
    limitMs: LIMIT_MS,
    ratio: rounded(smoothed.steadyMs / LIMIT_MS),
    firstMinuteMs: smoothed.firstMs,
    liveMs: live.steadyMs,
    tags,
    seconds,
    estimates: smoothed.estimates,
  };
}

interface Figures {
  readonly firstMs: number;
  readonly steadyMs: number;
  readonly estimates: number;
}

function measure(tags: number, seconds: number, lagMs: number): Figures {
  const first: number[] = [];
  const steady: number[] = [];
  let estimates = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const packets = simulate(tags, WARM_SECONDS + seconds);
    estimates = 0;
    const engine = createZoneEngine({
      floor: FLOOR,
      receivers: RECEIVERS,
      survey: [],
      lagMs,
      onEstimate: () => {
        estimates += 1;
      },
    });
    let next = 0;
    const pass = (from: number, to: number): number => {
      const startMs = performance.now();
      for (let second = from; second < to; second += 1) {
        for (let p = packets[next]; p !== undefined && p.atMs < second * 1000; p = packets[next]) {
          engine.reading(p.tag, p.receiver, p.rssiDbm, 1, monoMs(p.atMs));
          next += 1;
        }
        engine.advance(monoMs(second * 1000));
      }
      return (performance.now() - startMs) / tags / (to - from);
    };
    first.push(pass(0, WARM_SECONDS));
    steady.push(pass(WARM_SECONDS, WARM_SECONDS + seconds));
  }
  return { firstMs: median(first), steadyMs: median(steady), estimates };
}

const FLOOR: FloorPlan = {
  outline: rectangle(0, 0, WIDTH_M, DEPTH_M),
  obstacles: [],
  zones: Array.from({ length: 6 }, (_, i) => {
    const x = (i % 3) * 7;
    const y = Math.floor(i / 3) * 9;
    const polygon = rectangle(x, y, x + 7, y + 9);
    return { id: zoneId(`z${i}`), name: `z${i}`, kind: "area" as const, polygon };
  }),
  doors: [],
};

const RECEIVERS: readonly ReceiverPlan[] = Array.from({ length: 12 }, (_, i) => ({
  id: receiverId(`r${i}`),
  name: `r${i}`,
  xM: 2.5 + (i % 4) * 5.3,
  yM: 2 + Math.floor(i / 4) * 7,
  zM: 2.3,
}));

function rectangle(x0: number, y0: number, x1: number, y1: number): FloorPlan["outline"] {
  return [
    { x: x0, y: y0 },
    { x: x1, y: y0 },
    { x: x1, y: y1 },
    { x: x0, y: y1 },
  ];
}

interface Packet {
  readonly tag: number;
  readonly receiver: number;
  readonly rssiDbm: number;
  readonly atMs: number;
}

/** Tags that walk to and fro, heard by every receiver with 7 dB of scatter. */
function simulate(tags: number, seconds: number): Packet[] {
  const random = seededRandom(4);
  const packets: Packet[] = [];
  for (let tag = 0; tag < tags; tag += 1) {
    let x = WIDTH_M * random();
    let y = DEPTH_M * random();
    for (let second = 0; second < seconds; second += 1) {
      x = Math.max(0, Math.min(WIDTH_M, x + 0.8 * normalDraw(random)));
      y = Math.max(0, Math.min(DEPTH_M, y + 0.8 * normalDraw(random)));
      RECEIVERS.forEach(({ xM, yM }, receiver) => {
        for (let due = PACKETS_PER_RECEIVER; due > random(); due -= 1) {
          const lossDb = 20 * Math.log10(Math.max(1, Math.hypot(xM - x, yM - y, 1.1)));
          const rssiDbm = Math.round(-59 - lossDb + 7 * normalDraw(random));
          packets.push({
            tag,
            receiver,
            rssiDbm,
            atMs: second * 1000 + Math.floor(1000 * random()),
          });
        }
      });
    }
  }
  return packets.sort((a, b) => a.atMs - b.atMs);
}

function whole(name: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new GatewayError("USAGE", `expected a whole number from 1 for --${name}, found ${text}`);
}

const median = (values: number[]): number =>
  rounded(values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN);
const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
