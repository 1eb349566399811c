import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { beginLife, figuresOf, type HistoryLife } from "../../../test/fakes/history-rig.ts";
import { utc } from "../../../test/fakes/journey-events.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { type History, openHistory } from "../../io/history/history.ts";
import { SAVED_GRAINS } from "../../io/history/history-rows.ts";
import { type Outbox, openOutbox } from "../../io/outbox/outbox.ts";
import { forgetCustomer } from "./forget-customer.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MONDAY = utc("2026-05-04T08:00:00Z");
const FOREVER = epochMs(Number.MAX_SAFE_INTEGER);
const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** Two customers on two days; the day at hand is not over. */
async function shopWithCustomers(): Promise<{ readonly folder: string; readonly now: EpochMs }> {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-forget-"));
  folders.push(folder);
  const life = await beginLife(folder, "one", MONDAY, 5 * MINUTE_MS);
  life.seeing();
  for (let day = 0; day < 2; day += 1) {
    for (const card of ["ann", "bob"]) {
      life.cross("door", "in");
      life.hear(card, "inside");
      life.pass(10 * MINUTE_MS);
      life.hear(card, "passing");
      life.cross("door", "out");
    }
    life.pass(day === 0 ? 23 * HOUR_MS : HOUR_MS);
  }
  const now = life.clock.now();
  life.close();
  return { folder, now };
}

function opened(folder: string): { readonly outbox: Outbox; readonly history: History } {
  const common = { clock: new FakeClock(), log: SILENT_LOG, random: () => 0.5 };
  const path = join(folder, "outbox.db");
  return {
    outbox: openOutbox({ path, capBytes: 2 ** 28, commitMs: 250, ...common }),
    history: openHistory({ path: join(folder, "history.db"), ...common }),
  };
}

function forgetIn(folder: string, customer: string): ReturnType<typeof forgetCustomer> {
  const files = opened(folder);
  const receipt = forgetCustomer(files, customer, "gone-0123456789");
  files.outbox.close();
  files.history.close();
  return receipt;
}

/** Everything that the files tell, as text. */
function textOf(folder: string): string {
  const { outbox, history } = opened(folder);
  const rollups = SAVED_GRAINS.flatMap((grain) => [
    ...history.rollups({ grain, from: epochMs(0), to: FOREVER }),
  ]);
  const days = [...history.days(FOREVER, 1_000)].map(({ body }) => body);
  const customers = history.customers(epochMs(0));
  const events = [...outbox.since(epochMs(0))];
  outbox.close();
  history.close();
  assert.ok(days.length > 0 && events.length > 20 && rollups.length > 100);
  return JSON.stringify({ rollups, days, customers, events });
}

test("a customer who is forgotten is named by no row of the history, the outbox or the saved values", async () => {
  const { folder } = await shopWithCustomers();
  assert.match(textOf(folder), /\bann\b/);
  const receipt = forgetIn(folder, "ann");
  assert.ok(receipt.events >= 6 && receipt.customerDays === 1 && receipt.dayRecords === 1);
  const text = textOf(folder);
  assert.doesNotMatch(text, /\bann\b/);
  assert.match(text, /\bbob\b/, "others stay");
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name), "latin1");
    assert.equal(/"ann"|tag\/ann/.test(bytes), false, `${name} still holds the name`);
  }
  assert.deepEqual(forgetIn(folder, "ann"), { events: 0, customerDays: 0, dayRecords: 0 });
});

test("what was counted stays counted, and a gateway that starts afterwards tells nothing again", async () => {
  const { folder, now } = await shopWithCustomers();
  const seen = (life: HistoryLife): unknown => [
    figuresOf(life.gateway.metrics, epochMs(now - 24 * HOUR_MS), now).map(({ value }) => value),
    [...life.gateway.metrics.sources.book.days].map((day) => [...day.visits.rows()].length),
    [...life.outbox.since(epochMs(0))].filter((body) => body.includes('"vitrine.completed"'))
      .length,
  ];
  const before = await beginLife(folder, "two", now, 5 * MINUTE_MS);
  before.pass(HOUR_MS);
  const expected = seen(before);
  const later = before.clock.now();
  before.close();
  forgetIn(folder, "ann");
  const after = await beginLife(folder, "three", later, 5 * MINUTE_MS);
  after.pass(MINUTE_MS);
  assert.deepEqual(seen(after), expected);
  assert.deepEqual(after.gateway.metrics.sources.customers.daysOf("ann"), []);
  assert.equal(after.gateway.metrics.sources.customers.daysOf("bob").length, 2);
  after.pass(26 * HOUR_MS);
  after.close();
  assert.doesNotMatch(textOf(folder), /\bann\b/, "nor do the days written since");
});

test("files set aside tell of customers too, and go", async () => {
  const { folder } = await shopWithCustomers();
  for (const name of ["history.db.bad-1", "outbox.db.bad-3", "outbox.db.bad-3-wal"])
    await writeFile(join(folder, name), '"ann"');
  forgetIn(folder, "ann");
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes("bad")),
    [],
  );
});

test("a name within another is another's", async () => {
  const { folder } = await shopWithCustomers();
  assert.deepEqual(forgetIn(folder, "an"), { events: 0, customerDays: 0, dayRecords: 0 });
  assert.match(textOf(folder), /\bann\b/);
});
