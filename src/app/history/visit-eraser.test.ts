import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { beginLife, type HistoryLife } from "../../../test/fakes/history-rig.ts";
import { utc } from "../../../test/fakes/journey-events.ts";
import { epochMs, subjectRef, tenantId } from "../../core/brand.ts";
import type { Purpose } from "../../core/consent.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { eraseAll } from "../consent/erasure-duty.ts";
import { type NamedMembers, VisitEraser, type VisitTraces } from "./visit-eraser.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MONDAY = utc("2026-05-04T08:00:00Z");
const SUBJECT = subjectRef("q3Vb0m1Yk2sF7tZr9wXcPA");
const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

let heldByBeacon = false;
/** The member is called `ann`, and may be recognised by a beacon when a test says so. */
const MEMBERS: NamedMembers = {
  pseudonymOf: () => "ann",
  holds: (_, purpose) => heldByBeacon && purpose === "loyalty-beacon",
};

const wish = (purposes: readonly Purpose[], aliases: readonly string[] = []) => ({
  tenantId: tenantId("acme"),
  subjectRef: SUBJECT,
  purposes,
  aliases,
});

interface Shop {
  readonly folder: string;
  readonly life: HistoryLife;
  readonly eraser: VisitEraser;
  readonly traces: VisitTraces;
  recognise(member: string): void;
}

/** A gateway that runs, with what it has of visits handed to an eraser who calls the member `ann`. */
async function openShop(): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-erase-"));
  folders.push(folder);
  const eraser = new VisitEraser(MEMBERS);
  const life = await beginLife(folder, "one", MONDAY, 30 * MINUTE_MS, eraser);
  life.seeing();
  const { traces } = life;
  if (traces === null) throw new TypeError("loyalty was not begun");
  return { folder, life, eraser, traces, recognise: (member) => life.recognise(member) };
}

async function filesNaming(folder: string, name: RegExp): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of await readdir(folder))
    if (name.test(await readFile(join(folder, file), "latin1"))) found.push(file);
  return found;
}

const ANN = /"ann"|tag\/ann/;

test("a running gateway forgets a member: no file, no visit and no later event names them, and counts stay", async () => {
  const { folder, life, eraser, recognise } = await openShop();
  for (let day = 0; day < 2; day += 1) {
    for (const card of ["ann", "bob"]) {
      life.cross("door", "in");
      life.hear(card, "inside");
      life.pass(10 * MINUTE_MS);
      recognise(card);
      life.hear(card, "passing");
      life.cross("door", "out");
    }
    life.pass(day === 0 ? 23 * HOUR_MS + 40 * MINUTE_MS : HOUR_MS);
  }
  life.hear("ann", "inside");
  recognise("ann");
  const { metrics } = life.gateway;
  const identified = (): unknown =>
    metrics.sources.book.days.map(({ visits }) => [...visits.rows()].length);
  const before = identified();
  life.outbox.flush();
  assert.deepEqual(metrics.sources.customers.daysOf("ann").length, 2);
  assert.notDeepEqual(await filesNaming(folder, ANN), []);

  const { outcome, erased } = eraseAll([eraser], wish(["loyalty-beacon"]), SILENT_LOG);
  assert.equal(outcome, "erased");
  assert.ok((erased["visits"] ?? 0) > 10);
  assert.deepEqual(identified(), before, "what was counted stays counted");
  assert.deepEqual(metrics.sources.customers.daysOf("ann"), []);
  assert.equal(metrics.sources.customers.daysOf("bob").length, 2);
  const names = metrics.sources.book.days.flatMap(({ visits }) =>
    [...visits.rows()].map(({ tagId }) => String(tagId)),
  );
  assert.equal(names.includes("ann"), false);
  assert.deepEqual(await filesNaming(folder, ANN), []);

  // The radio still has something to say of a card that it had heard inside.
  life.hear("ann", "passing");
  life.pass(20 * HOUR_MS);
  life.outbox.flush();
  const told = [...life.outbox.since(epochMs(0))];
  assert.deepEqual(
    told.filter((body) => /\bann\b/.test(body)),
    [],
  );
  assert.deepEqual(await filesNaming(folder, ANN), [], "nor do the days written since");
  const last = told.filter((body) => body.includes('"vitrine.completed"')).at(-1) ?? "";
  assert.match(last, /gone-/, "the visit under way ended as nobody's");
  assert.ok((await filesNaming(folder, /"bob"/)).length > 0, "others stay");
  life.close();
});

