import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { GatewayError } from "../../src/core/errors.ts";
import { readFixture, readShared } from "../../test/fakes/shared-vectors.ts";
import { type AdvlibVector, judgeAdvlib, payloadOf } from "./advert-advlib.ts";
import { areBeaconVectors, type BeaconVector, judgeBeacons } from "./advert-beacons.ts";
import { type AdvertOutcome, hexBytes, isRecord } from "./advert-case.ts";
import { isCryptoFile, judgeCrypto } from "./advert-crypto.ts";
import { fuzzAdverts } from "./advert-fuzz.ts";
import { type GapVector, judgeGap } from "./advert-gap.ts";

export const usage = `eval adverts [--vectors FILE ...] [--fuzz N [--seed N]] [--json]

Decoders of advertisements against recorded vectors. Each FILE is one of gap_parse.json, advlib.json, altbeacon.json,
crypto.json or another of the same form; which one, its content tells. (HCI packets: see eval hci.)
  passed, total   vectors of formats that we claim, each compared by value
  failures        name and first difference of those that failed
  vectors         all vectors in the files = total + notClaimed
  notClaimed      name and reason of those that are not compared; what we claim stands in docs/radio.md, Formats
With --fuzz, N seeded changes and all truncations of the files' payloads (without --vectors: of all shared data and our
own fixtures) go through every decoder and the HCI reader: exceptions must be 0.

Example: npm run eval -- adverts --vectors advlib.json --json
         npm run eval -- adverts --fuzz 100000 --seed 1 --json`;

/** What one evaluation of vectors returns. */
export interface AdvertScore {
  readonly passed: number;
  readonly total: number;
  readonly failures: readonly { readonly name: string; readonly why: string }[];
  readonly vectors: number;
  readonly notClaimed: readonly { readonly name: string; readonly reason: string }[];
}

interface VectorFile {
  readonly name: string;
  readonly content: unknown;
}

const SHARED = [
  "gap_parse.json",
  "advlib.json",
  "altbeacon.json",
  "crypto.json",
  "hci_events.json",
];
const OWN = ["radio/beacon-cases.json", "radio/hci-cases.json"];

/** Runs the evaluation named by the arguments. @throws USAGE, INPUT_INVALID */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { vectors, fuzz, seed } = readOptions(args);
  const files = await Promise.all(vectors.map(readVectors));
  if (fuzz === null) return { ...scoreOf(files.flatMap(judgeFile)) };
  const corpus = files.length > 0 ? files : knownFiles();
  const { payloads, packets } = bytesIn(corpus.map(({ content }) => content));
  if (payloads.length === 0 && packets.length === 0)
    throw new GatewayError("INPUT_INVALID", "no payloads in these files");
  const score = files.length > 0 ? scoreOf(files.filter(isJudged).flatMap(judgeFile)) : {};
  return { ...score, ...fuzzAdverts(payloads, packets, fuzz, seed), seed };
}

/** Judges one file by the form of its content. @throws USAGE for HCI packets, INPUT_INVALID for what it does not know */
export function judgeFile({ name, content }: VectorFile): readonly AdvertOutcome[] {
  const file = isRecord(content) ? content : {};
  if (Array.isArray(file["cases"]))
    throw new GatewayError("USAGE", `${name} holds HCI packets: use eval hci --vectors FILE`);
  if (isCryptoFile(file)) return judgeCrypto(file);
  const vectors: readonly unknown[] = Array.isArray(file["vectors"]) ? file["vectors"] : [];
  const outcomes = judgeVectors(vectors);
  if (outcomes === null)
    throw new GatewayError("INPUT_INVALID", `${name}: no vectors of advertisements in it`);
  return outcomes;
}

function judgeVectors(vectors: readonly unknown[]): readonly AdvertOutcome[] | null {
  const first = vectors[0];
  if (!isRecord(first)) return null;
  if (Array.isArray(first["segments"])) return judgeGap(vectors as readonly GapVector[]);
  if (typeof first["package"] === "string") return judgeAdvlib(vectors as readonly AdvlibVector[]);
  return areBeaconVectors(vectors) ? judgeBeacons(vectors as readonly BeaconVector[]) : null;
}

