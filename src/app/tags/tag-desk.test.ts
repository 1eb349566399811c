import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { at, ToldEvents } from "../../../test/fakes/visit-shop.ts";
import { parseSitePlan } from "../../config/site.ts";
import { type MonoMs, monoMs, tagId, zoneId } from "../../core/brand.ts";
import type { ClockState } from "../../core/clock.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { sitePlanFile, sitePlanInMemory } from "../../io/site/site-plan-file.ts";
import { TAG_POSITION_CAP } from "../../radio/tag-registry.ts";
import type { TagTelemetry } from "../../radio/telemetry.ts";
import { openTagDesk } from "./open-tag-desk.ts";
import type { TagDesk } from "./tag-desk.ts";
import type { TagRadio } from "./tag-diary.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-desk-"));
after(() => rmSync(root, { recursive: true, force: true }));

const never = new AbortController().signal;
const UUID = "0d9f4a52-8c1e-4f57-9d2b-6a1c3e5f7b90";
const beacon = (minor: number): object => ({ format: "ibeacon", uuid: UUID, major: 1, minor });
const PLAN = {
  v: 1,
  store: { id: "s", name: "Shop", timeZone: "UTC" },
  floor: {
    outline: [
      [0, 0],
      [9, 0],
      [9, 9],
    ],
    zones: [
      {
        id: "till",
        name: "The till",
        polygon: [
          [1, 0.5],
          [3, 0.5],
          [3, 2],
        ],
      },
    ],
  },
  tags: [
    { id: "basket-1", kind: "basket", name: "Basket one", beacon: beacon(1) },
    { id: "anna", kind: "staff", beacon: beacon(2) },
  ],
};
const HEAD = "id,kind,format,uuid,major,minor";
const row = (id: string, minor: number): string => `${id},basket,ibeacon,${UUID},1,${minor}`;
const csv = (...rows: string[]): Uint8Array => Buffer.from([HEAD, ...rows].join("\n"));
const YES = { isDryRun: false, skipsInvalid: false };

/** A radio that a test speaks through. */
class Radio implements TagRadio {
  readonly seen = new Map<number, MonoMs>();
  #listener: Parameters<TagRadio["onTelemetry"]>[0] = () => undefined;

  factsOf(tag: number): ReturnType<TagRadio["factsOf"]> {
    const lastSeenMono = this.seen.get(tag) ?? null;
    const isHeard = lastSeenMono !== null;
    return {
      tagId: tagId("x"),
      lastSeenMono,
      state: isHeard ? "inside" : "outside",
      zoneId: isHeard ? zoneId("till") : null,
      confidence: 1,
    };
  }

  learned(): ReturnType<TagRadio["learned"]> {
    return {
      receiverOffsetsDb: { counter: 1.5, broken: Number.NaN },
      tagPowersDbm: { "basket-1": -60, stranger: -61 },
    };
  }

  onTelemetry(listener: Parameters<TagRadio["onTelemetry"]>[0]): () => void {
    this.#listener = listener;
    return () => undefined;
  }

  say(tag: number, what: Partial<TagTelemetry>): void {
    const nothing = { isMoving: null, motionCount: null, isPressed: null, temperatureC: null };
    const battery = { batteryRatio: null, batteryMv: null };
    this.#listener(tag, { ...nothing, ...battery, ...what }, monoMs(0));
  }
}

interface Rig {
  readonly desk: TagDesk;
  readonly radio: Radio;
  readonly clock: FakeClock;
  readonly dir: string;
  readonly path: string;
  readonly notices: readonly string[];
}

async function open(
  dir = mkdtempSync(join(root, "d-")),
  clockState: ClockState = "synced",
): Promise<Rig> {
  const path = join(dir, "site.json");
  const clock = new FakeClock({ mono: 1_000 });
  try {
    readFileSync(path);
  } catch {
    writeFileSync(path, JSON.stringify(PLAN));
  }
  const outcome = parseSitePlan(JSON.parse(readFileSync(path, "utf8")));
  assert.ok(outcome.ok);
  const anchor = () => ({ mono: clock.mono(), epoch: clock.now(), clock: clockState });
  const store = sitePlanFile(path, clock);
  const deps = { site: outcome.value, store, anchor, clock, log: SILENT_LOG };
  const { desk, notices } = await openTagDesk(dir, deps);
  const radio = new Radio();
  desk.follow(radio);
  return { desk, radio, clock, dir, path, notices };
}

