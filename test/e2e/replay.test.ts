import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadSiteFile } from "../../src/app/config-files.ts";
import { GeneratedPeople } from "../../src/app/demo/generated-people.ts";
import { parseCameraInput, parseDetectionsInput } from "../../src/app/replay/inputs.ts";
import { type ReplayOptions, type ReplayResult, replay } from "../../src/app/replay/replay.ts";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { epochMs } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { seededRandom } from "../../src/core/random.ts";
import { demoRecording } from "../../src/io/radio/demo-radio.ts";
import { jsonlLine } from "../../src/io/radio/recording.ts";
import { fromCloudEvent } from "../../src/wire/cloud-event.ts";

const START = epochMs(Date.UTC(2026, 4, 4, 9));
const STEP_MS = 200;
const MINUTES = 10;
const site = await loadSiteFile(join(import.meta.dirname, "../../config/demo/site.json"));
let folder = "";
const file = (name: string): string => join(folder, name);

/** People as detections in the picture of 768x576, five times a second. */
function writePeople(): { readonly tracks: string; readonly boxes: string } {
  const people = new GeneratedPeople(seededRandom(3));
  const tracks: string[] = [];
  const boxes: string[] = [];
  for (let step = 0; step < (MINUTES * 60_000) / STEP_MS; step += 1) {
    for (const { id, xNorm, yNorm, heightNorm } of people.step(STEP_MS)) {
      tracks.push(JSON.stringify({ tMs: step * STEP_MS, id, xNorm, yNorm, heightNorm }));
      const height = heightNorm * 576;
      const left = xNorm * 768 - height * 0.2;
      boxes.push([step + 1, -1, left, yNorm * 576 - height, height * 0.4, height, 0.9].join(","));
    }
  }
  return { tracks: tracks.join("\n"), boxes: boxes.join("\n") };
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-replay-"));
  const { tracks, boxes } = writePeople();
  await writeFile(file("tracks.jsonl"), tracks);
  await writeFile(file("det.txt"), boxes);
  await writeFile(file("seqinfo.ini"), "[Sequence]\nimWidth=768\nimHeight=576\n");
  const packets = demoRecording({ ...site, seed: 5, from: START, durationMs: MINUTES * 60_000 });
  await writeFile(file("radio.jsonl"), [...packets].map(jsonlLine).join("\n"));
  const receipt = (n: number, kind: string): string =>
    JSON.stringify({
      receiptId: `r-${n}`,
      kind,
      paidAt: new Date(START + n * 60_000).toISOString(),
      netMinor: 1000,
      units: 1,
    });
  const receipts = [
    receipt(1, "sale"),
    receipt(2, "sale"),
    receipt(3, "click-collect"),
    receipt(2, "sale"),
  ];
  await writeFile(file("pos.jsonl"), receipts.join("\n"));
});
after(() => rm(folder, { recursive: true, force: true }));

function run(inputs: Partial<ReplayOptions>): Promise<ReplayResult> {
  return replay({
    site,
    videos: [],
    detections: [],
    tracks: [],
    radios: [],
    receipts: [],
    pictures: new Map(),
    start: START,
    gatewayId: null,
    modelFor: () => assert.fail("no video, no model"),
    clock: createSystemClock(),
    signal: new AbortController().signal,
    ...inputs,
  });
}

const text = (result: ReplayResult): string => JSON.stringify(result);
const figure = (result: ReplayResult, metric: string): number | null | undefined =>
  result.days[0]?.tiles.find((tile) => tile.metric === metric)?.value;

test("the same recordings give byte-identical events and figures", async () => {
  const inputs = {
    detections: [parseDetectionsInput("--detections", `street=${file("det.txt")}@5`)],
    radios: [file("radio.jsonl")],
    receipts: [file("pos.jsonl")],
  };
  const [first, second] = [await run(inputs), await run(inputs)];
  assert.equal(text(first), text(second));
  assert.ok(first.events.length > 50, `${first.events.length} events`);
  const ids = new Set(first.events.map((event) => event.id));
  assert.equal(ids.size, first.events.length);
  for (const event of first.events) assert.ok(fromCloudEvent(JSON.parse(JSON.stringify(event))).ok);
});

test("recorded packets tell where tags were, in zones of the plan, and who of the staff came in", async () => {
  const { events } = await run({ radios: [file("radio.jsonl")] });
  const of = (type: string) => events.filter((e) => e.type === `vitrine.${type}`);
  const zones = new Set(of("tag-zone-exited").map((e) => e.data["zoneId"]));
  assert.ok(zones.size >= 3, [...zones].join(", "));
  assert.ok(!zones.has("pavement"));
  assert.ok(of("tag-presence").some((e) => e.data["state"] === "inside"));
  assert.ok(of("tag-moved").some((e) => e.data["movement"] === "picked-up"));
});