/** Adds up outcomes. Pure. */
export function scoreOf(outcomes: readonly AdvertOutcome[]): AdvertScore {
  const claimed = outcomes.filter((outcome) => outcome.notClaimed === null);
  const failures = claimed.flatMap(({ name, why }) => (why === null ? [] : [{ name, why }]));
  return {
    passed: claimed.length - failures.length,
    total: claimed.length,
    failures,
    vectors: outcomes.length,
    notClaimed: outcomes.flatMap(({ name, notClaimed: reason }) =>
      reason === null ? [] : [{ name, reason }],
    ),
  };
}

const isJudged = ({ content }: VectorFile): boolean =>
  !(isRecord(content) && Array.isArray(content["cases"]));

async function readVectors(path: string): Promise<VectorFile> {
  const name = basename(path);
  try {
    return { name, content: JSON.parse(await readFile(path, "utf8")) };
  } catch (cause) {
    throw new GatewayError("INPUT_INVALID", `${name} cannot be read as JSON`, { cause });
  }
}

function knownFiles(): readonly VectorFile[] {
  const shared = SHARED.map((name) => ({
    name,
    content: readShared<unknown>(`ble/vectors/${name}`),
  }));
  return [...shared, ...OWN.map((name) => ({ name, content: readFixture<unknown>(name) }))];
}

/**
 * All hexadecimal texts anywhere in the files: those that begin like an HCI event are packets, all others payloads; and
 * vendor data is put into the AD structure in which it is sent as well. Pure.
 */
export function bytesIn(contents: readonly unknown[]): {
  readonly payloads: readonly Uint8Array[];
  readonly packets: readonly Uint8Array[];
} {
  const payloads: Uint8Array[] = [];
  const packets: Uint8Array[] = [];
  const visit = (value: unknown): void => {
    if (isRecord(value)) for (const part of Object.values(value)) visit(part);
    const bytes = hexBytes(value);
    if (bytes === null || bytes.length === 0) return;
    if (bytes[0] === 0x04 && bytes[1] === 0x3e) packets.push(bytes);
    else payloads.push(bytes);
  };
  for (const content of contents) {
    visit(content);
    payloads.push(...vendorPayloads(content));
  }
  return { payloads, packets };
}

/** The data of advlib's vectors as they are sent. */
function vendorPayloads(content: unknown): readonly Uint8Array[] {
  const vectors = isRecord(content) && Array.isArray(content["vectors"]) ? content["vectors"] : [];
  return vectors.flatMap((vector: unknown) => {
    if (!isRecord(vector) || typeof vector["package"] !== "string") return [];
    return payloadOf(vector as unknown as AdvlibVector) ?? [];
  });
}

function readOptions(args: readonly string[]): {
  readonly vectors: readonly string[];
  readonly fuzz: number | null;
  readonly seed: number;
} {
  const text = { type: "string" } as const;
  let values: { vectors?: string[]; fuzz?: string; seed?: string };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { vectors: { type: "string", multiple: true }, fuzz: text, seed: text },
    }));
  } catch (cause) {
    throw new GatewayError("USAGE", (cause as Error).message, { cause });
  }
  const vectors = values.vectors ?? [];
  const fuzz = values.fuzz === undefined ? null : Number(values.fuzz);
  const seed = Number(values.seed ?? "1");
  if (vectors.length === 0 && fuzz === null)
    throw new GatewayError("USAGE", "expected --vectors FILE or --fuzz N");
  if ((fuzz !== null && (!Number.isInteger(fuzz) || fuzz < 1)) || !Number.isInteger(seed))
    throw new GatewayError("USAGE", "expected whole numbers for --fuzz from 1, --seed");
  return { vectors, fuzz, seed };
}
