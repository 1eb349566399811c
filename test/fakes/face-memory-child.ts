import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { QUALITY_LIMITS } from "../../src/face/quality.ts";
import { RegionSampler } from "../../src/face/region-sampler.ts";
import { openFaceChain } from "../../src/io/face/face-chain.ts";
import { openFaceThread } from "../../src/io/face/face-thread.ts";
import type { ConsentGate } from "../../src/privacy/consent/consent-gate.ts";
import { drawnFaces } from "../fixtures/models/drawn-face.ts";
import { oneFaceGrant } from "./face-permit.ts";

// Looks at one face and searches this process's own memory, the engine's included, for what it was made of: before
// everything is overwritten, when it must be found, and afterwards. The memory of a thread for faces is part of it.
// Prints one JSON line of hits by needle.

const [dir = "models", outcome = "match", where = "thread"] = process.argv.slice(2);
const KILLED_AT = 5;
/** Needles are kept as other bytes than their own, or the search would find itself. */
const MASK = 0xa5;
const CHUNK_BYTES = 4 * 1024 * 1024;
const OVERLAP_BYTES = 128;

type Needles = Readonly<Record<string, Uint8Array>>;

function masked(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (value) => value ^ MASK);
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Hits of each needle in all memory that can be read and written. */
function search(needles: Needles): Readonly<Record<string, number>> {
  const hits: Record<string, number> = Object.fromEntries(Object.keys(needles).map((k) => [k, 0]));
  const memory = openSync("/proc/self/mem", "r");
  const chunk = new Uint8Array(CHUNK_BYTES);
  try {
    for (const line of readFileSync("/proc/self/maps", "utf8").split("\n")) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      if (from === undefined || to === undefined) continue;
      // Chunks overlap by more than a needle, so that none is cut in two.
      for (
        let at = Number(`0x${from}`);
        at < Number(`0x${to}`);
        at += CHUNK_BYTES - OVERLAP_BYTES
      ) {
        const length = readAt(memory, chunk, at, Number(`0x${to}`) - at);
        for (const [name, needle] of Object.entries(needles)) {
          hits[name] = (hits[name] ?? 0) + count(chunk.subarray(0, length), needle);
        }
      }
    }
  } finally {
    chunk.fill(0);
    closeSync(memory);
  }
  return hits;
}

function readAt(memory: number, chunk: Uint8Array, at: number, left: number): number {
  try {
    return readSync(memory, chunk, 0, Math.min(CHUNK_BYTES, left), at);
  } catch {
    // WHY: the region may be gone by now, or be no memory at all.
    return 0;
  }
}

/** Bytes that memory is full of; a search that stops at each of them would never end. */
const COMMON = new Set([0, 1, 0x3f, 0x40, 0x41, 0x42, 0x43, 0xbd, 0xbe, 0xbf, 0xc2, 0xff]);

function count(chunk: Uint8Array, needle: Uint8Array): number {
  const anchor = Math.max(
    0,
    needle.findIndex((byte) => !COMMON.has(byte ^ MASK)),
  );
  const wanted = (needle[anchor] ?? 0) ^ MASK;
  let hits = 0;
  for (let at = chunk.indexOf(wanted); at >= 0; at = chunk.indexOf(wanted, at + 1)) {
    let k = 0;
    while (k < needle.length && ((chunk[at - anchor + k] ?? 0) ^ MASK) === needle[k]) k += 1;
    if (k === needle.length) hits += 1;
  }
  return hits;
}

/** Rows through the eyes: of the picture, of the small copy the detector sees, and of that as the network's floats, colours mixed and apart. */
function needlesOf(picture: ReturnType<typeof drawnFaces>): Record<string, Uint8Array> {
  const row = (rgb: Uint8Array, widthPx: number, x: number, y: number): Uint8Array =>
    rgb.subarray((y * widthPx + x) * 3, (y * widthPx + x + 16) * 3);
  const small = new Uint8Array(640 * 384 * 3);
  const target = { stridePx: 640, leftPx: 0, topPx: 0, widthPx: 640, heightPx: 360 };
  const { widthPx, heightPx } = picture;
  new RegionSampler(640).fill(picture, 0, 0, widthPx, heightPx, { rgb: small, ...target });
  const copy = row(small, 640, 296, 178);
  const needles = {
    picture: masked(row(picture.rgb, picture.widthPx, 592, 356)),
    copy: masked(copy),
    floats: floatsOf(copy, 1),
    planes: floatsOf(copy, 3),
  };
  small.fill(0);
  return needles;
}

/** A row, or every third of its bytes, as the network's floats. Small arrays lie where the collector copies them about, so a large one. */
function floatsOf(row: Uint8Array, step: number): Uint8Array {
  const scratch = new Float32Array(1024);
  for (let i = 0; i < 16; i += 1) scratch[i] = row[i * step] ?? 0;
  const needle = masked(bytesOf(scratch.subarray(0, 16)));
  scratch.fill(0);
  return needle;
}

const picture = drawnFaces(1280, 720, [{ x: 640, y: 360, radiusPx: 150 }]);
const any = { ...QUALITY_LIMITS.match, maxRollDeg: 180 };
// Refused after all looks, or matched: nothing may stay either way. `closed`: matched, and closed at once.
const limits = outcome === "refused" ? { ...any, minSharpness: 2 } : any;
const needles: Record<string, Uint8Array> = needlesOf(picture);
const { gate: whole, permit } = oneFaceGrant();
let thread: Worker | null = null;
process.once("worker", (worker) => {
  thread = worker;
});
let asked = 0;
/** With the outcome `killed` the thread is ended by force when the first networks have seen the picture. */
const gate: Pick<ConsentGate, "refusalOf"> = {
  refusalOf: (value, purpose) => {
    asked += 1;
    if (outcome === "killed" && asked === KILLED_AT) void thread?.terminate();
    return whole.refusalOf(value, purpose);
  },
};
const options = { dir, profile: "clean", gate, limits: { enrol: any, match: limits } } as const;
const chain =
  where === "thread"
    ? await openFaceThread({ ...options, clock: createSystemClock() })
    : await openFaceChain(options);
let said = "failed";
let before = {};
try {
  const probe = await chain.probe(picture, permit, "match");
  said = probe.ok ? "ok" : probe.error;
  if (probe.ok) needles["numbers"] = masked(bytesOf(probe.value.values.subarray(3, 11)));
  before = search(needles);
  if (probe.ok) probe.value.wipe();
} catch {
  before = search(needles);
}
picture.rgb.fill(0);
const wiped = search(needles);
if (outcome === "closed") await chain.close();
else await chain.scrub();
const scrubbed = search(needles);
console.log(JSON.stringify({ outcome: said, before, wiped, scrubbed }));
await chain.close();
