import assert from "node:assert/strict";
import test from "node:test";
import {
  BASKET,
  basketPacket,
  FLOOR,
  openFloorShop,
  toldSeconds,
} from "../../../test/fakes/floor-shop.ts";
import { receiverId } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";

const WALK = [
  { xM: 2, yM: 3, seconds: 50 },
  { xM: 11, yM: 5, seconds: 40 },
  { xM: 4, yM: 6, seconds: 30 },
  { xM: 12, yM: 2, seconds: 60 },
];

const zonesTold = (events: readonly SensorEvent[]): readonly string[] =>
  events.flatMap((e) => (e.kind === "tag-zone-entered" ? [e.zoneId] : []));

test("packets of adapters become stays in zones, with the times at which they began and ended", async () => {
  const shop = await openFloorShop();
  shop.carry(WALK);
  await shop.close();
  assert.deepEqual(zonesTold(shop.events), ["left", "right", "left", "right"]);
  assert.deepEqual(shop.stays(), ["left", "right", "left", "right*"]);
  assert.deepEqual(shop.states(), ["passing", "inside"]);
  const seconds = Object.values(shop.truth).reduce((sum, s) => sum + s, 0);
  const told = toldSeconds(shop.events);
  const off = Math.abs((told["left"] ?? 0) - (shop.truth["left"] ?? 0));
  assert.ok(off / seconds <= 0.1, `${JSON.stringify(told)} of ${JSON.stringify(shop.truth)}`);
});

for (const lagMs of [0, 3_000, 15_000])
  test(`with a lag of ${lagMs / 1000} s the dwell in zones is off by no more than a tenth`, async () => {
    const shop = await openFloorShop({ lagMs, seed: 2 });
    shop.carry([...WALK, ...WALK]);
    await shop.close();
    const seconds = Object.values(shop.truth).reduce((sum, s) => sum + s, 0);
    const told = toldSeconds(shop.events);
    const off = ["left", "right"].reduce(
      (sum, zone) => sum + Math.abs((told[zone] ?? 0) - (shop.truth[zone] ?? 0)),
      0,
    );
    assert.ok(off / 2 / seconds <= 0.1, `${JSON.stringify(told)} of ${JSON.stringify(shop.truth)}`);
  });

test("the same packets after a restart give the same events, byte for byte", async () => {
  const tell = async (): Promise<string> => {
    const shop = await openFloorShop();
    shop.carry(WALK.slice(0, 2));
    await shop.close();
    return JSON.stringify(shop.events);
  };
  assert.equal(await tell(), await tell());
});

test("on the pavement a basket is passing and in no zone; inside it is, and it ends its stay before it leaves", async () => {
  const shop = await openFloorShop();
  shop.carry([
    { xM: 7, yM: 14, seconds: 30 },
    { xM: 7, yM: 9, seconds: 0 },
    { xM: 3, yM: 2, seconds: 60 },
    { xM: 7, yM: 9, seconds: 0 },
    { xM: 7, yM: 15, seconds: 30 },
  ]);
  shop.wait(60);
  await shop.close();
  assert.equal(shop.states().at(-1), "outside");
  assert.ok(shop.states().includes("inside"));
  assert.ok(!shop.stays().some((stay) => stay.startsWith("street")));
  assert.ok(shop.stays().some((stay) => stay.startsWith("left")));
});

test("one adapter of the plan that is down changes no zone", async () => {
  const shop = await openFloorShop();
  shop.carry(WALK.slice(0, 1));
  shop.radios[0]?.socket.setUp(false);
  shop.carry(WALK.slice(1, 3));
  shop.radios[0]?.socket.setUp(true);
  shop.carry(WALK.slice(3));
  await shop.close();
  assert.deepEqual(zonesTold(shop.events), ["left", "right", "left", "right"]);
});

