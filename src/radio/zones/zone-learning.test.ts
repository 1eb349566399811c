import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  heardAlong,
  mirrored,
  SHOP,
  SHOP_RECEIVERS,
  standAt,
  tellAll,
  walkTo,
} from "../../../test/fakes/zone-shop.ts";
import { monoMs } from "../../core/brand.ts";
import { smoothWalk } from "./smooth-walk.ts";
import { createZoneEngine, type LearnedRadio, type ZoneEngineOptions } from "./zone-engine.ts";

const BARE: ZoneEngineOptions = {
  floor: SHOP,
  receivers: SHOP_RECEIVERS,
  survey: [],
  onEstimate: () => undefined,
  tagIdOf: (tag) => `tag-${tag}`,
};

/** Round and round through the shop for some minutes. */
function rounds(times: number): ReturnType<typeof walkTo> {
  return Array.from({ length: times }, () =>
    walkTo([2, 2], [10, 2], [10, 8], [2, 8], [2, 2]),
  ).flat();
}

function learnedFrom(options: ZoneEngineOptions, shiftDb: readonly number[]): LearnedRadio {
  const packets = heardAlong(rounds(12), { seed: 21 }).map((p) => ({
    ...p,
    rssiDbm: p.rssiDbm + (shiftDb[p.receiver] ?? 0),
  }));
  let learned: LearnedRadio = { receiverOffsetsDb: {}, tagPowersDbm: {} };
  tellAll(options, packets, undefined, 0, (engine) => {
    learned = engine.learned();
  });
  return learned;
}

test("a receiver that reads too little is found out by tags that walk, and the sum stays zero", () => {
  const { receiverOffsetsDb } = learnedFrom(BARE, [0, 0, 0, 0, 0, 0, -8, 0]);
  const weak = receiverOffsetsDb["r6"] ?? 0;
  assert.ok(weak < -1.5 && weak > -10, `${weak}`);
  for (const [id, db] of Object.entries(receiverOffsetsDb))
    assert.ok(id === "r6" || db > weak + 1, `${id} ${db}`);
  const sum = Object.values(receiverOffsetsDb).reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum) < 0.1, `${sum}`);
});

test("a tag that lies still teaches nothing", () => {
  let learned: LearnedRadio | null = null;
  tellAll(BARE, heardAlong(standAt(3, 3, 200), { seed: 22 }), undefined, 0, (engine) => {
    learned = engine.learned();
  });
  const offsets = Object.values((learned as LearnedRadio | null)?.receiverOffsetsDb ?? {});
  assert.ok(
    offsets.every((db) => Math.abs(db) < 1),
    `${offsets}`,
  );
});

test("what was learned is given back when it is loaded, and learning can be off", () => {
  const saved: LearnedRadio = {
    receiverOffsetsDb: { r0: 3, r1: -3, nowhere: 5 },
    tagPowersDbm: { "tag-0": -62, broken: Number.NaN },
  };
  const engine = createZoneEngine({ ...BARE, learned: saved });
  assert.deepEqual(engine.learned(), {
    receiverOffsetsDb: { r0: 3, r1: -3 },
    tagPowersDbm: { "tag-0": -62 },
  });
  const off = learnedFrom({ ...BARE, parameters: { learnOffsets: false } }, [0, 0, 0, 9]);
  assert.deepEqual(off.receiverOffsetsDb, {});
});

test("the power of a tag is learned to a few dB and kept under its name", () => {
  const learned = learnedFrom(BARE, []);
  const dbm = learned.tagPowersDbm["tag-0"] ?? 0;
  assert.ok(dbm > -64 && dbm < -55, `${dbm}`);
});

test("a tag whose power was learned wrongly is found as well as one that is new", () => {
  const path = rounds(3);
  const errorM = (learned?: LearnedRadio): number => {
    const told = tellAll({ ...BARE, learned }, heardAlong(path, { seed: 23 }));
    const errors = told
      .filter(({ second }) => second > 20 && second < path.length)
      .map(({ second, xM, yM }) =>
        Math.hypot(xM - (path[second]?.x ?? 0), yM - (path[second]?.y ?? 0)),
      );
    return errors.reduce((a, b) => a + b, 0) / errors.length;
  };
  const wrong = errorM({ receiverOffsetsDb: {}, tagPowersDbm: { "tag-0": -75 } });
  assert.ok(wrong < errorM() + 0.2, `${wrong} m and ${errorM()} m`);
});

