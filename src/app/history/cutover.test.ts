import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { beginLife, figuresOf, type HistoryLife } from "../../../test/fakes/history-rig.ts";
import { utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import type { JourneyCompleted } from "../../core/events.ts";
import type { Outbox } from "../../io/outbox/outbox.ts";
import { fromCloudEvent } from "../../wire/cloud-event.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The day that begins at four in the morning, in a shop that nobody closes. */
const CUT = utc("2026-05-05T04:00:00Z");
const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-cutover-"));
  folders.push(folder);
  return folder;
}

/** What a tag does, in minutes from the cut-over. */
interface Deed {
  readonly minute: number;
  readonly tag: string;
  readonly state: "inside" | "passing";
}

function documents(outbox: Outbox): readonly JourneyCompleted[] {
  const told: JourneyCompleted[] = [];
  for (const body of outbox.since(epochMs(0))) {
    const event = fromCloudEvent(JSON.parse(body));
    if (event.ok && event.value.kind === "completed") told.push(event.value);
  }
  return told;
}

/** The newest document of each visit: whose, when, how. Ids differ with the life in which a visit began. */
function visits(outbox: Outbox): readonly string[] {
  const newest = new Map(documents(outbox).map((one) => [one.visitId, one]));
  return [...newest.values()]
    .map(({ tagId, enteredAt, exitedAt, endedBy, isWithdrawn }) =>
      [tagId, enteredAt - CUT, exitedAt - CUT, endedBy, isWithdrawn].join(" "),
    )
    .sort();
}

const until = (life: HistoryLife, at: EpochMs): void => life.pass(at - life.clock.now());

/** Everything that was said has reached the centre, so that nothing but the day keeps it here. */
function acknowledge({ outbox }: HistoryLife): void {
  outbox.noteLine(true);
  for (const stream of ["journey", "zone", "health"] as const)
    outbox.acknowledge(stream, outbox.committed(stream));
}

/** Plays a night, with the power cut after so many deeds; ends a day later. */
async function night(deeds: readonly Deed[], cuts: readonly number[]): Promise<readonly string[]> {
  let folder = await newFolder();
  let life = await beginLife(folder, "life-0", epochMs(CUT - 2 * HOUR_MS), MINUTE_MS);
  const told: string[] = [];
  for (const [index, { minute, tag, state }] of deeds.entries()) {
    // A second apart each: what is lost with the power is less.
    until(life, epochMs(CUT + minute * MINUTE_MS + index * 1_000));
    life.hear(tag, state);
    if (!cuts.includes(index)) continue;
    // What is younger than this may be lost with the power, and was never on the disk.
    life.pass(300);
    const next = await newFolder();
    life.cutPower(next);
    const now = life.clock.now();
    life.close();
    folder = next;
    life = await beginLife(folder, `life-${index + 1}`, now, MINUTE_MS);
  }
  until(life, epochMs(CUT + 2 * HOUR_MS));
  told.push(...visits(life.outbox));
  const ids = documents(life.outbox).map(({ source, seq }) => `${source} ${seq}`);
  assert.deepEqual([...new Set(ids)], ids, "told twice under one id");
  life.close();
  return told;
}

const deed = fc.record({
  minute: fc.integer({ min: -60, max: 20 }),
  tag: fc.constantFrom("b1", "b2", "b3"),
});

/** Each tag comes and goes in turn. */
const deeds = fc.array(deed, { minLength: 2, maxLength: 14 }).map((list): readonly Deed[] => {
  const isInside = new Map<string, boolean>();
  return [...list]
    .sort((a, b) => a.minute - b.minute)
    .map(({ minute, tag }) => {
      const was = isInside.get(tag) ?? false;
      isInside.set(tag, !was);
      return { minute, tag, state: was ? "passing" : "inside" };
    });
});