test("while all adapters are down a basket stays inside, and its stay ended where it was last known", async () => {
  const shop = await openFloorShop();
  shop.carry(WALK.slice(0, 1));
  for (const { socket } of shop.radios) socket.setUp(false);
  shop.clock.advance(120_000);
  assert.deepEqual(shop.states(), ["passing", "inside"]);
  assert.deepEqual(shop.stays(), ["left*"]);
  const exited = shop.events.find((e) => e.kind === "tag-zone-exited");
  assert.ok(exited !== undefined && exited.atMono <= 7_300 + 60_000);
  await shop.close();
});

test("receivers that are not in the plan say who is there, and not where", async () => {
  const shop = await openFloorShop({ receivers: [], strangers: ["van"] });
  shop.carry([{ xM: 6, yM: 4, seconds: 60 }]);
  assert.deepEqual(shop.states(), ["passing", "inside"]);
  assert.deepEqual(zonesTold(shop.events), []);
  const texts = new Map(shop.input.factTexts(receiverId("van")));
  assert.match(texts.get("place") ?? "", /not in the site plan/);
  assert.equal(texts.get("tags in zones"), "none");
  await shop.close();
});

test("an unplaced receiver beside the placed ones moves nobody to another zone", async () => {
  const told = async (strangers: readonly string[]): Promise<readonly string[]> => {
    const shop = await openFloorShop({ strangers });
    shop.carry(WALK);
    await shop.close();
    return zonesTold(shop.events);
  };
  assert.deepEqual(await told(["van"]), await told([]));
});

test("a receiver that floods is counted, and moves nobody", async () => {
  const shop = await openFloorShop();
  shop.carry([{ xM: 11, yM: 5, seconds: 40 }]);
  for (let second = 0; second < 10; second += 1) {
    for (let i = 0; i < 3_000; i += 1) shop.radios[0]?.socket.deliver(basketPacket(-80));
    shop.carry([{ xM: 11, yM: 5, seconds: 1 }]);
  }
  shop.carry([{ xM: 11, yM: 5, seconds: 20 }]);
  const texts = new Map(shop.input.factTexts(receiverId("nw")));
  assert.match(texts.get("left out of places") ?? "", /\d+ too many at once/);
  await shop.close();
  assert.equal(zonesTold(shop.events).at(-1), "right");
  assert.deepEqual(
    zonesTold(shop.events)
      .slice(0, -1)
      .filter((zone) => zone !== "left"),
    [],
  );
});

test("figures: what is known of each tag, and how many tags are in which zone", async () => {
  const shop = await openFloorShop();
  assert.deepEqual(shop.input.tagFacts(), [
    { tagId: BASKET.id, lastSeenMono: null, state: "outside", zoneId: null, confidence: 0 },
  ]);
  shop.carry(WALK.slice(0, 2));
  const [facts] = shop.input.tagFacts();
  assert.ok(facts !== undefined && facts.zoneId === "right" && facts.state === "inside");
  assert.ok(facts.confidence > 0.5 && facts.confidence <= 1);
  assert.ok(shop.clock.mono() - (facts.lastSeenMono ?? 0) < 3_000);
  const texts = new Map(shop.input.factTexts(receiverId("nw")));
  assert.equal(texts.get("tags in zones"), "Right 1");
  assert.equal(texts.get("tags inside"), "1");
  assert.equal(texts.get("place"), undefined);
  assert.equal(new Map(shop.input.factTexts(receiverId("n"))).get("tags in zones"), undefined);
  await shop.close();
});

test("a tag that is taken out of the registry ends its stay and is told no more", async () => {
  const shop = await openFloorShop();
  shop.carry(WALK.slice(0, 1));
  shop.input.tags.replace([]);
  shop.carry(WALK.slice(1, 2));
  await shop.close();
  assert.deepEqual(shop.stays(), ["left*"]);
  assert.deepEqual(shop.states(), ["passing", "inside", "outside"]);
  assert.deepEqual(shop.input.tagFacts(), []);
});

test("a floor without zones locates nobody and breaks nothing", async () => {
  const shop = await openFloorShop({ floor: { ...FLOOR, zones: [], doors: [] } });
  shop.carry(WALK.slice(0, 2));
  await shop.close();
  assert.deepEqual(zonesTold(shop.events), []);
  assert.deepEqual(shop.states(), ["passing", "inside"]);
});
