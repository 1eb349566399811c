import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { epochMs, gatewayId } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { reportedMessage } from "../../fleet/reported.ts";
import type { Link, LinkState, MessageHandler } from "../../io/mqtt/link.ts";
import { topicMatches } from "../../io/mqtt/link.ts";
import type { DesiredMessage, ReportedMessage } from "../../wire/fleet-messages.ts";
import { Gate } from "../gate.ts";
import { SqliteStore } from "../sqlite/sqlite-store.ts";
import { FleetDesk } from "./fleet-desk.ts";
import { freshnessOf } from "./freshness.ts";

const SITE = join(import.meta.dirname, "../../../deploy/gateway/site.json");
const GW = gatewayId("gw1");
const TERMS = { actor: "key:ops", notAfter: null };
const DOCUMENT = { gateway: { positioning: { lagMs: 4000 } } };

/** A line without a broker: what is sent is noted, what arrives is handed in. */
class Wire implements Link {
  state: LinkState = { kind: "connected", since: epochMs(0), protocolVersion: 5, session: "s" };
  readonly sent: { readonly topic: string; readonly text: string; readonly retain: boolean }[] = [];
  readonly #handlers: { readonly filter: string; readonly handler: MessageHandler }[] = [];

  publish(...[topic, text, { retain }, onDone]: Parameters<Link["publish"]>): void {
    this.sent.push({ topic, text, retain });
    onDone?.(null);
  }

  subscribe(filter: string, handler: MessageHandler): void {
    this.#handlers.push({ filter, handler });
  }

  onState(): void {}

