import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { createFakeRadio } from "../../../test/fakes/fake-radio.ts";
import { monoMs, receiverId, tagId } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";
import type { TagPlan } from "../../core/site.ts";
import type { Sighting, SightingSource } from "../../radio/sighting.ts";
import { identityBytes } from "../../radio/tag-registry.ts";
import type { TagTelemetry } from "../../radio/telemetry.ts";
import { ruuvi5Payload } from "./demo-telemetry.ts";
import {
  eddystoneTlmPayload,
  eddystoneUidPayload,
  ibeaconPayload,
  legacyReportPacket,
} from "./hci-packets.ts";
import { createRadioInput } from "./radio-input.ts";

const basket: TagPlan = {
  id: tagId("basket-1"),
  kind: "basket",
  beacon: { format: "ibeacon", uuid: "fda50693-a4e2-4fb1-afcf-c6eb07647825", major: 10, minor: 7 },
};
const clerk: TagPlan = {
  id: tagId("clerk-1"),
  kind: "staff",
  beacon: { format: "eddystone-uid", namespace: "00010203040506070809", instance: "a1a2a3a4a5a6" },
};
const [ADDRESS, OTHER] = [
  [0xc1, 2, 3, 4, 5, 6],
  [0xc1, 2, 3, 4, 5, 7],
] as const;

function packet(payload: Uint8Array, address: readonly number[], rssiDbm = -65): Uint8Array {
  return legacyReportPacket([
    { eventType: 3, addressType: 1, address: Uint8Array.from(address), payload, rssiDbm },
  ]);
}
const name = ibeaconPayload(identityBytes(basket.beacon), -59);
const clerkName = eddystoneUidPayload(identityBytes(clerk.beacon), -18);
const tlm = (batteryMv: number): Uint8Array =>
  eddystoneTlmPayload({ batteryMv, temperatureC: 20, advertisements: 1, uptimeMs: 100 });

/** Two adapters under real noble, a scanner on the network, and all that is told of them. */
async function openShop() {
  const clock = new FakeClock({ mono: 60_000 });
  const radios = ["door", "till"].map((id) => createFakeRadio({ id, clock }));
  const events: SensorEvent[] = [];
  const input = createRadioInput({
    sources: radios.map(({ radio }) => radio),
    tags: [basket, clerk],
    run: "r1",
    clock,
    onEvent: (event) => events.push(event),
  });
  let malformed = 0;
  const scanner: SightingSource = {
    receiverId: receiverId("shelf"),
    onSighting: () => undefined,
    onState: () => undefined,
    counts: () => ({ packets: 0, reports: 0, malformed, rearms: 0, resets: 0 }),
    factTexts: () => [["clock", "0.4 s behind"]],
  };
  input.addRemote(scanner);
  const telemetry: string[] = [];
  input.onTelemetry((tag, said) => telemetry.push(`${tag} ${text(said)}`));
  const readings: string[] = [];
  input.onReading((tag, receiver, rssiDbm) => readings.push(`${tag} ${receiver} ${rssiDbm}`));
  const unknown: string[] = [];
  input.onUnknown((report) => unknown.push(report.receiverId));
  const running = new AbortController().signal;
  await input.start(running);
  for (const { radio } of radios) await radio.start(running);
  scanner.onState({ kind: "seeing" });
  const sight = (more: Partial<Sighting>): void =>
    scanner.onSighting({
      receiverId: scanner.receiverId,
      atMono: clock.mono(),
      who: { kind: "identity", identity: basket.beacon },
      rssiDbm: -70,
      packets: 1,
      telemetry: null,
      ...more,
    });
  return {
    clock,
    input,
    events,
    telemetry,
    readings,
    unknown,
    scanner,
    sight,
    spoil: (): void => {
      malformed += 1;
    },
    air: (receiver: 0 | 1, bytes: Uint8Array): void => void radios[receiver]?.socket.deliver(bytes),
    facts: (id: string) => input.facts().find((one) => one.receiverId === id),
    states: (): string[] =>
      events.flatMap((e) => (e.kind === "tag-changed" ? [`${e.tagId} ${e.state}`] : [])),
    async close(): Promise<void> {
      for (const { radio } of radios) await radio[Symbol.asyncDispose]();
      await input[Symbol.asyncDispose]();
      assert.equal(clock.pending, 0);
    },
  };
}

