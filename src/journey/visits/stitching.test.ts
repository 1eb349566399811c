import assert from "node:assert/strict";
import { test } from "node:test";
import { at, ToldEvents, type WatchedVisits, watchVisits } from "../../../test/fakes/visit-shop.ts";
import { VISIT_RULES } from "./rules.ts";

/** A track that is lost in a zone and goes on under another number. */
function lostAndFound(make: ToldEvents) {
  return [
    make.in(at(0), 1),
    make.begin(at(1), "shelf", 1),
    make.end(at(4), 180_000, "shelf", 1, { censored: true }),
    ...make.stay(at(4, 2), at(6), "rack", 2),
    make.out(at(9), 2),
  ];
}

const summary = (shop: WatchedVisits): readonly unknown[] =>
  shop
    .visits()
    .map(({ enteredAt, exitedAt, endedBy, isEntrySeen, stays }) => [
      (enteredAt - at(0)) / 1000,
      (exitedAt - at(0)) / 1000,
      endedBy,
      isEntrySeen,
      stays.map(({ zoneId }) => zoneId).join(" "),
    ]);

const APART = [
  [0, 240, "lost", true, "shelf"],
  [242, 540, "exit", false, "rack"],
];
const TOGETHER = [[0, 540, "exit", true, "shelf rack"]];

test("two numbers of one person are one visit, named after the earlier", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  const events = lostAndFound(make);
  shop.play([...events, make.renamed(at(9), 1, 2)]);
  shop.builder.advance(at(60));
  assert.deepEqual(summary(shop), TOGETHER);
  assert.deepEqual(shop.visits()[0]?.began, { source: "camera:all#a", seq: 0 });
  assert.equal(shop.documents().length, 1);
});

test("renamed after it was told: the later part is taken back, the first told again", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play(lostAndFound(make));
  shop.builder.advance(at(30));
  assert.deepEqual(summary(shop), APART);
  shop.builder.take(make.renamed(at(9), 1, 2));
  shop.builder.advance(at(31));
  assert.deepEqual(summary(shop), TOGETHER);
  assert.deepEqual(
    shop
      .documents()
      .map(({ began, seq, revision, isWithdrawn }) => [began.seq, seq, revision, isWithdrawn]),
    [
      [0, 0, 0, false],
      [3, 0, 0, false],
      [3, 1, 1, true],
      [0, 1, 1, false],
    ],
  );
});

test("taken back, the two parts stand as they stood before", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play(lostAndFound(make));
  shop.builder.advance(at(30));
  const before = shop.visits();
  shop.builder.take(make.renamed(at(9), 1, 2));
  shop.builder.advance(at(31));
  shop.builder.take(make.renamed(at(9), 1, 2, true));
  shop.builder.advance(at(32));
  const after = shop.visits();
  assert.deepEqual(
    after.map(({ revision }) => revision),
    [2, 2],
  );
  const bare = (visits: typeof after): readonly unknown[] =>
    visits.map(({ revision: _, seq: __, ...rest }) => rest);
  assert.deepEqual(bare(after), bare(before));
});

test("renamed and taken back before it is told, it is as if nothing had been", () => {
  const events = (make: ToldEvents) => lostAndFound(make);
  const plain = watchVisits();
  plain.play(events(new ToldEvents()));
  const changed = watchVisits();
  const make = new ToldEvents();
  changed.play(events(make));
  changed.play([make.renamed(at(9), 1, 2), make.renamed(at(10), 1, 2, true)]);
  for (const shop of [plain, changed]) shop.builder.advance(at(60));
  assert.deepEqual(changed.told, plain.told);
});

test("a chain of names is one person, and one link less is two", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([
    make.in(at(0), 1),
    ...make.stay(at(1), at(2), "shelf", 2),
    make.out(at(5), 3),
    make.renamed(at(5), 1, 2),
    make.renamed(at(5), 2, 3),
  ]);
  shop.builder.advance(at(29));
  assert.deepEqual(summary(shop), [[0, 300, "exit", true, "shelf"]]);
  shop.builder.take(make.renamed(at(5), 2, 3, true));
  shop.builder.advance(at(30));
  assert.deepEqual(
    shop.visits().map(({ enteredAt, endedBy }) => [(enteredAt - at(0)) / 60_000, endedBy]),
    [[5, "exit"]],
    "the first goes on again, so what was told of it is taken back",
  );
});

test("a rename of somebody forgotten comes too late, and is counted", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play(lostAndFound(make));
  shop.builder.advance(at(4 + (2 * VISIT_RULES.reentryGapMs + 2 * VISIT_RULES.settleMs) / 60_000));
  shop.builder.advance(at(120));
  const told = shop.documents().length;
  shop.builder.take(make.renamed(at(9), 1, 2));
  shop.builder.advance(at(121));
  assert.equal(shop.documents().length, told);
  assert.equal(shop.builder.counters.lateRenames, 1);
});

test("two parts in one queue are one wait", () => {
  const make = new ToldEvents();
  const shop = watchVisits();
  shop.play([
    make.begin(at(0), "queue", 1),
    make.end(at(1), 60_000, "queue", 1, { censored: true }),
    make.begin(at(1, 1), "queue", 2),
    make.renamed(at(1, 3), 1, 2),
    make.end(at(2), 59_000, "queue", 2),
    ...make.stay(at(2), at(3), "till", 2),
  ]);
  shop.builder.advance(at(10));
  assert.deepEqual(
    shop
      .queues()
      .map((event) => [
        event.kind,
        event.trackId,
        event.kind === "queue-left" ? `${event.outcome} ${event.waitMs}` : "",
      ]),
    [
      ["queue-joined", 1, ""],
      ["queue-left", 1, "served 120000"],
    ],
  );
});
