import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  CORRIDOR,
  type HeardPacket,
  heardAlong,
  mirrored,
  SHOP,
  SHOP_RECEIVERS,
  standAt,
  type TestEstimate,
  tellAll,
  walkTo,
} from "../../../test/fakes/zone-shop.ts";
import { monoMs } from "../../core/brand.ts";
import { seededRandom } from "../../core/random.ts";
import { createZoneEngine, type ZoneEngineOptions } from "./zone-engine.ts";
import { NO_ZONE, UNKNOWN_ZONE } from "./zone-estimate.ts";

const BARE: ZoneEngineOptions = {
  floor: SHOP,
  receivers: SHOP_RECEIVERS,
  survey: [],
  onEstimate: () => undefined,
  parameters: { learnOffsets: false },
};

test("a tag that walks through a shop is in the right zone in most seconds, and says so", () => {
  const path = walkTo([2, 2], [10, 2], [10, 8], [2, 8], [2, 2]);
  const told = [1, 2, 3, 4, 5]
    .flatMap((seed) => tellAll(BARE, heardAlong(path, { seed })))
    .filter(({ second }) => second >= 3 && second < path.length);
  const scored = told.length;
  const right = told.filter(({ second, zone }) => {
    const { x, y } = path[second] ?? { x: 0, y: 0 };
    return zone === (x < 6 ? 0 : 1) + (y < 5 ? 0 : 2);
  }).length;
  assert.ok(scored > 150, `${scored} seconds`);
  assert.ok(right / scored > 0.85, `${right} of ${scored} right`);
});

test("probabilities sum to one, and an unknown zone has no confidence", () => {
  const path = [...walkTo([2, 2], [10, 8]), ...standAt(10, 8, 20)];
  const told = tellAll(BARE, heardAlong(path, { seed: 2, lossRatio: 0.8 }));
  assert.ok(told.length > 20);
  for (const { probabilities, zone, confidence, insideRatio } of told) {
    const sum = probabilities.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - 1) < 1e-6, `sum ${sum}`);
    assert.equal(confidence === 0, zone === UNKNOWN_ZONE);
    assert.ok(insideRatio >= 0 && insideRatio <= 1);
  }
});

test("a mirrored shop gives the mirrored places", () => {
  const packets = heardAlong(walkTo([2, 2], [10, 2], [10, 8]), { seed: 3 });
  const plain = tellAll(BARE, packets);
  const other = tellAll({ ...BARE, ...mirrored(SHOP, SHOP_RECEIVERS) }, packets);
  assert.equal(plain.length, other.length);
  plain.forEach((one, i) => {
    assert.ok(Math.abs(one.xM + (other[i]?.xM ?? 0)) < 0.02, `${one.xM} and ${other[i]?.xM}`);
    assert.ok(Math.abs(one.yM - (other[i]?.yM ?? 0)) < 0.02);
    assert.equal(one.zone, other[i]?.zone);
  });
});

test("a tag that sends stronger or weaker is in the same places", () => {
  const packets = heardAlong(walkTo([2, 2], [10, 2], [10, 8]), { seed: 4 });
  const plain = tellAll(BARE, packets);
  for (const shiftDb of [-6, 6]) {
    const shifted = packets.map((p) => ({ ...p, rssiDbm: p.rssiDbm + shiftDb }));
    const same = tellAll(BARE, shifted).filter(({ zone }, i) => zone === plain[i]?.zone).length;
    assert.ok(same / plain.length > 0.95, `${same} of ${plain.length} at ${shiftDb} dB`);
  }
});

test("readings up to fifteen seconds late, in any order, give what they give in order", () => {
  const path = walkTo([2, 2], [10, 2], [10, 8], [2, 8], [2, 2], [10, 8]);
  const packets = heardAlong(path, { seed: 5 });
  const lateS = 26;
  // What was told before the late ones came cannot be taken back.
  const after = (told: readonly TestEstimate[]): readonly TestEstimate[] =>
    told.filter(({ second }) => second > lateS + 5);
  const plain = after(tellAll(BARE, packets));
  assert.ok(plain.length > 5);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
      const random = seededRandom(seed);
      const late = packets
        .map((packet) => {
          const delayMs = packet.atMs < lateS * 1000 ? 14_500 * random() : 0;
          return { packet, arriveMs: packet.atMs + delayMs };
        })
        .sort((a, b) => a.arriveMs - b.arriveMs);
      const arrived = late.map(({ packet }) => packet);
      const told = tellAll(
        BARE,
        arrived,
        late.map(({ arriveMs }) => arriveMs),
      );
      assert.deepEqual(after(told), plain);
    }),
    { numRuns: 10 },
  );
});

test("readings more than fifteen seconds late, or far ahead, are counted and change nothing", () => {
  const engine = createZoneEngine(BARE);
  engine.reading(0, 0, -60, 1, monoMs(100_000));
  for (let now = 101_000; now <= 120_000; now += 1000) engine.advance(monoMs(now));
  const before = engine.counts();
  engine.reading(0, 0, -60, 1, monoMs(100_000));
  engine.reading(0, 0, -60, 1, monoMs(140_000));
  assert.equal(engine.counts().late, before.late + 2);
  assert.equal(engine.counts().readings, before.readings);
});

