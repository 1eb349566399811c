import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { epochMs, subjectRef, tenantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { HookEvent } from "./loyalty-config.ts";
import type { PostOutcome } from "./webhook-post.ts";
import { type HookJob, WebhookQueue } from "./webhook-queue.ts";
import { WebhookSender } from "./webhook-sender.ts";

const ACME = tenantId("acme");
const ADA = subjectRef("ada");
let folder: string;
let clock: FakeClock;
let queue: WebhookQueue;
/** Messages on their way: an answer lets one land. */
let flying: Map<string, (outcome: PostOutcome) => void>;
let sender: WebhookSender;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-webhook-sender-"));
  clock = new FakeClock({ epoch: 1_780_000_000_000 });
  queue = new WebhookQueue(join(folder, "webhooks.db"), 3);
  flying = new Map();
  const target = { url: "https://crm.example/", keyId: "k1", secret: "s", allowPrivate: false };
  sender = new WebhookSender({
    ...{ queue, clock, log: SILENT_LOG, random: () => 0 },
    hooks: ["crm", "mail"].map((hookId) => ({ ...target, tenantId: ACME, hookId, events: [] })),
    onErased: () => undefined,
    messageOf: () => "{}",
    post: (_hook, { id }) => new Promise((resolve) => flying.set(id, resolve)),
  });
});
afterEach(() => {
  queue.close();
  rmSync(folder, { recursive: true, force: true });
});

const job = (id: string, event: HookEvent, change: Partial<HookJob> = {}): HookJob => ({
  ...{ id, tenantId: ACME, hookId: "crm", event, subject: ADA, body: "{}", at: clock.now() },
  ...change,
});
async function land(id: string, isTaken = true): Promise<void> {
  flying.get(id)?.({ isTaken, status: isTaken ? 200 : 500, reason: null });
  flying.delete(id);
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
const onTheWay = (): string[] => [...flying.keys()].sort();
const away = (): never => {
  throw new GatewayError("DISK_FULL", "no room");
};

test("what lands after the member was forgotten is not noted as told", async () => {
  queue.add([
    job("visit", "visit.completed"),
    job("other", "visit.completed", { subject: subjectRef("eve") }),
  ]);
  sender.advance();
  queue.forget(ADA);
  queue.forgetTold(ADA);
  await land("visit");
  await land("other");
  assert.deepEqual(queue.toldOf(ADA), []);
  assert.equal(queue.toldOf(subjectRef("eve")).length, 1);
});

test("a request to erase leaves once what is on its way about the member has landed, and nothing overtakes it", async () => {
  queue.add([job("visit", "visit.completed")]);
  sender.advance();
  queue.forget(ADA);
  queue.add([
    job("erase", "member.erased"),
    job("eve", "member.erased", { subject: subjectRef("eve") }),
  ]);
  sender.advance();
  assert.deepEqual(onTheWay(), ["eve", "visit"], "nobody else's waits for it");
  await land("visit");
  sender.advance();
  assert.deepEqual(onTheWay(), ["erase", "eve"]);
  queue.add([job("agreed anew", "visit.completed")]);
  sender.advance();
  assert.deepEqual(onTheWay(), ["erase", "eve"]);
  await land("erase");
  sender.advance();
  assert.deepEqual(onTheWay(), ["agreed anew", "eve"]);
});

test("a queue that fails when an answer is noted ends nothing: it is counted, and told again after a pause", async () => {
  for (const [name, isTaken] of [
    ["told", true],
    ["putOff", false],
  ] as const) {
    const id = `visit ${name}`;
    queue.add([job(id, "visit.completed")]);
    sender.advance();
    const real = queue[name].bind(queue) as never;
    queue[name] = away;
    await land(id, isTaken);
    queue[name] = real;
    sender.advance();
    assert.deepEqual(onTheWay(), [], "the receiver is let be");
    clock.advance(5_000);
    sender.advance();
    assert.deepEqual(onTheWay(), [id]);
    await land(id);
  }
  assert.equal(sender.countsOf(ACME).faults, 2);
  assert.equal(queue.countsOf(ACME).waiting, 0);
});

test("a receiver whose jobs cannot be read holds up no other", () => {
  queue.add([job("one", "visit.completed"), job("two", "visit.completed", { hookId: "mail" })]);
  const real = queue.due.bind(queue);
  queue.due = (tenant, hookId, now, limit) =>
    hookId === "crm" ? away() : real(tenant, hookId, now, limit);
  sender.advance();
  assert.deepEqual([onTheWay(), sender.countsOf(ACME).faults], [["two"], 1]);
  queue.due = real;
  clock.advance(5_000);
  sender.advance();
  assert.deepEqual(onTheWay(), ["one", "two"]);
});

test("a queue full of requests to erase gives back those that it cannot take, and takes them later", () => {
  const erase = (id: string): HookJob => job(id, "member.erased");
  assert.deepEqual(queue.add([erase("a"), erase("b"), erase("c")]), []);
  assert.deepEqual(
    queue.add([erase("d"), erase("a"), job("visit", "visit.completed")]).map(({ id }) => id),
    ["d"],
  );
  assert.equal(queue.countsOf(ACME).full, 1, "a visit that found no room");
  queue.end("a");
  assert.deepEqual(queue.add([erase("d")]), []);
});

test("what waits for receivers that are not in the file any more goes, and nothing else", () => {
  const other = { tenantId: tenantId("other") };
  queue.add([
    job("kept", "visit.completed"),
    job("former", "visit.completed", { hookId: "old" }),
    job("former erasure", "member.erased", { hookId: "old" }),
    job("another's", "visit.completed", other),
  ]);
  assert.equal(queue.keepOnly([{ tenantId: ACME, hookId: "crm" }]), 3);
  const due = queue.due(ACME, "crm", epochMs(9e15), 9).map(({ id }) => id);
  assert.deepEqual([due, queue.countsOf(ACME).waiting], [["kept"], 1]);
  assert.equal(queue.keepOnly([]), 1);
});
