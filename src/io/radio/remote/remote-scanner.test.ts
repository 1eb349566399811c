import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FakeClock } from "../../../../test/fakes/fake-clock.ts";
import {
  plantedAddresses,
  type RecordedScanner,
  recordedPosts,
} from "../../../../test/fakes/recorded-scanner.ts";
import { type ScannerConfig, scannerSchema } from "../../../config/scanners.ts";
import { gatewayId, receiverId } from "../../../core/brand.ts";
import type { Log } from "../../../core/lifecycle.ts";
import type { Sighting } from "../../../radio/sighting.ts";
import type { RadioMessage } from "../../../wire/radio-message.ts";
import { topicMatches } from "../../mqtt/link.ts";
import { RemoteScanner } from "./remote-scanner.ts";
import { scannerTopics } from "./scanner-topics.ts";

const CONFIGS: Readonly<Record<RecordedScanner, Record<string, unknown>>> = {
  espresense: { room: "stock-room" },
  theengs: {},
  openmqttgateway: { gateway: "OMG_till" },
  generic: {},
  gateway: { gateway: "back-gw" },
};
const START_MS = 1_777_629_600_000;

function rig(via: RecordedScanner, more: Record<string, unknown> = {}) {
  const config: ScannerConfig = scannerSchema.parse({ id: "shelf", via, ...CONFIGS[via], ...more });
  const clock = new FakeClock({ epoch: START_MS });
  const lines: string[] = [];
  const note = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    lines.push(JSON.stringify(fields) + message);
  };
  const log: Log = { error: note, warn: note, info: note, debug: note };
  const scanner = new RemoteScanner({ config, clock, log });
  const sightings: Sighting[] = [];
  const states: string[] = [];
  scanner.onSighting = (sighting) => sightings.push(sighting);
  scanner.onState = (state) =>
    states.push(state.kind === "blind" ? `blind ${state.code}` : state.kind);
  void scanner.start(new AbortController().signal);
  const topics = scannerTopics(config, "vitrine", gatewayId("gw1"));
  /** As the link does it: to whom the topic belongs, and to nobody else. */
  const post = (topic: string, text: string, retained = false): void => {
    const wanted = topics.filter(({ filter }) => topicMatches(filter, topic));
    assert.equal(wanted.length, 1, `${topic} is subscribed once`);
    for (const { role, deviceLevel } of wanted) {
      const device = topic.split("/")[deviceLevel] ?? "";
      scanner.take({ text, role, device, retained });
    }
  };
  const say = (message: Omit<RadioMessage, "v">): void =>
    post("vitrine/v1/gw1/in/radio/shelf", JSON.stringify({ v: 1, ...message }));
  const fact = (label: string): string | undefined =>
    scanner.factTexts().find(([name]) => name === label)?.[1];
  return { scanner, clock, sightings, states, lines, post, say, fact };
}

for (const via of Object.keys(CONFIGS) as RecordedScanner[])
  test(`${via}: recorded messages are seen, and its own word that it is gone makes it blind at once`, () => {
    const { clock, post, states, sightings, scanner } = rig(via);
    for (const { topic, text, retained } of recordedPosts(via)) {
      clock.advance(1000);
      post(topic, text, retained);
    }
    const expected = ["starting", "seeing", ...(via === "generic" ? [] : ["blind RADIO_SILENT"])];
    assert.deepEqual(states, expected);
    assert.ok(sightings.length >= 2);
    assert.ok(sightings.every((one) => one.receiverId === receiverId("shelf")));
    assert.equal(scanner.counts().reports, sightings.length);
  });

test("no address of what scanners send stands in a log line, a fact or a sighting", () => {
  const planted = plantedAddresses();
  for (const via of Object.keys(CONFIGS) as RecordedScanner[]) {
    const { post, lines, scanner, sightings } = rig(via);
    for (const { topic, text, retained } of recordedPosts(via)) {
      post(topic, text, retained);
      // The same again as bad as can be: cut off, wrapped, and with the address as a key.
      post(topic, text.slice(0, -1));
      post(topic, `[${text}]`);
      post(topic, `{"v":1,"sightings":[],"rssi":"${text.slice(0, 40).replaceAll('"', "")}"}`);
    }
    const told = [...lines, JSON.stringify(scanner.factTexts())];
    const named = sightings.map(({ who }) => (who.kind === "payload" ? "" : JSON.stringify(who)));
    assert.ok(lines.length > 0);
    for (const line of [...told, ...named])
      for (const address of planted) assert.ok(!line.includes(address), `${via}: ${line}`);
  }
});

