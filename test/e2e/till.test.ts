import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createTillPort, tillNotices } from "../../src/app/till/till-desk.ts";
import { type EpochMs, epochMs, gatewayId, storeId } from "../../src/core/brand.ts";
import type { JourneyEvent, TransactionReceived } from "../../src/core/events.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import { journeyEntry } from "../../src/io/outbox/journey-entry.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";
import { ReceiptDesk } from "../../src/io/till/receipt-desk.ts";
import { createJourney } from "../../src/journey/journey.ts";
import { UI_FILES, type UiFiles } from "../../src/web/assets.ts";
import { createDashboard } from "../../src/web/server.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { FakeDashboard } from "../fakes/fake-dashboard.ts";
import { shopSite } from "../fakes/journey-events.ts";

const bytes = new TextEncoder().encode("/* page */");
const assets = Object.fromEntries(UI_FILES.map((name) => [name, bytes])) as UiFiles;
const undo: (() => unknown)[] = [];
after(async () => {
  for (const step of undo.reverse()) await step();
});

interface Shop {
  readonly url: string;
  readonly clock: FakeClock;
  readonly told: JourneyEvent[];
  readonly desk: ReceiptDesk;
  /** Stops the gateway, keeps its disk. */
  stop(): Promise<void>;
}

/** A gateway's way of receipts from HTTP to the journey, with a real outbox. */
async function openShop(
  dir: string,
  options: { readonly token?: string; readonly password?: string } = {},
): Promise<Shop> {
  const site = shopSite();
  const clock = new FakeClock();
  const common = { clock, log: SILENT_LOG, random: seededRandom(1) };
  const outbox = openOutbox({
    path: join(dir, "outbox.db"),
    capBytes: 2 ** 24,
    commitMs: 250,
    ...common,
  });
  const told: JourneyEvent[] = [];
  const anchor = () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" as const });
  const context = { gatewayId: gatewayId("gw"), storeId: storeId("shop"), boot: "b" };
  const journey = createJourney({
    site,
    anchor,
    onEvent: (event) => {
      told.push(event);
      const hash = (text: string): string => `id-${text.length}-${told.length}`;
      outbox.append(journeyEntry(event, { ...context, recordedAt: clock.now(), hash }));
    },
  });
  const desk = new ReceiptDesk({
    gatewayId: gatewayId("gw"),
    boot: `b${told.length}`,
    currency: site.store.currency,
    outbox,
    onTransaction: (receipt: TransactionReceived) => journey.ingest(receipt),
    anchor,
    ...common,
  });
  const till = createTillPort(desk, site, options.token ?? null, () => clock.now());
  const dashboard = createDashboard({
    source: Object.assign(new FakeDashboard(), { till }),
    definitions: () => [],
    host: "127.0.0.1",
    port: 0,
    password: options.password ?? null,
    assets,
    ...common,
  });
  await dashboard.start(new AbortController().signal);
  const url = dashboard.url ?? "";
  const stop = async (): Promise<void> => {
    await dashboard[Symbol.asyncDispose]();
    outbox.close();
  };
  return { url, clock, told, desk, stop };
}

function tempFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "vitrine-till-"));
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function send(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly answer: Record<string, unknown> }> {
  const answer = await fetch(`${url}/api/pos`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, answer: (await answer.json()) as Record<string, unknown> };
}

const receiptAt = (at: EpochMs, change: object = {}): object => ({
  receiptId: "R-1",
  kind: "sale",
  paidAt: new Date(at).toISOString(),
  netMinor: 1999,
  units: 1,
  ...change,
});

test("a receipt over HTTP counts once, over repeats, another content and a restart", async () => {
  const dir = tempFolder();
  let shop = await openShop(dir);
  const at = shop.clock.now();
  assert.equal((await send(shop.url, receiptAt(at))).status, 201);
  assert.equal((await send(shop.url, receiptAt(at))).status, 200);
  assert.equal((await send(shop.url, receiptAt(at, { netMinor: 1 }))).status, 409);
  const refund = receiptAt(at, { kind: "refund", netMinor: -1999, relatedReceiptId: "R-1" });
  assert.equal((await send(shop.url, refund)).status, 201);
  assert.deepEqual(
    shop.told.map((event) => event.kind === "transacted" && event.netMinor),
    [1999, -1999],
  );
  assert.deepEqual(shop.desk.counts, {
    received: 2,
    repeated: 1,
    conflicting: 1,
    invalid: 0,
    lastFault: null,
  });
  assert.match(tillNotices(shop.desk).join(), /another content/);
  await shop.stop();
  shop = await openShop(dir);
  assert.equal((await send(shop.url, receiptAt(at))).status, 200);
  assert.deepEqual(shop.told, []);
  await shop.stop();
});