test("a replay decides about zones as late as the recorded gateway did", async () => {
  const radios = [file("radio.jsonl")];
  const [usual, ten, none] = [
    await run({ radios }),
    await run({ radios, lagMs: 10_000 }),
    await run({ radios, lagMs: 0 }),
  ];
  assert.equal(text(ten), text(usual));
  assert.notEqual(text(none), text(usual));
});

test("events come in order of time, and figures agree with the events", async () => {
  const result = await run({
    tracks: [parseCameraInput("--tracks", `street=${file("tracks.jsonl")}`)],
  });
  const times = result.events.map((event) => event.time);
  assert.deepEqual(times, [...times].sort());
  const count = (type: string): number =>
    result.events.filter((e) => e.type === `vitrine.${type}`).length;
  assert.ok(count("entered") > 5);
  assert.equal(figure(result, "exits"), count("exited"));
  const towards = result.events.filter(
    (e) =>
      e.type === "vitrine.passed" && e.data["role"] === "passing" && e.data["direction"] === "in",
  );
  assert.equal(figure(result, "passing-traffic"), towards.length);
});

test("the detector's boxes and the tracks they were made of count the same people", async () => {
  const tracks = [parseCameraInput("--tracks", `street=${file("tracks.jsonl")}`)];
  const detections = [parseDetectionsInput("--detections", `street=${file("det.txt")}@5`)];
  const [exact, tracked] = [await run({ tracks }), await run({ detections })];
  const truth = figure(exact, "exits") ?? 0;
  const found = figure(tracked, "exits") ?? 0;
  assert.ok(Math.abs(found - truth) <= Math.ceil(truth * 0.15), `${found} of ${truth}`);
});

test("a receipt counts once however often it is recorded, and a hand-over is no sale", async () => {
  const result = await run({ receipts: [file("pos.jsonl")] });
  assert.equal(figure(result, "transactions"), 2);
  assert.equal(figure(result, "net-sales"), 2000);
});

test("without a camera, door figures are unknown with a reason, not zero", async () => {
  const result = await run({ receipts: [file("pos.jsonl")] });
  const tile = result.days[0]?.tiles.find(({ metric }) => metric === "entrants");
  assert.equal(tile?.value, null);
  assert.ok((tile?.reason?.text ?? "").length > 10);
});

const bad: readonly [name: string, file: string, content: string, where: RegExp][] = [
  [
    "a detection that is no number",
    "bad.txt",
    "1,-1,10,10,5,20,0.9\n2,-1,x,10,5,20,0.9\n",
    /bad\.txt:2/,
  ],
  ["a box without area", "flat.txt", "1,-1,10,10,0,20,0.9\n", /flat\.txt:1/],
];
for (const [name, path, content, where] of bad) {
  test(`${name} is refused with file and line`, async () => {
    await writeFile(file(path), content);
    const detections = [parseDetectionsInput("--detections", `street=${file(path)}@5`)];
    await assert.rejects(run({ detections }), (error: unknown) => {
      assert.ok(error instanceof GatewayError);
      assert.equal(error.code, "INPUT_INVALID");
      assert.match(error.message, where);
      return true;
    });
  });
}

test("tracks that go back in time and receipts without a number are refused with file and line", async () => {
  await writeFile(
    file("back.jsonl"),
    '{"tMs":5,"id":1,"xNorm":0,"yNorm":0}\n{"tMs":4,"id":1,"xNorm":0,"yNorm":0}\n',
  );
  const tracks = [parseCameraInput("--tracks", `street=${file("back.jsonl")}`)];
  await assert.rejects(run({ tracks }), /back\.jsonl:2/);
  await writeFile(file("pos-bad.jsonl"), '{"receiptId":"x","kind":"gift"}\n');
  await assert.rejects(run({ receipts: [file("pos-bad.jsonl")] }), /pos-bad\.jsonl:1/);
});

test("a camera the site plan does not know is wrong usage", async () => {
  const detections = [parseDetectionsInput("--detections", `roof=${file("det.txt")}@5`)];
  await assert.rejects(run({ detections }), { code: "USAGE" });
  assert.throws(() => parseDetectionsInput("--detections", "street=det.txt"), { code: "USAGE" });
});