test("what is imported is on the disk and in effect at once", async () => {
  const { desk, path } = await open();
  const told: (readonly number[])[] = [];
  desk.book.onChange(({ added }) => told.push(added));
  const outcome = await desk.importCsv(csv(row("basket-2", 7), row("basket-1", 8)), YES);
  assert.deepEqual(
    [outcome.added.length, outcome.changed.length, outcome.isAccepted],
    [1, 1, true],
  );
  assert.deepEqual(told, [[2]]);
  const identity = { format: "ibeacon", uuid: UUID, major: 1, minor: 8 } as const;
  assert.equal(desk.book.indexOfIdentity(identity), 0);
  const kept = JSON.parse(readFileSync(path, "utf8")) as { tags: { id: string }[] };
  assert.deepEqual(
    kept.tags.map(({ id }) => id),
    ["basket-1", "anna", "basket-2"],
  );
  assert.equal(await desk.remove("anna"), true);
  assert.equal(await desk.remove("anna"), false);
  assert.equal(desk.book.indexOfId(tagId("anna")), -1);
});

test("neither a dry run nor a refused file changes anything", async () => {
  const { desk, path } = await open();
  const before = readFileSync(path, "utf8");
  await desk.importCsv(csv(row("basket-2", 7)), { isDryRun: true, skipsInvalid: false });
  const refused = await desk.importCsv(csv(row("basket-2", 7), row("b c", 8)), YES);
  assert.equal(refused.isAccepted, false);
  await assert.rejects(desk.importCsv(Buffer.from([0xff, 0xfe]), YES), { code: "INPUT_INVALID" });
  assert.equal(readFileSync(path, "utf8"), before);
  assert.equal(desk.book.active.length, 2);
});

test("imports at once are carried out one after the other", async () => {
  const { desk } = await open();
  await Promise.all([3, 4, 5, 6].map((n) => desk.importCsv(csv(row(`basket-${n}`, n)), YES)));
  assert.equal(desk.book.active.length, 6);
  assert.equal(desk.list("", 100).total, 6);
});

test("a plan that cannot take effect before a restart is not written", async () => {
  const site = parseSitePlan(PLAN);
  assert.ok(site.ok);
  const { desk: first, path, clock, dir } = await open();
  const before = readFileSync(path, "utf8");
  const many = Array.from({ length: TAG_POSITION_CAP - 2 }, (_, i) => ({
    ...site.value.tags[0],
    id: tagId(`t${i}`),
  }));
  first.book.replace([...site.value.tags, ...many] as typeof site.value.tags);
  first.book.replace(site.value.tags);
  await assert.rejects(first.importCsv(csv(row("one-more", 9)), YES), { code: "TAG_BOOK_FULL" });
  assert.equal(readFileSync(path, "utf8"), before);
  assert.ok(clock.pending === 0 && dir !== "");
});

test("the list tells state, zone, last sight and battery, and nothing to imitate a tag with", async () => {
  const { desk, radio, clock } = await open();
  radio.seen.set(0, monoMs(500));
  radio.say(0, { batteryRatio: 0.42, batteryMv: 2_950 });
  const { total, tags, zones } = desk.list("", 100);
  assert.equal(total, 2);
  assert.deepEqual(zones, [{ name: "The till", tags: 1 }]);
  assert.deepEqual(desk.list("nobody", 1).zones, zones, "all registered tags, not those found");
  assert.deepEqual(tags[0], {
    id: "basket-1",
    name: "Basket one",
    kind: "basket",
    state: "inside",
    zone: "The till",
    lastSeenAt: clock.now() - 500,
    batteryRatio: 0.42,
    batteryMv: 2_950,
    isBatteryLow: false,
  });
  assert.deepEqual([tags[1]?.lastSeenAt, tags[1]?.state], [null, "outside"]);
  assert.ok(!JSON.stringify(desk.list("", 100)).includes(UUID));
  assert.deepEqual(
    desk.list("STAFF", 100).tags.map(({ id }) => id),
    ["anna"],
  );
  assert.deepEqual([desk.list("a", 1).matching, desk.list("a", 1).tags.length], [2, 1]);
});

test("an empty battery is named until it is changed", async () => {
  const { desk, radio } = await open();
  radio.say(0, { batteryRatio: 0.1 });
  radio.say(1, { batteryMv: 2_150 });
  assert.deepEqual(desk.notices(), [
    "The battery of Basket one (basket-1) is nearly empty (10 %): change it.",
    "The battery of anna is nearly empty (2.1 V): change it.",
  ]);
  radio.say(0, { batteryRatio: 0.14 });
  radio.say(1, { batteryMv: 3_000 });
  assert.equal(desk.notices().length, 1);
  radio.say(0, { batteryRatio: 1 });
  assert.deepEqual(desk.notices(), []);
});