const text = ({ batteryMv, motionCount }: TagTelemetry): string =>
  `${batteryMv ?? "-"} mV${motionCount === null ? "" : `, ${motionCount} motions`}`;

test("telemetry without a name belongs to the tag whose name last came from the same address", async () => {
  const shop = await openShop();
  for (const bytes of [name, tlm(3_001), clerkName, tlm(2_002)])
    shop.air(0, packet(bytes, ADDRESS));
  assert.deepEqual(shop.telemetry, ["0 3001 mV", "1 2002 mV"]);
  await shop.close();
});

test("telemetry between the names of two tags on two addresses is told apart", async () => {
  const shop = await openShop();
  const motion = ruuvi5Payload({
    temperatureC: 21,
    batteryMv: 2_900,
    motions: 7,
    measurement: 1,
  });
  shop.air(0, packet(name, ADDRESS));
  shop.air(0, packet(clerkName, OTHER));
  shop.air(0, packet(motion, ADDRESS));
  shop.air(0, packet(tlm(2_002), OTHER));
  assert.deepEqual(shop.telemetry, ["0 2900 mV, 7 motions", "1 2002 mV"]);
  assert.deepEqual(shop.unknown, []);
  await shop.close();
});

test("telemetry of an address that told no name to this receiver is nobody's", async () => {
  const shop = await openShop();
  shop.air(0, packet(name, ADDRESS));
  shop.air(1, packet(tlm(3_001), ADDRESS));
  shop.air(0, packet(tlm(3_001), OTHER));
  assert.deepEqual(shop.telemetry, []);
  assert.deepEqual(shop.unknown, ["till", "door"]);
  await shop.close();
});

test("two minutes after it told its name an address belongs to nobody", async () => {
  const shop = await openShop();
  shop.air(0, packet(name, ADDRESS));
  shop.clock.advance(119_000);
  shop.air(0, packet(tlm(3_001), ADDRESS));
  shop.clock.advance(3_000);
  shop.air(0, packet(tlm(3_002), ADDRESS));
  assert.deepEqual(shop.telemetry, ["0 3001 mV"]);
  await shop.close();
});

test("a name that nobody registered is nobody, also from the address of a tag", async () => {
  const shop = await openShop();
  shop.air(0, packet(name, ADDRESS));
  shop.air(0, packet(ibeaconPayload(new Uint8Array(20), -59), ADDRESS));
  assert.deepEqual(shop.unknown, ["door"]);
  assert.deepEqual(shop.readings, ["0 door -65"]);
  await shop.close();
});

test("what a tag that is taken out of the registry sends is nobody's from then on", async () => {
  const shop = await openShop();
  shop.air(0, packet(name, ADDRESS));
  shop.input.tags.replace([clerk]);
  shop.air(0, packet(name, ADDRESS));
  shop.air(0, packet(tlm(3_001), ADDRESS));
  assert.deepEqual(shop.telemetry, []);
  assert.deepEqual(shop.unknown, ["door", "door"]);
  await shop.close();
});

test("a scanner on the network makes a tag appear, whichever way it names it", async () => {
  const ways = [
    { kind: "identity", identity: basket.beacon },
    { kind: "payload", payload: name },
    { kind: "tag", tagId: basket.id },
  ] as const;
  for (const who of ways) {
    const shop = await openShop();
    for (let i = 0; i < 8; i += 1) {
      shop.sight({ who });
      shop.clock.advance(1_000);
    }
    assert.deepEqual(shop.states(), ["basket-1 passing", "basket-1 inside"]);
    assert.equal(shop.facts("shelf")?.tagReports, 8);
    await shop.close();
  }
});

