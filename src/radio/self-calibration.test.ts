import assert from "node:assert/strict";
import { test } from "node:test";
import { receiverId } from "../core/brand.ts";
import { normalDraw, seededRandom } from "../core/random.ts";
import type { ReceiverPlan } from "../core/site.ts";
import type { LinkLevel } from "./receiver-links.ts";
import { calibratedRadio, type SelfCalibration, selfCalibrate } from "./self-calibration.ts";

interface Shop {
  readonly plan: readonly ReceiverPlan[];
  readonly levels: readonly LinkLevel[];
  readonly offsetsDb: readonly number[];
}

interface ShopWish {
  readonly seed: number;
  readonly boxes: number;
  /** Positions of boxes whose places are exchanged in the plan, not in the shop. */
  readonly swap?: readonly [number, number];
  readonly extraDb?: readonly [box: number, db: number];
  readonly blockedRatio?: number;
}

/**
 * A shop of 25 x 18 m: offsets within +-6 dB, senders that differ by 2 dB, 4 dB scatter per link, and walls that take
 * 10 to 20 dB from both directions of a pair.
 */
function shop({ seed, boxes, swap, extraDb, blockedRatio = 0.15 }: ShopWish): Shop {
  const random = seededRandom(seed);
  const real = Array.from(
    { length: boxes },
    (_, i): ReceiverPlan => ({
      id: receiverId(`r${i}`),
      name: `Box ${i}`,
      xM: random() * 25,
      yM: random() * 18,
      zM: 1.2 + random() * 1.5,
      beacon: {
        format: "ibeacon",
        uuid: "3b8a1f70-52c4-4e19-9d06-c7f1a2e84b55",
        major: 9,
        minor: i,
      },
    }),
  );
  const offsetsDb = real.map((_, i) => (extraDb?.[0] === i ? extraDb[1] : random() * 12 - 6));
  const powers = real.map(() => -58 + 2 * normalDraw(random));
  const exponent = 1.9 + random() * 0.8;
  const walls = real.map(() => real.map(() => (random() < blockedRatio ? 10 + 10 * random() : 0)));
  const levels = real.flatMap((from, sender) =>
    real.flatMap((to, receiver): LinkLevel[] => {
      if (sender === receiver) return [];
      const d = Math.max(1, Math.hypot(from.xM - to.xM, from.yM - to.yM, from.zM - to.zM));
      const wallDb = walls[Math.min(sender, receiver)]?.[Math.max(sender, receiver)] ?? 0;
      const heardDbm = (powers[sender] ?? 0) - 10 * exponent * Math.log10(d) - wallDb;
      const meanDbm = heardDbm + (offsetsDb[receiver] ?? 0) + 4 * normalDraw(random);
      return meanDbm > -98 ? [{ sender, receiver, meanDbm, readings: 500 }] : [];
    }),
  );
  const plan = real.map((box, i) => {
    const other = swap?.[0] === i ? real[swap[1]] : swap?.[1] === i ? real[swap[0]] : undefined;
    return other === undefined ? box : { ...box, xM: other.xM, yM: other.yM, zM: other.zM };
  });
  return { plan, levels, offsetsDb };
}

function fitted(result: SelfCalibration): Extract<SelfCalibration, { kind: "fitted" }> {
  assert.equal(result.kind, "fitted");
  return result as Extract<SelfCalibration, { kind: "fitted" }>;
}

/** Root mean square of the errors of the offsets, all taken about their mean. */
function offsetErrorDb({ plan, levels, offsetsDb }: Shop): number {
  const { receiverOffsetsDb } = fitted(selfCalibrate(levels, plan));
  const mean = offsetsDb.reduce((sum, o) => sum + o, 0) / offsetsDb.length;
  const errors = plan.map(
    ({ id }, i) => (receiverOffsetsDb[id] ?? 0) - ((offsetsDb[i] ?? 0) - mean),
  );
  return Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
}

const SEEDS = Array.from({ length: 60 }, (_, i) => i + 1);

test("offsets of twelve boxes are found within 1.5 dB although every seventh pair has a wall between", (t) => {
  const errors = SEEDS.map((seed) => offsetErrorDb(shop({ seed, boxes: 12 })));
  const rms = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
  const worst = Math.max(...errors);
  t.diagnostic(
    `${SEEDS.length} shops: rms ${rms.toFixed(2)} dB, worst shop ${worst.toFixed(2)} dB`,
  );
  assert.ok(rms <= 1.5, `${rms} dB`);
  assert.ok(worst <= 3, `${worst} dB`);
});

test("two boxes exchanged in the plan are named in nearly all shops, and hardly ever when none are", (t) => {
  const seeds = SEEDS.slice(0, 30);
  let named = 0;
  let falsely = 0;
  for (const seed of seeds) {
    const right = shop({ seed, boxes: 12 });
    if (!fitted(selfCalibrate(right.levels, right.plan)).isUsable) falsely += 1;
    const [a, b] = farApart(right.plan);
    const wrong = shop({ seed, boxes: 12, swap: [a, b] });
    const { warnings, isUsable } = fitted(selfCalibrate(wrong.levels, wrong.plan));
    const swapped = warnings.find(({ kind }) => kind === "swapped");
    if (
      swapped?.receivers.includes(receiverId(`r${a}`)) &&
      swapped.receivers.includes(receiverId(`r${b}`))
    ) {
      named += 1;
      assert.equal(isUsable, false);
    }
  }
  t.diagnostic(`${named} of ${seeds.length} swaps named, ${falsely} false alarms`);
  assert.ok(named >= 0.9 * seeds.length, `${named} named`);
  assert.ok(falsely <= 1, `${falsely} false alarms`);
});