test("battery, last sight and what was learned outlive a restart; strangers and nonsense do not", async () => {
  const first = await open();
  await first.desk.start(never);
  first.radio.seen.set(0, monoMs(900));
  first.radio.say(0, { batteryRatio: 0.05 });
  first.clock.advance(10 * 60_000);
  const seenAt = first.desk.list("", 1).tags[0]?.lastSeenAt;
  await first.desk[Symbol.asyncDispose]();
  const text = readFileSync(join(first.dir, "tags.json"), "utf8");
  assert.ok(!text.includes("stranger") && !text.includes(UUID) && !text.includes("broken"), text);
  const second = await open(first.dir);
  assert.deepEqual(second.desk.known().learned, {
    receiverOffsetsDb: { counter: 1.5 },
    tagPowersDbm: { "basket-1": -60 },
  });
  const [tag] = second.desk.list("", 1).tags;
  assert.deepEqual([tag?.batteryRatio, tag?.isBatteryLow, tag?.lastSeenAt], [0.05, true, seenAt]);
  assert.equal(second.desk.notices().length, 1);
  await second.desk.remove("basket-1");
  await second.desk[Symbol.asyncDispose]();
  assert.ok(!readFileSync(join(first.dir, "tags.json"), "utf8").includes("basket-1"));
});

test("a clock that was never set dates nothing that is kept", async () => {
  const { desk, radio, dir } = await open(undefined, "unsynced");
  radio.seen.set(0, monoMs(900));
  radio.say(0, { batteryRatio: 0.5 });
  await desk[Symbol.asyncDispose]();
  const { tags } = JSON.parse(readFileSync(join(dir, "tags.json"), "utf8")) as {
    tags: Record<string, unknown>;
  };
  assert.deepEqual(tags, { "basket-1": { seenAt: null, batteryRatio: 0.5, batteryMv: null } });
});

test("that a tag tells its movements outlives a restart, from the first one that a set clock dates", async () => {
  const first = await open();
  const make = new ToldEvents();
  const picked = (minute: number, id = "basket-1"): JourneyEvent =>
    make.moved(at(minute), id, "picked-up", null, "basket");
  const undated = { ...picked(1), clock: "unsynced" } as const;
  for (const event of [undated, make.moved(at(2), "basket-1", "moved", null, "basket")])
    first.desk.takeTold(event);
  assert.deepEqual(first.desk.movers, []);
  for (const event of [picked(5), picked(4), picked(9), picked(3, "stranger")])
    first.desk.takeTold(event);
  await first.desk[Symbol.asyncDispose]();
  const second = await open(first.dir);
  assert.deepEqual(second.desk.movers, [["basket-1", at(4)]]);
  await second.desk.remove("basket-1");
  assert.deepEqual(second.desk.movers, []);
});

test("a damaged state costs what was remembered and says so; one that cannot be written is a notice", async () => {
  const dir = mkdtempSync(join(root, "d-"));
  writeFileSync(join(dir, "tags.json"), "{ torn");
  const { desk, notices } = await open(dir);
  assert.match(notices[0] ?? "", /set aside as .*tags\.json\.bad/);
  rmSync(dir, { recursive: true });
  await desk[Symbol.asyncDispose]();
  assert.match(desk.notices()[0] ?? "", /STATE_UNWRITABLE/);
});

test("a plan in memory says that imports are not kept", async () => {
  const site = parseSitePlan(PLAN);
  assert.ok(site.ok);
  const clock = new FakeClock();
  const anchor = () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" as const });
  const store = sitePlanInMemory(structuredClone(PLAN));
  const deps = { site: site.value, store, anchor, clock, log: SILENT_LOG };
  const { desk } = await openTagDesk(mkdtempSync(join(root, "d-")), deps);
  assert.equal(desk.list("", 1).isKept, false);
  await desk.importCsv(csv(row("x", 9)), YES);
  assert.equal(desk.list("", 9).total, 3);
});

test("the battery of a beacon is forgotten when another beacon takes its place, and kept under another name", async () => {
  const { desk, radio } = await open();
  radio.say(0, { batteryRatio: 0.05 });
  const named = (minor: number, name: string): Uint8Array =>
    Buffer.from([`${HEAD},name`, `${row("basket-1", minor)},${name}`].join("\n"));
  await desk.importCsv(named(1, "Basket 1"), YES);
  assert.match(desk.notices().join(), /battery of Basket 1/);
  await desk.importCsv(named(9, "Basket 1"), YES);
  assert.deepEqual(desk.notices(), []);
  assert.equal(desk.list("", 9).tags[0]?.batteryRatio, null);
});