test("visits over the cut-over are told once and the same, whenever the power is cut", async () => {
  const cuts = fc.array(fc.nat({ max: 13 }), { minLength: 1, maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(deeds, cuts, async (list, at) => {
      assert.deepEqual(await night(list, at), await night(list, []));
    }),
    { numRuns: 8 },
  );
});

test("a restart minutes after the cut-over loses no visit that ended before it or goes on over it", async () => {
  const list: readonly Deed[] = [
    { minute: -50, tag: "b1", state: "inside" },
    { minute: -40, tag: "b2", state: "inside" },
    { minute: -5, tag: "b1", state: "passing" },
    { minute: 1, tag: "b3", state: "inside" },
    { minute: 9, tag: "b2", state: "passing" },
    { minute: 11, tag: "b3", state: "passing" },
  ];
  const expected = [
    "b1 -3000000 -298000 exit false",
    "b2 -2399000 0 day-end false",
    "b3 63000 665000 exit false",
  ];
  for (const cuts of [[], [3], [4], [3, 4, 5]]) assert.deepEqual(await night(list, cuts), expected);
});

test("what visits under way rest on is kept when the centre has everything, and nothing else is", async () => {
  const folder = await newFolder();
  const life = await beginLife(folder, "one", epochMs(CUT - 5 * HOUR_MS), MINUTE_MS);
  life.seeing();
  life.cross("door", "in");
  life.pass(4 * HOUR_MS);
  life.hear("b1", "inside");
  life.pass(10 * MINUTE_MS);
  life.cross("door", "in");
  until(life, epochMs(CUT + 2 * MINUTE_MS));
  acknowledge(life);
  life.outbox.flush();
  life.pass(MINUTE_MS);
  // How sensors are is said few times, and needed longer.
  const kept = (to: EpochMs): readonly string[] =>
    [...life.outbox.since(epochMs(0), to, new Set(["journey", "zone"] as const))].map((body) =>
      String(JSON.parse(body).type),
    );
  assert.deepEqual(kept(CUT), ["vitrine.tag-presence", "vitrine.entered"]);
  until(life, epochMs(CUT + 30 * HOUR_MS));
  acknowledge(life);
  life.pass(HOUR_MS);
  assert.deepEqual(kept(epochMs(CUT + 10 * HOUR_MS)), []);
  life.close();
});

test("a gateway that was off at the cut-over tells the visits that ended meanwhile, and once", async () => {
  const folder = await newFolder();
  const first = await beginLife(folder, "one", epochMs(CUT - HOUR_MS), MINUTE_MS);
  first.hear("b1", "inside");
  first.pass(10 * MINUTE_MS);
  first.hear("b1", "passing");
  first.pass(5 * MINUTE_MS);
  first.hear("b2", "inside");
  first.pass(MINUTE_MS);
  first.close();
  const expected = ["b1 -3600000 -3000000 exit false", "b2 -2700000 0 day-end false"];
  let now = epochMs(CUT + HOUR_MS);
  for (const boot of ["two", "three", "four"]) {
    const life = await beginLife(folder, boot, now, MINUTE_MS);
    assert.deepEqual(visits(life.outbox), expected, boot);
    assert.equal(documents(life.outbox).length, 2, boot);
    now = epochMs(life.clock.now() + MINUTE_MS);
    life.close();
  }
});

test("a clock that jumps a day ahead and back begins every day once more, and loses nothing of it", async () => {
  const folder = await newFolder();
  const life = await beginLife(folder, "one", epochMs(CUT - 12 * HOUR_MS), MINUTE_MS);
  life.seeing();
  life.cross("door", "in");
  life.setClock(epochMs(life.clock.now() + 24 * HOUR_MS));
  life.pass(MINUTE_MS);
  life.setClock(epochMs(life.clock.now() - 24 * HOUR_MS));
  life.pass(HOUR_MS);
  life.cross("door", "in");
  life.pass(MINUTE_MS);
  assert.ok(
    life.history.base !== null && life.history.base < CUT,
    "today is told again at a start",
  );
  until(life, epochMs(CUT + HOUR_MS));
  assert.equal(life.history.base, CUT, "the next day began in its time");
  life.cross("door", "in");
  acknowledge(life);
  life.pass(MINUTE_MS);
  const entrants = ({ gateway }: HistoryLife, from: EpochMs, to: EpochMs): unknown =>
    figuresOf(gateway.metrics, from, to).find(({ metric }) => metric === "entrants")?.value;
  const yesterday = epochMs(CUT - 24 * HOUR_MS);
  const seen = (one: HistoryLife): unknown[] => [
    entrants(one, yesterday, CUT),
    entrants(one, CUT, one.clock.now()),
  ];
  assert.deepEqual(seen(life), [2, 1]);
  const now = life.clock.now();
  life.close();
  const second = await beginLife(folder, "two", now, MINUTE_MS);
  assert.deepEqual(seen(second), [2, 1]);
  second.close();
});

test("a clock set back over the cut-over cuts the day over twice, each with ids of its own", async () => {
  const folder = await newFolder();
  const life = await beginLife(folder, "one", epochMs(CUT - HOUR_MS), MINUTE_MS);
  life.seeing();
  until(life, epochMs(CUT + 10 * MINUTE_MS));
  life.cross("door", "in");
  life.setClock(epochMs(CUT - 5 * MINUTE_MS));
  life.pass(MINUTE_MS);
  life.cross("door", "in");
  until(life, epochMs(CUT + 20 * MINUTE_MS));
  life.cross("door", "in");
  life.pass(MINUTE_MS);
  const ids = [...life.outbox.since(epochMs(0))].map((body) => String(JSON.parse(body).id));
  assert.deepEqual([...new Set(ids)], ids);
  assert.equal(life.history.base, CUT);
  const count = ({ gateway, clock }: HistoryLife): unknown =>
    figuresOf(gateway.metrics, epochMs(CUT - 24 * HOUR_MS), CUT)
      .concat(figuresOf(gateway.metrics, CUT, clock.now()))
      .filter(({ metric }) => metric === "entrants")
      .map(({ value }) => value);
  const before = count(life);
  assert.deepEqual(before, [1, 1, 2, 2]);
  const now = life.clock.now();
  life.close();
  const second = await beginLife(folder, "two", now, MINUTE_MS);
  assert.deepEqual(count(second), before);
  second.close();
});