test("what is wrong with a receipt is named, and nothing of it is taken", async () => {
  const shop = await openShop(tempFolder());
  undo.push(() => shop.stop());
  const at = shop.clock.now();
  const cases: readonly (readonly [object, string])[] = [
    [{ netMinor: -1 }, "netMinor"],
    [{ kind: "refund", netMinor: 5 }, "netMinor"],
    [{ netMinor: 1.5 }, "netMinor"],
    [{ currency: "USD" }, "currency"],
    [{ paidAt: "yesterday" }, "paidAt"],
    [{ kind: "gift" }, "kind"],
    [{ units: -1 }, "units"],
    [{ lines: [{ sku: "", units: 1, netMinor: 1 }] }, "lines[0].sku"],
    [{ receiptId: "two words" }, "receiptId"],
    [{ colour: "red" }, "colour"],
  ];
  for (const [change, path] of cases) {
    const { status, answer } = await send(shop.url, receiptAt(at, change));
    assert.equal(status, 422, path);
    const [fault] = answer["faults"] as readonly { readonly path: string }[];
    assert.equal(fault?.path, path);
  }
  assert.deepEqual(shop.told, []);
  assert.equal(shop.desk.counts.invalid, cases.length);
});

test("a list is answered receipt by receipt", async () => {
  const shop = await openShop(tempFolder());
  undo.push(() => shop.stop());
  const at = shop.clock.now();
  const { status, answer } = await send(shop.url, [
    receiptAt(at),
    receiptAt(at, { receiptId: "R-2", units: -1 }),
    receiptAt(at),
  ]);
  assert.equal(status, 200);
  const states = (answer as unknown as readonly { readonly state: string }[]).map((a) => a.state);
  assert.deepEqual(states, ["taken", "invalid", "known"]);
});

test("with a password a till needs its token, and a page of another site gets nowhere", async () => {
  const shop = await openShop(tempFolder(), { token: "tilltoken", password: "a long password" });
  undo.push(() => shop.stop());
  const at = shop.clock.now();
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  assert.equal((await send(shop.url, receiptAt(at))).status, 401);
  assert.equal((await send(shop.url, receiptAt(at), bearer("wrong"))).status, 401);
  assert.equal((await send(shop.url, receiptAt(at), bearer("tilltoken"))).status, 201);
  const open = await openShop(tempFolder());
  undo.push(() => open.stop());
  const foreign = { origin: "https://elsewhere.example" };
  assert.equal((await send(open.url, receiptAt(at), foreign)).status, 401);
});

test("a till whose clock is an hour ahead has its payments put right, and a person is told", async () => {
  const shop = await openShop(tempFolder());
  undo.push(() => shop.stop());
  for (let i = 0; i < 6; i += 1) {
    await shop.clock.advance(60_000);
    const paid = epochMs(shop.clock.now() - 400 + 3_600_000);
    await send(shop.url, receiptAt(paid, { receiptId: `R-${i}` }));
  }
  const last = shop.told.at(-1);
  assert.ok(last?.kind === "transacted");
  assert.equal(last.timeSource, "till-corrected");
  assert.ok(Math.abs(last.at - shop.clock.now()) < 2_000);
  assert.match(tillNotices(shop.desk).join(), /clock of till is about 60 min fast/);
});

test("a CSV file is imported once, in the shop's local time, and a dry run writes nothing", async () => {
  const shop = await openShop(tempFolder());
  undo.push(() => shop.stop());
  const csv = "receipt;paid_at;net\n1;2026-05-01 10:00;19,99\n2;2026-05-01 10:05;-5,00\n";
  const post = async (query: string): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${shop.url}/api/pos/import${query}`, {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body: csv,
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  await shop.clock.advance(Math.max(0, Date.UTC(2026, 4, 2) - shop.clock.now()));
  assert.equal((await post("?dry-run"))["receipts"], 2);
  assert.equal(shop.told.length, 0);
  assert.equal((await post(""))["taken"], 2);
  assert.equal((await post(""))["known"], 2);
  const [sale] = shop.told;
  assert.equal(sale?.kind === "transacted" && sale.at, Date.UTC(2026, 4, 1, 10));
});
