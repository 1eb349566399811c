import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { epochMs, monoMs, receiverId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import { createSteppedClock } from "../../src/core/stepped-clock.ts";
import { HciSocketSim } from "../../src/io/radio/hci-socket-sim.ts";
import { createNobleRadio } from "../../src/io/radio/noble-radio.ts";
import { bytesOfHex } from "../../src/radio/bytes.ts";
import { type HciExpectation, inVectorWords } from "../../test/fakes/hci-vectors.ts";
import { readTexts } from "../speed/flags.ts";
import { difference, isRecord } from "./advert-case.ts";

export const usage = `eval hci --vectors FILE [--json]

Raw HCI packets through the whole reception: a simulated adapter that noble has set up and scans, the tap, the reader.
FILE is hci_events.json or another of its form: {"cases": [{"name", "events": [hex, ...], "expect": [report, ...]}]}.
  passed, total   cases in which every report is as expected, in order, and no other comes
  failures        name and first difference of the others

Example: npm run eval -- hci --vectors hci_events.json --json`;

/** What the evaluation returns. */
export interface HciScore {
  readonly passed: number;
  readonly total: number;
  readonly failures: readonly { readonly name: string; readonly why: string }[];
}

interface RawCase {
  readonly name: string;
  readonly events: readonly string[];
  readonly expect: readonly Readonly<Record<string, unknown>>[];
}

/** Runs the evaluation named by the arguments. @throws USAGE, INPUT_INVALID */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { vectors } = readTexts(args, ["vectors"]);
  if (vectors === undefined)
    throw new GatewayError("USAGE", "--vectors: expected a file, found none");
  return { ...(await scoreHci(casesIn(await contentOf(vectors), basename(vectors)))) };
}

/** Judges every case. */
export async function scoreHci(cases: readonly RawCase[]): Promise<HciScore> {
  const failures: { name: string; why: string }[] = [];
  for (const { name, events, expect } of cases) {
    const why = difference(expect, await reportsOf(events), "reports");
    if (why !== null) failures.push({ name, why });
  }
  return { passed: cases.length - failures.length, total: cases.length, failures };
}

/** What a receiver hands on when its adapter gives these packets, a millisecond apart. */
async function reportsOf(events: readonly string[]): Promise<readonly HciExpectation[]> {
  const socket = new HciSocketSim();
  const clock = createSteppedClock(epochMs(0), monoMs(0));
  const radio = createNobleRadio({
    receiverId: receiverId("eval"),
    adapter: 0,
    clock,
    log: SILENT_LOG,
    random: seededRandom(1),
    openSocket: () => socket,
  });
  const reports: HciExpectation[] = [];
  radio.onReport = ({ hci, address, rssiDbm, payload }) => {
    if (hci === null || hci === undefined)
      throw new TypeError("an adapter's report without its source");
    const ad = Buffer.from(payload).toString("hex");
    reports.push({ ...inVectorWords(hci), address, rssi: rssiDbm, ad });
  };
  await radio.start(new AbortController().signal);
  events.forEach((event, i) => {
    clock.advanceTo(monoMs(i + 1));
    socket.deliver(Buffer.from(event, "hex"));
  });
  await radio[Symbol.asyncDispose]();
  return reports;
}

async function contentOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new GatewayError("INPUT_INVALID", `${basename(path)} cannot be read as JSON`, { cause });
  }
}

/** The cases of a file. @throws INPUT_INVALID naming the case and what was expected */
export function casesIn(content: unknown, file: string): readonly RawCase[] {
  const cases: unknown = isRecord(content) ? content["cases"] : null;
  if (!Array.isArray(cases) || cases.length === 0)
    throw new GatewayError("INPUT_INVALID", `${file}: expected a list "cases", found none`);
  return cases.map((one: unknown, i) => {
    const refuse = (expected: string): GatewayError =>
      new GatewayError("INPUT_INVALID", `${file}: cases[${i}]: expected ${expected}`);
    if (!isRecord(one)) throw refuse("an object");
    const { name, events, expect } = one as Readonly<Record<string, unknown>>;
    if (!Array.isArray(events) || !events.every(isHex)) throw refuse("events: packets in hex");
    if (!Array.isArray(expect) || !expect.every(isRecord)) throw refuse("expect: reports");
    return { name: typeof name === "string" ? name : `cases[${i}]`, events, expect };
  });
}

const isHex = (text: unknown): text is string =>
  typeof text === "string" && bytesOfHex(text) !== null;