test("a survey puts right what the plan cannot know", () => {
  const shiftDb = [6, -6, 6, -6, 6, -6, 6, -6];
  const packets = heardAlong(rounds(2), { seed: 24 }).map((p) => ({
    ...p,
    rssiDbm: p.rssiDbm + (shiftDb[p.receiver] ?? 0),
  }));
  const survey = [2, 6, 10].flatMap((xM) =>
    [2, 5, 8].map((yM) => ({
      xM,
      yM,
      zM: 1.2,
      levels: SHOP_RECEIVERS.map(({ id, xM: x, yM: y, zM: z }, r) => ({
        receiverId: id,
        readings: 50,
        meanDbm:
          -50 +
          (shiftDb[r] ?? 0) -
          20 * Math.log10(Math.max(1, Math.hypot(x - xM, y - yM, z - 1.2))),
      })),
    })),
  );
  const path = rounds(2);
  const errorM = (options: ZoneEngineOptions): number => {
    const told = tellAll(options, packets).filter(({ second }) => path[second] !== undefined);
    const total = told.reduce(
      (all, { second, xM, yM }) =>
        all + Math.hypot(xM - (path[second]?.x ?? 0), yM - (path[second]?.y ?? 0)),
      0,
    );
    return total / told.length;
  };
  const still = { ...BARE, parameters: { learnOffsets: false } };
  const [bare, surveyed] = [errorM(still), errorM({ ...still, survey })];
  assert.ok(surveyed < 0.85 * bare, `${bare} m and ${surveyed} m`);
});

test("nothing that is fed throws, and probabilities stay probabilities", () => {
  const odd = fc.oneof(
    fc.double({ noNaN: false }),
    fc.constantFrom(-127, 127, 20, 0, -1, 1e300, Number.NaN, Number.NEGATIVE_INFINITY),
    fc.integer({ min: -100, max: 20 }),
  );
  const call = fc.tuple(
    fc.constantFrom("reading" as const, "advance" as const, "seeing" as const, "forget" as const),
    odd,
    odd,
    odd,
    odd,
    odd,
  );
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
      const engine = createZoneEngine({
        ...BARE,
        onEstimate: ({ probabilities, confidence }) => {
          const sum = probabilities.reduce((a, b) => a + b, 0);
          assert.ok(Math.abs(sum - 1) < 1e-6 && confidence >= 0 && confidence <= 1);
        },
      });
      const feed = {
        reading: (a: number, b: number, c: number, d: number, e: number): void =>
          engine.reading(a, b, c, d, monoMs(e)),
        advance: (a: number): void => engine.advance(monoMs(a)),
        seeing: (a: number, b: number, c: number): void => engine.setSeeing(a, b > 0, monoMs(c)),
        forget: (a: number): void => engine.forget(a),
      };
      for (const [kind, a, b, c, d, e] of calls) feed[kind](a, b, c, d, e);
      for (let second = 0; second < 20; second += 1) {
        for (let r = 0; r < 8; r += 1) engine.reading(0, r, -70, 1, monoMs(second * 1000));
        engine.advance(monoMs(second * 1000));
      }
      engine.learned();
    }),
    { numRuns: 30 },
  );
});

test("impossible levels, unplaced receivers and time going backwards are counted and change nothing", () => {
  const unplaced = SHOP_RECEIVERS.map((one, i) => (i === 7 ? { ...one, xM: Number.NaN } : one));
  const engine = createZoneEngine({ ...BARE, receivers: unplaced });
  const at = monoMs(10_000);
  for (const rssiDbm of [127, 20, -127, -200, Number.NaN]) engine.reading(0, 0, rssiDbm, 1, at);
  engine.reading(0, 0, -60, 0, at);
  engine.reading(0, 0, -60, 1, monoMs(Number.NaN));
  engine.reading(0, 7, -60, 1, at);
  engine.reading(0, 99, -60, 1, at);
  engine.advance(monoMs(20_000));
  engine.advance(monoMs(19_000));
  const { impossible, unplaced: lost, backwards, readings, tags } = engine.counts();
  assert.deepEqual(
    { impossible, lost, backwards, readings, tags },
    {
      impossible: 7,
      lost: 2,
      backwards: 1,
      readings: 0,
      tags: 0,
    },
  );
});

