import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { readFixture } from "../../../test/fakes/shared-vectors.ts";
import { epochMs, monoMs, receiverId, tagId } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { ReceiverPlan, TagPlan } from "../../core/site.ts";
import { createSteppedClock } from "../../core/stepped-clock.ts";
import { adIntegrity } from "../../radio/ad-structures.ts";
import { addressKindOf } from "../../radio/address.ts";
import { decodeBeacons } from "../../radio/beacon.ts";
import { HciReader } from "../../radio/hci-reader.ts";
import { addressText, addressTopByte } from "../../radio/hci-report.ts";
import { createDemoRadio, demoRecording } from "./demo-radio.ts";
import { createRadioInput } from "./radio-input.ts";
import { replayRadio } from "./radio-replay.ts";
import { jsonlLine, type RecordedPacket, readJsonl } from "./recording.ts";

const receivers: readonly ReceiverPlan[] = [
  { id: receiverId("door"), name: "Door", xM: 2, yM: 8, zM: 2.3 },
  { id: receiverId("back"), name: "Back", xM: 12, yM: 2, zM: 2.3 },
];
const UUID = "fda50693-a4e2-4fb1-afcf-c6eb07647825";
const tags: readonly TagPlan[] = [
  ...Array.from(
    { length: 6 },
    (_, i): TagPlan => ({
      id: tagId(`basket-${i}`),
      kind: "basket",
      beacon: { format: "ibeacon", uuid: UUID, major: 1, minor: i },
    }),
  ),
  ...Array.from(
    { length: 2 },
    (_, i): TagPlan => ({
      id: tagId(`clerk-${i}`),
      kind: "staff",
      beacon: {
        format: "eddystone-uid",
        namespace: "00010203040506070809",
        instance: `a1a2a3a4a5a${i}`,
      },
    }),
  ),
];
const FROM = epochMs(Date.UTC(2026, 10, 20, 9));
const HOUR_MS = 3_600_000;

const record = (seed: number, durationMs: number): RecordedPacket[] => [
  ...demoRecording({ seed, tags, receivers, from: FROM, durationMs }),
];
const lines = (packets: readonly RecordedPacket[]): string => packets.map(jsonlLine).join("\n");

test("the same seed gives the same packets, another seed others", () => {
  assert.equal(lines(record(1, 120_000)), lines(record(1, 120_000)));
  assert.notEqual(lines(record(1, 120_000)), lines(record(2, 120_000)));
});

test("an hour holds a lively number of packets, tags of both formats, strangers and damage", () => {
  const packets = record(1, HOUR_MS);
  const perSecond = packets.length / (HOUR_MS / 1000);
  assert.ok(perSecond > 10 && perSecond < 80, `${perSecond} packets a second`);
  const formats = new Set<string>();
  const strangers = new Set<string>();
  let cut = 0;
  let unmeasured = 0;
  const reader = new HciReader((report) => {
    for (const frame of decodeBeacons(report.payload)) formats.add(frame.format);
    if (adIntegrity(report.payload) === "cut") cut += 1;
    if (report.rssiDbm === null) unmeasured += 1;
    if (addressKindOf(report.addressType, addressTopByte(report)) === "resolvable")
      strangers.add(addressText(report));
  });
  for (const { at, packet } of packets) reader.push(packet, monoMs(at));
  assert.deepEqual([...formats].sort(), ["eddystone-tlm", "eddystone-uid", "ibeacon", "ruuvi-5"]);
  assert.ok(strangers.size > 30, `${strangers.size} addresses of phones`);
  assert.ok(cut > 0 && unmeasured > 0 && reader.malformed > 0);
});

async function replayed(packets: readonly RecordedPacket[]): Promise<readonly SensorEvent[]> {
  const events: SensorEvent[] = [];
  const outcome = await replayRadio({
    recordings: [readJsonl(packets.map(jsonlLine), "demo.jsonl")],
    tags,
    run: "demo",
    clock: createSteppedClock(FROM),
    log: SILENT_LOG,
    onEvent: (event) => events.push(event),
  });
  assert.equal(outcome.packets, packets.length);
  return events;
}

test("a replay gives the same events, byte for byte, every time", async () => {
  const packets = record(1, HOUR_MS);
  const events = await replayed(packets);
  assert.equal(JSON.stringify(events), JSON.stringify(await replayed(packets)));
  const said = new Set<string>(events.map((e) => (e.kind === "tag-changed" ? e.state : e.kind)));
  for (const word of ["passing", "inside", "outside", "sensor-changed"])
    assert.ok(said.has(word), word);
  assert.ok(events.every((e) => Number.isFinite(e.atMono) && e.atMono >= 0 && e.atMono <= HOUR_MS));
});

test("a replay still gives the events that were recorded with it", async () => {
  const golden = readFixture<readonly SensorEvent[]>("radio/demo-events.json");
  assert.deepEqual(await replayed(record(1, 900_000)), golden);
});

test("a replay on fresh ids of run and source counts from zero without a gap", async () => {
  const next = new Map<string, number>();
  for (const event of await replayed(record(1, 900_000))) {
    assert.equal(event.seq, next.get(event.source) ?? 0);
    next.set(event.source, event.seq + 1);
  }
  assert.deepEqual([...next.keys()].sort(), [
    "radio-state:back#demo",
    "radio-state:door#demo",
    "radio:fused#demo",
    "tag-motion#demo",
  ]);
});

test("the live demonstration drives real noble and makes baskets and staff appear", async () => {
  const clock = new FakeClock({ mono: 5_000 });
  const events: SensorEvent[] = [];
  const demo = createDemoRadio({ seed: 1, tags, receivers, clock, log: SILENT_LOG });
  const onEvent = (event: SensorEvent): void => void events.push(event);
  const input = createRadioInput({ sources: demo.sources, tags, run: "live", clock, onEvent });
  const running = new AbortController().signal;
  await input.start(running);
  await demo.start(running);
  clock.advance(60_000);
  assert.deepEqual(
    input.facts().map((f) => f.state),
    ["seeing", "seeing"],
  );
  assert.ok(input.tagsPresent >= 2, `${input.tagsPresent} tags`);
  clock.advance(10 * 60_000);
  const kinds = new Set(events.flatMap((e) => (e.kind === "tag-changed" ? [e.tagKind] : [])));
  assert.deepEqual([...kinds].sort(), ["basket", "staff"]);
  await demo[Symbol.asyncDispose]();
  await input[Symbol.asyncDispose]();
  assert.equal(clock.pending, 0);
});

test("after the machine was asleep the demonstration goes on without a flood", async () => {
  const stepped = createSteppedClock(FROM);
  let sleptMs = 0;
  const clock = { ...stepped, mono: () => monoMs(stepped.mono() + sleptMs) };
  const demo = createDemoRadio({ seed: 1, tags, receivers, clock, log: SILENT_LOG });
  await demo.start(new AbortController().signal);
  stepped.advanceTo(monoMs(30_000));
  const before = demo.sources[0]?.counts().packets ?? 0;
  sleptMs = 12 * HOUR_MS;
  stepped.advanceTo(monoMs(31_000));
  const after = demo.sources[0]?.counts().packets ?? 0;
  assert.ok(before > 0 && after - before < 200, `${after - before} packets`);
  await demo[Symbol.asyncDispose]();
});
