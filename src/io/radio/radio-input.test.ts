import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { beaconPacket, createFakeRadio, type FakeRadio } from "../../../test/fakes/fake-radio.ts";
import { shopSite } from "../../../test/fakes/journey-events.ts";
import { receiverId, tagId } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";
import { seededRandom } from "../../core/random.ts";
import type { TagPlan } from "../../core/site.ts";
import { identityBytes } from "../../radio/tag-registry.ts";
import {
  eddystoneTlmPayload,
  eddystoneUidPayload,
  ibeaconPayload,
  legacyReportPacket,
} from "./hci-packets.ts";
import { createRadioInput, type RadioInput, type RadioInputOptions } from "./radio-input.ts";

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

interface Shop {
  readonly clock: FakeClock;
  readonly input: RadioInput;
  readonly radios: readonly FakeRadio[];
  readonly events: SensorEvent[];
  tell(kind: SensorEvent["kind"]): string[];
}

async function openShop(
  ids: readonly string[] = ["door"],
  plan?: RadioInputOptions["plan"],
): Promise<Shop> {
  const clock = new FakeClock();
  const radios = ids.map((id) => createFakeRadio({ id, clock }));
  const events: SensorEvent[] = [];
  const input = createRadioInput({
    sources: radios.map((r) => r.radio),
    tags: [basket, clerk],
    ...(plan === undefined ? {} : { plan }),
    run: "r1",
    clock,
    onEvent: (event) => events.push(event),
  });
  const running = new AbortController().signal;
  await input.start(running);
  for (const { radio } of radios) await radio.start(running);
  const tell = (kind: SensorEvent["kind"]): string[] =>
    events.flatMap((e) => {
      if (e.kind !== kind) return [];
      if (e.kind === "tag-changed") return [`${e.tagId} ${e.state}`];
      return e.kind === "sensor-changed" ? [`${e.sensorId} ${e.state} ${e.code ?? "-"}`] : [];
    });
  return { clock, input, radios, events, tell };
}

async function closeShop(shop: Shop): Promise<void> {
  for (const { radio } of shop.radios) await radio[Symbol.asyncDispose]();
  await shop.input[Symbol.asyncDispose]();
  assert.equal(shop.clock.pending, 0);
}

function packet(payload: Uint8Array, rssiDbm = -65, address = [0xc1, 2, 3, 4, 5, 6]): Uint8Array {
  return legacyReportPacket([
    { eventType: 3, addressType: 1, address: Uint8Array.from(address), payload, rssiDbm },
  ]);
}

const basketPacket = (rssiDbm = -65): Uint8Array =>
  packet(ibeaconPayload(identityBytes(basket.beacon), -59), rssiDbm);

test("a basket carried through the shop is passing, inside and outside", async () => {
  const shop = await openShop();
  for (let i = 0; i < 20; i += 1) {
    shop.radios[0]?.socket.deliver(basketPacket());
    shop.clock.advance(500);
  }
  for (let i = 0; i < 40; i += 1) {
    shop.radios[0]?.socket.deliver(beaconPacket());
    shop.clock.advance(1_000);
  }
  assert.deepEqual(shop.tell("tag-changed"), [
    "basket-1 passing",
    "basket-1 inside",
    "basket-1 outside",
  ]);
  await closeShop(shop);
});

test("frames that one address sends in turn are decoded each for itself", async () => {
  const shop = await openShop();
  const uid = packet(eddystoneUidPayload(identityBytes(clerk.beacon), -18));
  const tlm = packet(
    eddystoneTlmPayload({ batteryMv: 3_000, temperatureC: 20, advertisements: 1, uptimeMs: 100 }),
  );
  for (let i = 0; i < 12; i += 1) {
    for (const bytes of [basketPacket(), uid, tlm]) shop.radios[0]?.socket.deliver(bytes);
    shop.clock.advance(500);
  }
  assert.deepEqual(shop.tell("tag-changed").sort(), [
    "basket-1 inside",
    "basket-1 passing",
    "clerk-1 inside",
    "clerk-1 passing",
  ]);
  const [facts] = shop.input.facts();
  assert.deepEqual([facts?.tagReports, facts?.otherReports], [36, 0]);
  await closeShop(shop);
});