  async arrive(topic: string, message: object | string): Promise<void> {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    for (const { filter, handler } of this.#handlers)
      if (topicMatches(filter, topic)) await handler({ topic, text, retained: false });
  }

  wishes(): readonly DesiredMessage[] {
    return this.sent
      .filter(({ topic }) => topic.endsWith("down/desired"))
      .map(({ text }) => JSON.parse(text) as DesiredMessage);
  }
}

/** What a gateway reports of its plan: all but the tags. */
function siteOf(id: string): Record<string, unknown> {
  const plan = JSON.parse(readFileSync(SITE, "utf8"));
  return { ...plan, tags: undefined, store: { ...plan.store, id } };
}

async function opened() {
  const repository = new SqliteStore(":memory:");
  await repository.claimHome(GW, "shop1");
  const link = new Wire();
  const clock = new FakeClock();
  return { repository, link, clock, desk: deskOn(repository, link, clock, "c1") };
}

function deskOn(repository: SqliteStore, link: Wire, clock: FakeClock, run: string): FleetDesk {
  const shared = { repository, link, root: "vitrine", clock };
  const gate = new Gate({ ...shared, log: SILENT_LOG, random: () => 0.5 });
  return new FleetDesk({ ...shared, gate, run });
}

function report(extra: Partial<ReportedMessage> = {}): ReportedMessage {
  const state = {
    v: 1,
    accepted: null,
    trial: null,
    last: null,
    failed: [],
    restartedBy: [],
  } as const;
  const base = reportedMessage({
    ...{ at: epochMs(0), storeId: "shop1", state, ignored: null, commands: [] },
    ...{ configHash: "c", sitePlanHash: "p", site: siteOf("shop1") },
  });
  return { ...base, ...extra };
}

test("a wish is kept, noted for the audit and sent retained; the same wish again is the same", async () => {
  const { desk, link, repository } = await opened();
  const wish = await desk.setDesired(GW, DOCUMENT, TERMS);
  assert.equal(wish.version, 1);
  assert.deepEqual(await desk.desired(GW), wish);
  assert.deepEqual(await desk.setDesired(GW, DOCUMENT, TERMS), wish);
  assert.ok(
    link.sent.every(({ topic, retain }) => topic === "vitrine/v1/gw1/down/desired" && retain),
  );
  const audits = await repository.audits(null, 10);
  assert.deepEqual(
    audits.map(({ actor, action, target }) => [actor, action, target]),
    [["key:ops", "config", "gw1"]],
  );
});

test("a wish that was taken back or rejected may be wished again, under a higher version", async () => {
  const { desk, link } = await opened();
  const { hash, version } = await desk.setDesired(GW, DOCUMENT, TERMS);
  await link.arrive("vitrine/v1/gw1/up/reported", report({ version, hash, status: "reverted" }));
  assert.equal((await desk.setDesired(GW, DOCUMENT, TERMS)).version, version + 1);
});

test("a centre that was restored from a backup goes on above what the gateway has seen", async () => {
  const { desk, link } = await opened();
  await link.arrive(
    "vitrine/v1/gw1/up/reported",
    report({ version: 41, hash: "x", status: "applied" }),
  );
  assert.equal((await desk.setDesired(GW, DOCUMENT, TERMS)).version, 42);
});

test("a gateway that does not have the wish gets it again, one that has it or refused it does not", async () => {
  const { desk, link } = await opened();
  const { hash, version } = await desk.setDesired(GW, DOCUMENT, TERMS);
  const sentAfter = async (message: ReportedMessage): Promise<number> => {
    const before = link.wishes().length;
    await link.arrive("vitrine/v1/gw1/up/reported", message);
    return link.wishes().length - before;
  };
  assert.equal(await sentAfter(report()), 1);
  const ignored = { version, hash, why: "expired", at: "2026-05-01T10:00:00.000Z" } as const;
  assert.equal(await sentAfter(report({ ignored })), 0);
  for (const status of ["pending", "applied", "reverted", "rejected"] as const)
    assert.equal(await sentAfter(report({ version, hash, status })), 0, status);
  assert.equal(
    await sentAfter(report({ version: version + 5, hash: "newer", status: "applied" })),
    0,
  );
  assert.equal(desk.counts.repeated, 1);
});

test("a wish that is too large, or is none, is refused and nothing is kept", async () => {
  const { desk, link } = await opened();
  const large = { site: { note: "x".repeat(70_000) } };
  await assert.rejects(desk.setDesired(GW, large, TERMS), { code: "MESSAGE_INVALID" });
  const alien: object = { software: {} };
  await assert.rejects(desk.setDesired(GW, alien as typeof DOCUMENT, TERMS), {
    code: "MESSAGE_INVALID",
  });
  assert.equal(await desk.desired(GW), null);
  assert.deepEqual(link.sent, []);
});

test("a gateway speaks for its own store only; what it says of another is set aside", async () => {
  const { desk, link, repository } = await opened();
  const plan = { kind: "site", owner: "shop1", part: "gw1" };
  await link.arrive("vitrine/v1/gw1/up/reported", report());
  assert.notEqual(await repository.document(plan), null);
  const foreign = report({ storeId: "shop2", site: siteOf("shop2") });
  await link.arrive("vitrine/v1/gw1/up/reported", foreign);
  await link.arrive("vitrine/v1/gw2/up/reported", foreign);
  await link.arrive("vitrine/v1/gw2/up/reported", report());
  assert.equal((await desk.reported(gatewayId("gw2")))?.storeId, "shop2");
  assert.deepEqual(JSON.parse((await repository.document(plan))?.text ?? ""), report().site);
  assert.deepEqual(
    (await repository.quarantined(null, 10)).map(({ gatewayId: id, reason }) => [id, reason]),
    [
      ["gw2", "the report names another store"],
      ["gw1", "the report names another store"],
    ],
  );
});

test("a reported plan that is none is set aside, and the rest of the report is kept", async () => {
  const { desk, link, repository } = await opened();
  const plans = [{ v: 1 }, siteOf("shop2")];
  for (const site of plans) await link.arrive("vitrine/v1/gw1/up/reported", report({ site }));
  assert.deepEqual(await repository.documents("site", null), []);
  assert.notEqual(await desk.reported(GW), null);
  const reasons = (await repository.quarantined(null, 10)).map(({ reason }) => reason);
  assert.equal(reasons[0], "site plan: it names another store");
  assert.match(reasons[1] ?? "", /^site plan: .*expected/);
  assert.equal(desk.counts.quarantined, 2);
});

test("two centres that wish at the same time number their wishes apart, and each is noted once", async () => {
  const { desk, repository, clock } = await opened();
  const other = deskOn(repository, new Wire(), clock, "c2");
  const wishes = await Promise.all(
    [1, 2, 3, 4].flatMap((n) => [
      desk.setDesired(GW, { gateway: { positioning: { lagMs: 1000 * n } } }, TERMS),
      other.setDesired(GW, { gateway: { positioning: { lagMs: 1000 * n + 500 } } }, TERMS),
    ]),
  );
  const versions = wishes.map(({ version }) => version).sort((a, b) => a - b);
  assert.deepEqual(versions, [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal((await repository.audits(null, 100)).length, 8);
});

test("what cannot be read is set aside with its reason, and counted", async () => {
  const { desk, link, repository } = await opened();
  await link.arrive("vitrine/v1/gw1/up/health", { v: 9 });
  await link.arrive("vitrine/v1/gw1/up/reported", "not json");
  await link.arrive("vitrine/v1/gw1/up/reported", "");
  assert.deepEqual(desk.counts, { health: 0, reported: 0, quarantined: 2, repeated: 0 });
  assert.equal((await repository.quarantined(null, 10)).length, 2);
});

test("commands have ids of their own, expire, and are noted for the audit", async () => {
  const { desk, link, clock, repository } = await opened();
  const order = { name: "announce", arguments: {} } as const;
  const terms = { actor: "key:ops", goodForMs: 60_000 };
  const ids = [await desk.command(GW, order, terms), await desk.command(GW, order, terms)];
  assert.equal(new Set(ids).size, 2);
  const [first] = link.sent;
  assert.equal(first?.retain, false);
  const sent = JSON.parse(first?.text ?? "") as { expiresAt: string };
  assert.equal(Date.parse(sent.expiresAt) - clock.now(), 60_000);
  assert.equal((await repository.audits(null, 10)).length, 2);
});

test("a gateway is fresh, late or silent by the age of its health", () => {
  const now = epochMs(1e12);
  const row = { storeId: "shop1", online: true, lastSeenAt: epochMs(now - 5000) };
  const rows = ["a", "b", "c", "d"].map((id) => ({ ...row, gatewayId: id }));
  const at = (ageMs: number) => epochMs(now - ageMs);
  const ages = new Map([
    ["a", at(60_000)],
    ["b", at(200_000)],
    ["c", at(700_000)],
  ] as const);
  const found = freshnessOf(rows, ages, now).map(({ freshness }) => freshness);
  assert.deepEqual(found, ["fresh", "late", "silent", "never"]);
});