/** The first two boxes that hang at least 8 m from each other. */
function farApart(plan: readonly ReceiverPlan[]): readonly [number, number] {
  for (let a = 0; a < plan.length; a += 1) {
    for (let b = a + 1; b < plan.length; b += 1) {
      const [p, q] = [plan[a], plan[b]];
      if (p !== undefined && q !== undefined && Math.hypot(p.xM - q.xM, p.yM - q.yM) >= 8)
        return [a, b];
    }
  }
  throw new Error("all boxes hang together");
}

test("a box with a bad antenna is named with how much weaker it hears", () => {
  const { plan, levels } = shop({ seed: 3, boxes: 10, extraDb: [4, -16] });
  const { warnings } = fitted(selfCalibrate(levels, plan));
  const deaf = warnings.filter(({ kind }) => kind === "hears-weakly");
  assert.deepEqual(
    deaf.map(({ receivers }) => receivers),
    [[receiverId("r4")]],
  );
  assert.match(deaf[0]?.sentence ?? "", /^Box 4 hears everything 1\d dB weaker: antenna/);
});

test("links through walls are marked as blocked and others are not", () => {
  const { plan, levels } = shop({ seed: 7, boxes: 12, blockedRatio: 0 });
  const walled = levels.map((level) =>
    level.sender + level.receiver === 1 ? { ...level, meanDbm: level.meanDbm - 25 } : level,
  );
  const blocked = fitted(selfCalibrate(walled, plan)).links.filter(({ isBlocked }) => isBlocked);
  assert.deepEqual(
    blocked
      .map(({ sender, receiver }) => `${sender}${receiver}`)
      .filter((pair) => /^r[01]r[01]$/.test(pair)),
    ["r0r1", "r1r0"],
  );
  assert.ok(blocked.length <= 4, `${blocked.length} blocked`);
});

test("offsets sum to zero, and shifting every level changes only the powers", () => {
  const { plan, levels } = shop({ seed: 11, boxes: 8 });
  const as = fitted(selfCalibrate(levels, plan));
  const shifted = fitted(
    selfCalibrate(
      levels.map((l) => ({ ...l, meanDbm: l.meanDbm + 6 })),
      plan,
    ),
  );
  const sum = Object.values(as.receiverOffsetsDb).reduce((total, o) => total + o, 0);
  assert.ok(Math.abs(sum) < 0.5, `${sum} dB`);
  for (const { id } of plan) {
    const moved = (shifted.receiverOffsetsDb[id] ?? 0) - (as.receiverOffsetsDb[id] ?? 0);
    assert.ok(Math.abs(moved) <= 0.11, `${id} ${moved} dB`);
    const power = (shifted.senderPowersDbm[id] ?? 0) - (as.senderPowersDbm[id] ?? 0);
    assert.ok(Math.abs(power - 6) <= 0.11, `${id} ${power} dB`);
  }
});

test("with too few boxes it says how many there are and what is needed", () => {
  const { plan, levels } = shop({ seed: 1, boxes: 3, blockedRatio: 0 });
  const result = selfCalibrate(levels, plan);
  assert.equal(result.kind, "too-little");
  assert.match(
    result.kind === "too-little" ? result.why : "",
    /6 of at least 12 links between 3 of at least 4 boxes/,
  );
  const silent = plan.map(({ beacon: _, ...box }) => box);
  const none = selfCalibrate([], silent);
  assert.match(none.kind === "too-little" ? none.why : "", /No receiver has a beacon/);
});

test("links of boxes that the plan does not have are ignored, and boxes in one spot do no harm", () => {
  const { plan, levels } = shop({ seed: 2, boxes: 6, blockedRatio: 0 });
  const heap = plan.map((box) => ({ ...box, xM: 1, yM: 1, zM: 1 }));
  const stray = { sender: 77, receiver: 0, meanDbm: -50, readings: 100 };
  const { exponent, links, receiverOffsetsDb } = fitted(selfCalibrate([...levels, stray], heap));
  assert.equal(links.length, levels.length);
  assert.ok(Number.isFinite(exponent));
  assert.ok(Object.values(receiverOffsetsDb).every(Number.isFinite));
});

test("measured offsets replace those the engine guessed, unless the plan looks wrong", () => {
  const learned = { receiverOffsetsDb: { r0: 9, other: 2 }, tagPowersDbm: { cart: -60 } };
  const right = shop({ seed: 5, boxes: 12, blockedRatio: 0 });
  const calibration = fitted(selfCalibrate(right.levels, right.plan));
  const merged = calibratedRadio(learned, calibration);
  assert.equal(merged.receiverOffsetsDb["r0"], calibration.receiverOffsetsDb["r0"]);
  assert.equal(merged.receiverOffsetsDb["other"], 2);
  assert.deepEqual(merged.tagPowersDbm, learned.tagPowersDbm);
  assert.equal(calibratedRadio(learned, { ...calibration, isUsable: false }), learned);
  assert.equal(calibratedRadio(learned, { kind: "too-little", why: "" }), learned);
});