test("a sighting of somebody unknown is counted and changes nothing", async () => {
  const shop = await openShop();
  shop.sight({ who: { kind: "tag", tagId: tagId("nobody") } });
  shop.sight({ who: { kind: "payload", payload: new Uint8Array(3) } });
  assert.deepEqual(shop.states(), []);
  assert.equal(shop.facts("shelf")?.otherReports, 2);
  await shop.close();
});

test("a sighting tells what the tag says, by its own words or by the payload", async () => {
  const shop = await openShop();
  const telemetry: TagTelemetry = {
    batteryRatio: null,
    batteryMv: 2_500,
    isMoving: null,
    motionCount: null,
    isPressed: null,
    temperatureC: null,
  };
  shop.sight({ telemetry });
  const both = Uint8Array.from([...name, ...tlm(2_600).subarray(3)]);
  shop.sight({ who: { kind: "payload", payload: both } });
  assert.deepEqual(shop.telemetry, ["0 2500 mV", "0 2600 mV"]);
  await shop.close();
});

const wrong: readonly (readonly [
  string,
  Partial<Sighting>,
  "impossible" | "unmeasured" | "late",
])[] = [
  ["127 dBm", { rssiDbm: 127 }, "unmeasured"],
  ["0 dBm", { rssiDbm: 0 }, "impossible"],
  ["+20 dBm", { rssiDbm: 20 }, "impossible"],
  ["-200 dBm", { rssiDbm: -200 }, "impossible"],
  ["a level that is no number", { rssiDbm: Number.NaN }, "impossible"],
  ["a time 15 s back and more", { atMono: monoMs(44_999) }, "late"],
  ["a time in the future", { atMono: monoMs(63_000) }, "late"],
  ["a time that is no number", { atMono: monoMs(Number.NaN) }, "late"],
];
for (const [what, more, counted] of wrong)
  test(`a sighting with ${what} is counted, named among the figures and changes nothing`, async () => {
    const shop = await openShop();
    shop.sight(more);
    assert.equal(shop.facts("shelf")?.drops[counted], 1);
    assert.match(
      new Map(shop.input.factTexts(receiverId("shelf"))).get("faulty packets") ?? "",
      /1/,
    );
    assert.deepEqual(shop.states(), []);
    assert.deepEqual(shop.readings, []);
    await shop.close();
  });

test("a sighting that is fourteen seconds late is still taken, in its place in time", async () => {
  const shop = await openShop();
  shop.sight({ atMono: monoMs(46_000) });
  const [event] = shop.events.filter((e) => e.kind === "tag-changed");
  assert.equal(event?.atMono, 46_000);
  await shop.close();
});

test("the figures of a scanner: its own words, and what it could not read", async () => {
  const shop = await openShop();
  shop.spoil();
  shop.sight({ packets: 4 });
  const texts = new Map(shop.input.factTexts(receiverId("shelf")));
  assert.equal(texts.get("clock"), "0.4 s behind");
  assert.equal(texts.get("faulty packets"), "1 cut short");
  assert.equal(texts.get("packets per second"), "0.4");
  await shop.close();
});

test("a scanner that falls silent proves no absence while it is blind", async () => {
  const shop = await openShop();
  for (let i = 0; i < 8; i += 1) {
    shop.sight({});
    shop.clock.advance(1_000);
  }
  shop.scanner.onState({ kind: "blind", code: "RADIO_SILENT" });
  shop.clock.advance(300_000);
  assert.deepEqual(shop.states(), ["basket-1 passing", "basket-1 inside"]);
  shop.scanner.onState({ kind: "seeing" });
  shop.clock.advance(40_000);
  assert.equal(shop.states().at(-1), "basket-1 outside");
  await shop.close();
});

test("a listener that is removed hears nothing more", async () => {
  const shop = await openShop();
  let heard = 0;
  const stop = shop.input.onReading(() => {
    heard += 1;
  });
  shop.sight({});
  stop();
  shop.sight({});
  assert.equal(heard, 1);
  await shop.close();
});
