import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { HOOK_SECRET, HookReceiver } from "../../../test/fakes/loyalty-centre.ts";
import { epochMs, subjectRef, tenantId } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { isPublicAddress, publicLookup } from "./public-address.ts";
import { postHook, signatureOf } from "./webhook-post.ts";
import { type HookJob, WebhookQueue } from "./webhook-queue.ts";
import { pauseAfter, WebhookSender } from "./webhook-sender.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-hooks-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const INNER = [
  ...["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"],
  ...["0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1"],
  ...["::ffff:8.8.8.8", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "localhost", ""],
];
for (const address of INNER)
  test(`no message is sent to ${address === "" ? "nothing" : address}`, () => {
    assert.equal(isPublicAddress(address), false);
  });

test("addresses of the internet are public", () => {
  for (const address of ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"])
    assert.equal(isPublicAddress(address), true, address);
});

test("a name that leads to this machine is refused when connecting", async () => {
  const error = await new Promise((resolve) => {
    publicLookup("localhost", {}, (found) => resolve(found));
  });
  assert.ok(error instanceof Error);
});

const target = (url: string, allowPrivate: boolean) => ({
  ...{ url, keyId: "k", secret: HOOK_SECRET, allowPrivate },
});
const message = { id: "1", body: "{}", timestamp: 1 };

test("without leave nothing reaches a receiver inside, by number, by name or over http", async () => {
  const receiver = new HookReceiver();
  const url = await receiver.start();
  const { port } = new URL(url);
  for (const inner of [url, `https://127.0.0.1:${port}/`, `https://localhost:${port}/`]) {
    const outcome = await postHook(target(inner, false), message);
    assert.deepEqual([outcome.isTaken, outcome.status], [false, null], inner);
    assert.match(outcome.reason ?? "", /private/);
  }
  assert.equal(receiver.received.length, 0);
  assert.equal((await postHook(target(url, true), message)).isTaken, true);
  await receiver.stop();
});

test("the signature is that of the published example", () => {
  assert.equal(
    signatureOf("example-secret-of-32-characters!", 1_780_000_000, '{"type":"visit.completed"}'),
    "953f773d2193574896c68c5caa8e40604a38d1d78a76334998062a8bd01a7150",
  );
});

test("pauses double from five seconds to an hour, half of each by chance", () => {
  assert.deepEqual(
    [0, 1, 2, 30].map((tries) => pauseAfter(tries, () => 0)),
    [2_500, 5_000, 10_000, 1_800_000],
  );
  assert.equal(
    pauseAfter(30, () => 1),
    3_600_000,
  );
});

const job = (id: string, at: number, hookId = "crm"): HookJob => ({
  ...{ id, tenantId: tenantId("acme"), hookId, event: "visit.completed", body: "{}" },
  ...{ subject: subjectRef(`subject of ${id}`), at: epochMs(at) },
});

test("the queue rests on disk for the owner's eyes only; beyond its cap the oldest of the receiver go and are counted", () => {
  const path = join(folder, "queue.db");
  const queue = new WebhookQueue(path, 2);
  queue.add([job("a", 1), job("b", 2), job("c", 3), job("d", 1, "other")]);
  queue.add([job("b", 2), job("a", 1)]);
  const acme = tenantId("acme");
  assert.deepEqual(queue.countsOf(acme), { waiting: 3, added: 4, known: 2, full: 1 });
  queue.close();
  assert.equal(statSync(path).mode & 0o077, 0);
  const again = new WebhookQueue(path, 2);
  const due = again.due(tenantId("acme"), "crm", epochMs(9), 9).map(({ id }) => id);
  assert.deepEqual(due, ["b", "c"]);
  again.putOff("b", epochMs(100));
  again.end("c");
  assert.deepEqual(again.due(tenantId("acme"), "crm", epochMs(9), 9), []);
  assert.equal(again.forget(subjectRef("subject of b")), 1);
  again.add([job("b", 2), job("c", 3)]);
  assert.equal(again.countsOf(acme).waiting, 1);
  again.close();
});

test("what may not be told at the moment of sending, or is too old, is never sent and is counted", async () => {
  const queue = new WebhookQueue(join(folder, "asked.db"));
  const clock = new FakeClock({ epoch: 10 * 86_400_000 });
  const told: string[] = [];
  const sender = new WebhookSender({
    ...{ queue, clock, log: SILENT_LOG, random: () => 0 },
    hooks: [
      {
        ...target("https://crm.example/", false),
        ...{ tenantId: tenantId("acme"), hookId: "crm", events: ["visit.completed"] },
      },
    ],
    onErased: () => undefined,
    messageOf: ({ id }) => (id === "ended" ? null : "{}"),
    post: async (_hook, { id }) => {
      told.push(id);
      return { isTaken: true, status: 200, reason: null };
    },
  });
  const now = clock.now();
  queue.add([job("ended", now), job("old", now - 4 * 86_400_000), job("live", now)]);
  sender.advance();
  await sender.settled();
  assert.deepEqual(told, ["live"]);
  const acme = tenantId("acme");
  const rest = { failed: 0, withdrawn: 1, stale: 1, faults: 0 };
  assert.deepEqual(sender.countsOf(acme), { told: 1, ...rest });
  assert.equal(queue.countsOf(acme).waiting, 0);
  queue.close();
});