test("a tag behind a wall of shelves is not put through it", () => {
  const { floor, receivers } = CORRIDOR;
  const path = standAt(2, 2, 20);
  const packets = heardAlong(path, { seed: 6, receivers });
  // From here on it is heard as if beyond the shelves, which takes twelve metres round the end.
  const jump = heardAlong(standAt(2, 4.5, 3), { seed: 7, receivers }).map((p) => ({
    ...p,
    atMs: p.atMs + 20_000,
  }));
  const told = tellAll({ ...BARE, floor, receivers, lagMs: 0 }, [...packets, ...jump]);
  const last = told.at(-1);
  assert.equal(last?.zone, 0, `at ${last?.xM} ${last?.yM}`);
});

test("a tag that leaves through the door is no longer inside", () => {
  const path = [...standAt(6, 5, 20), ...walkTo([6, 5], [6, -8]), ...standAt(6, -8, 30)];
  const told = tellAll(BARE, heardAlong(path, { seed: 8, wallDb: 5 }));
  const inside = told.filter(({ second }) => second >= 5 && second < 18);
  const gone = told.filter(({ second }) => second >= 45 && second < 60);
  assert.ok(inside.length > 8 && gone.length > 8);
  assert.ok(inside.every(({ insideRatio }) => insideRatio > 0.8));
  for (const { insideRatio, zone, confidence } of gone) {
    assert.ok(insideRatio < 0.3, `inside ${insideRatio}`);
    assert.ok(zone < 0 || confidence < 0.5 || SHOP.zones[zone]?.kind === "outside");
  }
});

test("a new tag that only ever stood before the shop is never surely inside", () => {
  for (const [x, y] of [
    [6, -2],
    [6, -4],
    [1, -3],
  ] as const) {
    const told = [1, 2, 3].flatMap((seed) =>
      tellAll(BARE, heardAlong(standAt(x, y, 30), { seed, wallDb: 5 })),
    );
    const sure = told.filter(({ insideRatio }) => insideRatio > 0.9).length;
    assert.ok(
      told.length > 60 && sure < told.length / 20,
      `${sure} of ${told.length} at ${x} ${y}`,
    );
  }
});

test("a new tag that only ever lay inside is told to be inside", () => {
  for (const [x, y] of [
    [6, 5],
    [10, 8],
  ] as const) {
    const told = [1, 2, 3].flatMap((seed) =>
      tellAll(BARE, heardAlong(standAt(x, y, 30), { seed, wallDb: 5 })),
    );
    const inside = told.filter(({ insideRatio }) => insideRatio > 0.5).length;
    assert.ok(inside > 0.95 * told.length, `${inside} of ${told.length} at ${x} ${y}`);
  }
});

test("a tag in a door is at that door and at no other", () => {
  const told = tellAll(BARE, heardAlong(standAt(6, 0.5, 30), { seed: 9 }));
  const at = told.find(({ second }) => second === 20);
  assert.ok((at?.atDoors[0] ?? 0) > 0.4, `at ${at?.atDoors}`);
  assert.ok((at?.atDoors[1] ?? 1) < 0.05, `at ${at?.atDoors}`);
});

test("silence spreads the places until nobody knows, and after two minutes the tag is forgotten", () => {
  const told = tellAll(BARE, heardAlong(standAt(10, 8, 20), { seed: 10 }), undefined, 160);
  const known = told.find(({ second }) => second === 15);
  assert.equal(known?.zone, 3);
  assert.ok(told.filter(({ second }) => second > 30).every(({ zone }) => zone === UNKNOWN_ZONE));
  assert.ok((told.at(-1)?.second ?? 999) < 145);
});

test("two receivers say no zone", () => {
  const packets = heardAlong(standAt(2, 2, 30), { seed: 11 }).filter(
    ({ receiver }) => receiver < 2,
  );
  const told = tellAll(BARE, packets);
  assert.ok(told.length > 10);
  assert.ok(told.every(({ zone, confidence }) => zone === UNKNOWN_ZONE && confidence === 0));
});

test("receivers that are blind prove nothing by their silence", () => {
  const near = heardAlong(standAt(2, 2, 40), { seed: 12 });
  const left = near.filter(({ receiver, atMs }) => receiver >= 2 || atMs < 20_000);
  const count = (blind: boolean): number => {
    const told: TestEstimate[] = tellAll(BARE, left, undefined, 0, (engine, second) => {
      if (blind && second === 20)
        for (const receiver of [0, 1]) engine.setSeeing(receiver, false, monoMs(20_000));
    });
    const at = told.find(({ second }) => second === 24);
    return at?.probabilities[0] ?? 0;
  };
  assert.ok(count(true) > count(false), `${count(true)} and ${count(false)}`);
});

test("a receiver that floods neither drowns the others nor counts for more than one", () => {
  const packets = heardAlong(standAt(10, 8, 20), { seed: 13 });
  const flood: HeardPacket[] = Array.from({ length: 20_000 }, (_, i) => ({
    receiver: 0,
    rssiDbm: -40,
    atMs: i,
  }));
  const all = [...packets, ...flood].sort((a, b) => a.atMs - b.atMs);
  let flooded = 0;
  const told = tellAll(BARE, all, undefined, 0, (engine) => {
    flooded = engine.counts().flooded;
  });
  assert.equal(told.find(({ second }) => second === 12)?.zone, 3);
  assert.ok(flooded > 15_000, `${flooded}`);
});

test("a floor without outline, zones or receivers is served and says nothing", () => {
  const empty = { outline: [], obstacles: [], zones: [], doors: [] };
  const told = tellAll(
    { ...BARE, floor: empty, receivers: SHOP_RECEIVERS.slice(0, 2) },
    heardAlong(standAt(2, 2, 20), { seed: 14 }),
  );
  assert.ok(told.every(({ zone }) => zone === UNKNOWN_ZONE || zone === NO_ZONE));
});