test("an address of nothing but digits is a number in JSON, and is not told either", () => {
  for (const via of Object.keys(CONFIGS) as RecordedScanner[]) {
    const { scanner, lines } = rig(via);
    const identity = '"id":"iBeacon:fda50693-a4e2-4fb1-afcf-c6eb07647825-1-2","uuid":"","major":1';
    for (const text of [
      "123456789012",
      `{${identity},"rssi":123456789012}`,
      '{"manufacturerdata":"4c000215","rssi":123456789012}',
      '{"v":1,"time":123456789012,"sightings":[{"tag":"b","rssi":123456789012}]}',
    ])
      for (const role of ["heard", "status"] as const)
        scanner.take({ text, role, device: "", retained: false });
    const told = [...lines, JSON.stringify(scanner.factTexts())].join("\n");
    assert.ok(lines.length > 0);
    assert.ok(!told.includes("123456789012"), told);
  }
});

test("silence makes it blind, any message brings it back", () => {
  const { clock, states, say } = rig("generic", { silenceMs: 10_000 });
  clock.advance(9000);
  say({ sightings: [] });
  clock.advance(9000);
  assert.deepEqual(states, ["starting", "seeing"]);
  clock.advance(3000);
  say({ sightings: [] });
  assert.deepEqual(states, ["starting", "seeing", "blind RADIO_SILENT", "seeing"]);
});

test("what the broker kept says that a scanner is gone, and never that it is there", () => {
  const { post, states, fact } = rig("espresense");
  post("espresense/rooms/stock-room/status", "online", true);
  assert.deepEqual(states, ["starting"]);
  post("espresense/rooms/stock-room/telemetry", "{}", true);
  post("espresense/devices/tag:basket-12/stock-room", '{"id":"tag:basket-12","rssi":-60}', true);
  assert.deepEqual(states, ["starting"]);
  assert.equal(fact("dropped: kept by the broker"), "2");
  post("espresense/rooms/stock-room/status", "offline", true);
  assert.deepEqual(states, ["starting", "blind RADIO_SILENT"]);
  post("espresense/rooms/stock-room/telemetry", "{}");
  assert.deepEqual(states, ["starting", "blind RADIO_SILENT", "seeing"]);
});

test("a message that is delivered twice counts once: by its number, and by who, when and how strong", () => {
  const { clock, say, sightings, fact } = rig("generic");
  const numbered = { time: START_MS, seq: 7, session: "a", sightings: [{ tag: "b", rssi: -70 }] };
  const timed = { time: START_MS + 500, sightings: [{ tag: "b", rssi: -71 }] };
  for (let i = 0; i < 3; i += 1) {
    say(numbered);
    say(timed);
    clock.advance(2000);
  }
  assert.deepEqual(
    sightings.map(({ rssiDbm }) => rssiDbm),
    [-70, -71],
  );
  assert.equal(fact("dropped: delivered twice"), "4");
  say({ ...numbered, session: "b", time: START_MS + 900 });
  assert.equal(sightings.length, 3);
});

test("fifteen seconds late is merged at its time, older is dropped and counted", () => {
  const { clock, say, sightings, fact } = rig("generic");
  for (let i = 0; i < 30; i += 1) {
    clock.advance(1000);
    say({ time: clock.now(), sightings: [] });
  }
  const now = clock.mono();
  for (const ageMs of [14_900, 15_100, 0]) {
    const rssi = -50 - ageMs / 1000;
    say({ time: clock.now() - ageMs, sentAt: clock.now(), sightings: [{ tag: "b", rssi }] });
  }
  assert.deepEqual(
    sightings.map(({ atMono }) => now - atMono),
    [14_900, 0],
  );
  assert.equal(fact("dropped: too late"), "1");
});