test("visits of one day stay together as nobody's, and no two days of them hang together, in memory, in files or later", async () => {
  const { folder, life, eraser, recognise } = await openShop();
  for (let day = 0; day < 3; day += 1) {
    for (let visit = 0; visit < 2; visit += 1) {
      recognise("ann");
      life.pass(2 * HOUR_MS);
    }
    if (day < 2) life.pass(20 * HOUR_MS);
  }
  recognise("ann");
  eraser.erase(wish(["loyalty-beacon"]));
  const { metrics } = life.gateway;
  const seen = (): readonly (readonly (string | null)[])[] =>
    metrics.sources.book.days.map(({ visits }) => [...visits.rows()].map(({ tagId }) => tagId));
  const inMemory = seen();
  assert.deepEqual(
    inMemory.map((names) => [names.length, new Set(names).size]),
    [
      [2, 1],
      [2, 1],
      [2, 1],
    ],
  );
  const names = inMemory.map(([name]) => String(name));
  assert.equal(new Set(names).size, 3);
  for (const name of names) assert.equal(metrics.sources.customers.daysOf(name).length, 1);
  // What was under way ends as of its own day, and a receipt that comes late links to none.
  life.pass(HOUR_MS);
  assert.deepEqual(
    seen().map((one) => new Set(one).size),
    [1, 1, 1],
  );
  assert.equal(seen().at(-1)?.length, 3);
  life.outbox.flush();
  const byName = new Map<string, Set<number>>();
  for (const body of life.outbox.since(epochMs(0)))
    for (const [name] of body.matchAll(/gone-[A-Za-z0-9_-]{16}/g)) {
      const { time } = JSON.parse(body) as { time: string };
      const { start } = metrics.sources.calendar.dayOf(epochMs(Date.parse(time)));
      byName.set(name, (byName.get(name) ?? new Set()).add(start));
    }
  assert.deepEqual(new Set(byName.keys()), new Set(names));
  for (const [name, days] of byName) assert.equal(days.size, 1, name);
  for (const { body } of life.history.days(epochMs(Number.MAX_SAFE_INTEGER), 9))
    assert.equal(new Set(body.match(/gone-[A-Za-z0-9_-]{16}/g)).size, 1);
  assert.deepEqual(await filesNaming(folder, ANN), []);
  life.close();
});

test("asked again it finds nothing, and nothing is erased for a purpose that names no visit or while another names them", async () => {
  const { life, eraser, recognise } = await openShop();
  recognise("ann");
  life.pass(HOUR_MS);
  assert.equal(eraser.erase(wish(["messages", "cross-channel"])), 0);
  assert.equal(life.gateway.metrics.sources.customers.daysOf("ann").length, 1);
  heldByBeacon = true;
  assert.equal(eraser.erase(wish(["loyalty-face"])), 0, "the card goes on naming the visits");
  heldByBeacon = false;
  assert.ok(eraser.erase(wish(["loyalty-face"])) > 0);
  assert.equal(eraser.erase(wish(["loyalty-face"])), 0);
  life.close();
});

test("who is called otherwise at the centre is forgotten by that name too", async () => {
  const { life, eraser, recognise } = await openShop();
  recognise("bob");
  life.pass(HOUR_MS);
  assert.ok(eraser.erase(wish(["loyalty-beacon"], ["bob"])) > 0);
  assert.deepEqual(life.gateway.metrics.sources.customers.daysOf("bob"), []);
  life.close();
});

test("what the disk refuses is owed, and done with the next wish under the same other name", async () => {
  const { folder, life, traces, recognise } = await openShop();
  recognise("ann");
  life.pass(HOUR_MS);
  let isFull = true;
  const { outbox } = traces;
  const eraser = new VisitEraser(MEMBERS);
  eraser.begin({
    ...traces,
    outbox: {
      get state() {
        return isFull
          ? ({ kind: "fault", code: "DISK_FULL", since: MONDAY } as const)
          : outbox.state;
      },
      rewrite: (...asked) => (isFull ? 0 : outbox.rewrite(...asked)),
    },
  });
  const asked = wish(["loyalty-beacon"]);
  assert.equal(eraseAll([eraser], asked, SILENT_LOG).outcome, "failed");
  assert.equal(eraser.owed, 1);
  const nameIn = (): readonly string[] =>
    life.gateway.metrics.sources.book.days.flatMap(({ visits }) =>
      [...visits.rows()].map(({ tagId }) => String(tagId)),
    );
  const [other] = nameIn();
  assert.match(String(other), /^gone-/);
  isFull = false;
  assert.equal(eraseAll([eraser], asked, SILENT_LOG).outcome, "erased");
  assert.deepEqual([eraser.owed, nameIn()], [0, [other]]);
  assert.match([...life.outbox.since(epochMs(0))].join(), new RegExp(String(other)));
  assert.deepEqual(await filesNaming(folder, ANN), []);
  life.close();
});

test("before the gateway is put together a wish fails and is kept, so that it is asked for again", () => {
  const eraser = new VisitEraser(MEMBERS);
  const report = eraseAll([eraser], wish(["loyalty-beacon"]), SILENT_LOG);
  assert.equal(report.outcome, "failed");
  assert.equal(eraser.owed, 1);
  eraser.begin(null);
  assert.equal(eraseAll([eraser], wish(["loyalty-beacon"]), SILENT_LOG).outcome, "held-nothing");
});

test("a restart after the forgetting shows the figures of before it", async () => {
  const { folder, life, eraser, recognise } = await openShop();
  for (const card of ["ann", "bob"]) recognise(card);
  life.pass(HOUR_MS);
  recognise("ann");
  eraser.erase(wish(["loyalty-beacon"]));
  life.pass(HOUR_MS);
  const seen = (one: HistoryLife): unknown =>
    one.gateway.metrics.sources.book.days.map(({ visits }) =>
      [...visits.rows()].map(({ visitId, tagId, enteredAt }) => [visitId, tagId, enteredAt]),
    );
  const expected = seen(life);
  const now = life.clock.now();
  life.close();
  const next = await beginLife(folder, "two", now, 5 * MINUTE_MS);
  next.pass(HOUR_MS);
  assert.deepEqual(seen(next), expected);
  assert.equal(JSON.stringify(expected).match(/gone-/g)?.length, 2);
  next.close();
});