test("more tags than may be followed push out the one that has been silent longest", () => {
  const engine = createZoneEngine({ ...BARE, parameters: { tagCap: 3 } });
  for (let tag = 0; tag < 5; tag += 1) engine.reading(tag, 0, -60, 1, monoMs(tag * 10_000));
  assert.equal(engine.counts().tags, 3);
  assert.equal(engine.counts().evicted, 2);
});

test("of more tags than there is room for, some are located and the others counted", () => {
  const bytesPerTag = 12 * 22 * 400 * 5;
  const told = new Set<number>();
  const engine = createZoneEngine({
    ...BARE,
    lagMs: 0,
    onEstimate: ({ tag, zone }) => zone >= 0 && told.add(tag),
    parameters: { memoryBytes: 4 * bytesPerTag },
  });
  const packets = heardAlong(standAt(10, 8, 20), { seed: 23 });
  let second = 0;
  for (const { receiver, rssiDbm, atMs } of packets) {
    for (; second * 1000 <= atMs; second += 1) engine.advance(monoMs(second * 1000));
    for (let tag = 0; tag < 60; tag += 1) engine.reading(tag, receiver, rssiDbm, 1, monoMs(atMs));
    assert.ok(engine.counts().tags < 20, `${engine.counts().tags}`);
  }
  assert.ok(told.size >= 4, `${told.size} located`);
  assert.equal(engine.counts().evicted, 0);
  assert.ok(engine.counts().crowded > 1_000, `${engine.counts().crowded}`);
});

test("an offset that cannot have been learned is not believed", () => {
  for (const db of [200, -11, Number.NaN, Number.POSITIVE_INFINITY]) {
    const learned = { receiverOffsetsDb: { r0: db }, tagPowersDbm: {} };
    const engine = createZoneEngine({ ...BARE, learned });
    assert.deepEqual(engine.learned().receiverOffsetsDb, {}, `${db}`);
  }
});

test("a recorded walk is placed better when the zones are known, and stays within them", () => {
  const path = walkTo([2, 2], [10, 2], [10, 8]);
  const readings = heardAlong(path, { seed: 25 }).map(({ receiver, rssiDbm, atMs }) => ({
    receiver,
    rssiDbm,
    atMono: monoMs(atMs),
  }));
  const ground = { floor: SHOP, receivers: SHOP_RECEIVERS, survey: [], readings };
  const zoneAt = (atMs: number): number => {
    const at = path[atMs / 1000] ?? { x: 10, y: 8 };
    return (at.x < 6 ? 0 : 1) + (at.y < 5 ? 0 : 2);
  };
  const errorM = (told: ReturnType<typeof smoothWalk>): number =>
    told.reduce((all, { atMono, xM, yM }) => {
      const at = path[atMono / 1000] ?? { x: 10, y: 8 };
      return all + Math.hypot(xM - at.x, yM - at.y);
    }, 0) / told.length;
  const free = smoothWalk(ground);
  const held = smoothWalk({ ...ground, within: zoneAt });
  assert.ok(Math.abs(free.length - path.length) <= 1);
  assert.ok(errorM(free) < 2, `${errorM(free)} m`);
  assert.ok(errorM(held) <= errorM(free) + 0.05, `${errorM(held)} m`);
  for (const { atMono, zone, spreadM } of held) {
    assert.equal(zone, zoneAt(atMono));
    assert.ok(spreadM >= 0 && spreadM < 5);
  }
  assert.deepEqual(smoothWalk({ ...ground, readings: [] }), []);
});

test("a mirrored walk is placed mirrored", () => {
  const readings = heardAlong(walkTo([2, 2], [10, 2]), { seed: 26 }).map((p) => ({
    receiver: p.receiver,
    rssiDbm: p.rssiDbm,
    atMono: monoMs(p.atMs),
  }));
  const plain = smoothWalk({ floor: SHOP, receivers: SHOP_RECEIVERS, survey: [], readings });
  const other = smoothWalk({ ...mirrored(SHOP, SHOP_RECEIVERS), survey: [], readings });
  plain.forEach(({ xM, yM }, i) => {
    assert.ok(Math.abs(xM + (other[i]?.xM ?? 0)) < 0.02);
    assert.ok(Math.abs(yM - (other[i]?.yM ?? 0)) < 0.02);
  });
});