test("two seconds of skew are taken out and told; a clock three minutes off gives arrival times and a hint", () => {
  for (const aheadMs of [2000, -2000, 180_000]) {
    const { clock, say, sightings, fact } = rig("generic");
    for (let i = 0; i < 40; i += 1) {
      clock.advance(1000);
      say({ time: clock.now() + aheadMs, sightings: [{ tag: "b", rssi: -60 }] });
    }
    const last = sightings.at(-1);
    assert.ok(last !== undefined && Math.abs(last.atMono - clock.mono()) < 1);
    assert.match(
      fact("clock") ?? "",
      aheadMs > 60_000 ? /^180 s ahead, times of arrival/ : /^2\.0 s (ahead|behind), corrected$/,
    );
  }
});

test("a flood is cut at two thousand sightings a second, and the next second is heard again", () => {
  const { clock, say, sightings, fact } = rig("generic");
  const many = (
    n: number,
  ): { readonly tag: string; readonly rssi: number; readonly at: number }[] =>
    Array.from({ length: 500 }, (_, i) => ({ tag: `t${n}-${i}`, rssi: -60, at: 0 }));
  clock.advance(1000);
  for (let n = 0; n < 8; n += 1) say({ sightings: many(n) });
  assert.equal(sightings.length, 2000);
  assert.equal(fact("dropped: too many in a second"), "2000");
  clock.advance(1000);
  say({ sightings: many(9) });
  assert.equal(sightings.length, 2500);
});

test("messages of another size, form or version are counted and the last is told without its content", () => {
  const { post, scanner, sightings, fact } = rig("generic");
  const topic = "vitrine/v1/gw1/in/radio/shelf";
  for (const text of ["", "{", "null", "[]", '"x"', "x".repeat(70_000), '{"v":3,"sightings":[]}'])
    post(topic, text);
  const many = Array.from({ length: 501 }, () => ({ tag: "b", rssi: -60 }));
  post(topic, JSON.stringify({ v: 1, sightings: many }));
  assert.equal(sightings.length, 0);
  assert.equal(scanner.counts().malformed, 7);
  assert.equal(
    fact("last dropped"),
    "sightings: expected at most 500 sightings, found a list of 501",
  );
});

test("any order and repetition of delivery within 15 s gives the same sightings at the same times", () => {
  const deliveries = fc.array(
    fc.record({
      delays: fc.array(fc.nat(14_000), { minLength: 1, maxLength: 3 }),
      rssi: fc.integer({ min: -99, max: -40 }),
    }),
    { minLength: 1, maxLength: 60 },
  );
  const run = (
    posts: readonly {
      readonly sentMs: number;
      readonly arriveMs: number;
      readonly message: Omit<RadioMessage, "v">;
    }[],
  ): readonly string[] => {
    const { clock, say, sightings } = rig("generic");
    for (let i = 0; i < 30; i += 1) {
      clock.advance(1000);
      say({ time: clock.now() + 1500, sightings: [] });
    }
    for (const { arriveMs, message } of [...posts].sort((a, b) => a.arriveMs - b.arriveMs)) {
      clock.advanceTo(Math.max(clock.mono(), arriveMs));
      say(message);
    }
    return sightings.map(({ atMono, rssiDbm }) => `${Math.round(atMono)} ${rssiDbm}`).sort();
  };
  fc.assert(
    fc.property(deliveries, (entries) => {
      const made = entries.map(({ delays, rssi }, i) => ({
        delays,
        sentMs: 31_000 + i * 400,
        message: {
          time: START_MS + 31_000 + i * 400 + 1500,
          seq: i,
          session: "s",
          sightings: [{ tag: "b", rssi }],
        },
      }));
      const inOrder = made.map(({ sentMs, message }) => ({ sentMs, arriveMs: sentMs, message }));
      const shuffled = made.flatMap(({ delays, sentMs, message }) =>
        delays.map((ms) => ({ sentMs, arriveMs: sentMs + ms, message })),
      );
      assert.deepEqual(run(shuffled), run(inOrder));
      assert.equal(run(inOrder).length, entries.length);
    }),
    { numRuns: 60 },
  );
});