test("a reading that was not measured counts as a packet and changes nothing", async () => {
  const shop = await openShop();
  for (let i = 0; i < 20; i += 1) {
    shop.radios[0]?.socket.deliver(basketPacket(127));
    shop.clock.advance(500);
  }
  assert.deepEqual(shop.tell("tag-changed"), []);
  assert.equal(shop.input.facts()[0]?.tagReports, 20);
  await closeShop(shop);
});

test("the state of each receiver is told with numbers of its own", async () => {
  const shop = await openShop(["door", "till"]);
  shop.radios[0]?.socket.deliver(beaconPacket());
  shop.radios[1]?.socket.setUp(false);
  shop.clock.advance(1_000);
  await closeShop(shop);
  assert.deepEqual(shop.tell("sensor-changed"), [
    "door starting -",
    "till starting -",
    "door seeing -",
    "till blind RADIO_ADAPTER_MISSING",
    "door stopped -",
    "till stopped -",
  ]);
  const door = shop.events.filter((e) => e.source === "radio-state:door#r1");
  assert.deepEqual(
    door.map((e) => e.seq),
    [0, 1, 2],
  );
});

test("a tag stays inside while the adapter that hears it is down", async () => {
  const shop = await openShop();
  const [radio] = shop.radios;
  for (let i = 0; i < 20; i += 1) {
    radio?.socket.deliver(basketPacket());
    shop.clock.advance(500);
  }
  radio?.socket.setUp(false);
  shop.clock.advance(300_000);
  assert.deepEqual(shop.tell("tag-changed"), ["basket-1 passing", "basket-1 inside"]);
  await closeShop(shop);
});

test("figures for the dashboard: rate, age, tags present, damage", async () => {
  const shop = await openShop();
  for (let i = 0; i < 40; i += 1) {
    shop.radios[0]?.socket.deliver(basketPacket());
    shop.clock.advance(500);
  }
  shop.radios[0]?.socket.deliver(packet(Uint8Array.from([2, 1, 6, 9, 0xff])));
  shop.radios[0]?.socket.deliver(basketPacket().subarray(0, 20));
  shop.clock.advance(400);
  assert.equal(shop.input.tagsPresent, 1);
  assert.deepEqual(shop.input.factTexts(receiverId("door")), [
    ["packets per second", "1.9"],
    ["last packet", "0.4 s ago"],
    ["packets of registered tags", "41"],
    ["faulty packets", "2 cut short"],
    ["scanning armed again", "0"],
    ["scans", "legacy, passive"],
    ["tags heard", "1"],
    ["tags inside", "1"],
  ]);
  shop.clock.advance(9_000);
  assert.equal(shop.input.facts()[0]?.reportsPerSecond, 0.1);
  assert.deepEqual(shop.input.factTexts(receiverId("nowhere")), []);
  await closeShop(shop);
});

test("two hundred thousand addresses that nobody knows leave nothing behind", async () => {
  const shop = await openShop();
  const [radio] = shop.radios;
  const random = seededRandom(3);
  const phone = Uint8Array.from([2, 1, 0x1a, 6, 0xff, 0x4c, 0, 0x10, 1, 2]);
  for (let i = 0; i < 200_000; i += 1) {
    const address = Array.from({ length: 6 }, () => Math.floor(random() * 256));
    radio?.socket.deliver(packet(phone, -60, address));
    if (i % 100 === 0) shop.clock.advance(1_000);
  }
  assert.equal(radio?.radio.counts().reports, 200_000);
  assert.equal(radio?.radio.cachedPeripherals, 0);
  assert.equal(shop.input.tagsPresent, 0);
  assert.deepEqual(shop.tell("tag-changed"), []);
  await closeShop(shop);
});

test("no address and no identity of a stranger appears in any event or line of the log", async () => {
  const shop = await openShop();
  const [radio] = shop.radios;
  const planted = [0xde, 0xad, 0xbe, 0xef, 0xf0, 0x0d];
  const stranger = ibeaconPayload(
    Uint8Array.from({ length: 20 }, () => 0x5a),
    -59,
  );
  for (let i = 0; i < 50; i += 1) {
    radio?.socket.deliver(packet(stranger, -50, planted));
    radio?.socket.deliver(packet(ibeaconPayload(identityBytes(basket.beacon), -59), -50, planted));
    radio?.socket.deliver(packet(stranger, -50, planted).subarray(0, 30));
    shop.clock.advance(500);
  }
  shop.clock.advance(120_000);
  await closeShop(shop);
  assert.ok(shop.events.length >= 5);
  const facts = JSON.stringify([shop.input.facts(), shop.input.factTexts(receiverId("door"))]);
  const said = `${JSON.stringify(shop.events)}\n${radio?.lines.join("\n")}\n${facts}`;
  assert.doesNotMatch(said, /de.?ad.?be.?ef|0d.?f0.?ef|5a5a|fda50693/i);
});

test("receivers may be added later, and more than 256 are refused", () => {
  const clock = new FakeClock();
  const input = createRadioInput({
    sources: [],
    tags: [],
    run: "r",
    clock,
    onEvent: () => undefined,
  });
  const { radio } = createFakeRadio({ clock });
  for (let i = 0; i < 256; i += 1) input.add(radio);
  assert.throws(() => input.add(radio), RangeError);
});

/** Some seconds in which one tag is heard well. */
function hearFor(shop: Shop, seconds: number, bytes: Uint8Array): void {
  for (let i = 0; i < 2 * seconds; i += 1) {
    shop.radios[0]?.socket.deliver(bytes);
    shop.clock.advance(500);
  }
}

const clerkPacket = (): Uint8Array => packet(eddystoneUidPayload(identityBytes(clerk.beacon), -18));

test("another beacon under the id of a tag begins anew: what was heard of the old one says nothing of it", async () => {
  const shop = await openShop();
  hearFor(shop, 10, basketPacket());
  shop.input.tags.replace([{ ...basket, name: "Basket one" }, clerk]);
  assert.equal(shop.input.tagsPresent, 1, "a name is only a name");
  const beacon = { format: "altbeacon", id: "ab".repeat(20) } as const;
  shop.input.tags.replace([{ ...basket, beacon }, clerk]);
  assert.deepEqual(shop.tell("tag-changed"), [
    "basket-1 passing",
    "basket-1 inside",
    "basket-1 outside",
  ]);
  assert.equal(shop.input.factsOf(0)?.lastSeenMono, null);
  await closeShop(shop);
});

test("a badge that is registered or removed while its wearer works has not gone through the door", async () => {
  const shop = await openShop(["door"], shopSite());
  hearFor(shop, 90, basketPacket());
  shop.input.tags.replace([basket]);
  shop.input.tags.replace([basket, clerk]);
  hearFor(shop, 90, clerkPacket());
  assert.ok(shop.tell("tag-changed").includes("clerk-1 inside"));
  shop.input.tags.replace([basket]);
  assert.equal(shop.tell("tag-changed").at(-1), "clerk-1 outside");
  assert.deepEqual(
    shop.events.filter((e) => e.kind === "tag-at-door"),
    [],
  );
  shop.input.tags.replace([basket, clerk]);
  hearFor(shop, 61, basketPacket());
  hearFor(shop, 10, clerkPacket());
  assert.equal(shop.events.filter((e) => e.kind === "tag-at-door").length, 1, "now it came in");
  await closeShop(shop);
});
