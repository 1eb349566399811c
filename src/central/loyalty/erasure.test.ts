import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import {
  apiConsent,
  type HookReceiver,
  loyaltySetting,
  visit,
} from "../../../test/fakes/loyalty-centre.ts";
import { type LoyaltyDeskRig, openToldDesk, START } from "../../../test/fakes/loyalty-desk-rig.ts";
import {
  epochMs,
  gatewayId,
  monoMs,
  subjectRef,
  tagId,
  tenantId,
  visitId,
  zoneId,
} from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { HookEvent } from "./loyalty-config.ts";
import { LoyaltyDesk } from "./loyalty-desk.ts";
import { type HookJob, WebhookQueue } from "./webhook-queue.ts";

const DAY_MS = 86_400_000;
const ACME = tenantId("acme");
const ADA = { tenantId: "acme", customer: "ada" };
const head = { source: "tags#1", atMono: monoMs(1), clock: "synced" } as const;
const entered = (card: string, seq: number, at = START): JourneyEvent => ({
  ...{ kind: "tag-zone-entered", ...head, seq, at: epochMs(at) },
  ...{ tagId: tagId(card), tagKind: "loyalty-card", zoneId: zoneId("shoes"), confidence: 0.9 },
});
let receiver: HookReceiver;
let rig: LoyaltyDeskRig;

beforeEach(async () => {
  ({ rig, receiver } = await openToldDesk());
});
afterEach(async () => {
  await rig.close();
  await receiver.stop();
});

const desk = () => rig.desk.desk(ACME);
const may = (): boolean => {
  const [subject] = [...rig.desk.members.of(ACME)].map((one) => one.subject);
  return subject !== undefined && desk()?.consents.mayRecognise(subject) === true;
};
const open = () => desk()?.erasures.shown(rig.clock.now()) ?? [];
const told = (): Record<string, unknown>[] =>
  receiver.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

async function stored(shop = "shop1"): Promise<string> {
  const span = { from: epochMs(0), to: epochMs(9e12), type: null, limit: 999, after: null };
  return JSON.stringify(await rig.store.events({ storeId: shop, ...span }));
}

/** A gateway that told of consents, and so has to erase. */
const known = async (shop: string, seq = 1): Promise<void> =>
  rig.send(shop, {
    ...{ kind: "consent-applied", ...head, source: "consent", seq, at: epochMs(START) },
    ...{ register: "r", applied: 0 },
  });

test("erasing takes the member out of what is stored: events stay, as those of somebody of whom nothing is known", async () => {
  const { card, name } = await rig.member();
  await rig.send("shop1", entered(card, 1), visit(card));
  await rig.send("shop2", entered(card, 2));
  await rig.ask("/profiles", ADA);
  const { json } = await rig.ask("/erasures", ADA);
  assert.equal(json["isForgotten"], true);
  for (const shop of ["shop1", "shop2"]) {
    const text = await stored(shop);
    assert.ok(!text.includes(card) && text.includes("gone-"), text);
  }
  const journeys = await rig.api.inject({
    url: `/api/v1/stores/shop1/journeys?from=${new Date(START - DAY_MS).toISOString()}&to=${new Date(START + DAY_MS).toISOString()}`,
    headers: { authorization: "Bearer t0p" },
  });
  const { visits } = journeys.json<{ visits: { customer: string | null }[] }>();
  assert.deepEqual(
    visits.map(({ customer }) => customer),
    [null],
    "a visit is left, and nobody's",
  );
  const audits = await rig.store.audits(null, 50);
  assert.ok(audits.some(({ action }) => action === "loyalty:profile"));
  assert.ok(!JSON.stringify(audits).includes(name), "the log does not name the member either");
  const targets = new Set(
    audits.filter(({ actor }) => actor === "crm").map(({ target }) => target),
  );
  assert.equal(targets.size, 1, "but all acts about one member hang together");
});

test("an event that comes days after the erasure is stored without the name, and joins those of its day", async () => {
  const { card, subject } = await rig.member();
  await rig.send("shop1", entered(card, 1));
  await rig.ask("/erasures", ADA);
  rig.clock.advance(3 * DAY_MS);
  await rig.send("shop1", entered(card, 2, START + 60_000), visit(card, { seq: 3 }));
  const text = await stored();
  assert.ok(!text.includes(card));
  const aliases = new Set(text.match(/gone-[A-Za-z0-9_-]{16}/g));
  assert.equal(aliases.size, 1, [...aliases].join(" "));
  assert.deepEqual(await rig.store.documents("loyalty-visit", subject), []);
  await rig.store.quarantine("gw-shop1", "no event", `{"tagId":"${card}"}`, rig.clock.now());
  assert.ok(!JSON.stringify(await rig.store.quarantined(null, 9)).includes(card));
  await rig.tell();
  assert.deepEqual(
    told().map(({ type }) => type),
    ["member.erased"],
  );
});

test("what is on its way into the store while a member is erased is waited for, and erased", async () => {
  await rig.member();
  let land = (): void => undefined;
  rig.desk.follow(
    new Promise<void>((resolve) => {
      land = resolve;
    }),
  );
  let isDone = false;
  const erased = rig.ask("/erasures", ADA).then((answer) => {
    isDone = true;
    return answer;
  });
  for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isDone, false);
  assert.equal(may(), false, "nobody is recognised meanwhile");
  land();
  assert.equal((await erased).json["isForgotten"], true);
});

test("a store that fails in the middle leaves the request open, and the next sweep ends it", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", entered(card, 1));
  const bare = rig.bare;
  const change = bare.changeEvents.bind(bare);
  bare.changeEvents = () => Promise.reject(new GatewayError("STORE_FAILED", "away"));
  const { status } = await rig.ask("/erasures", ADA);
  assert.equal(status, 503);
  assert.ok(open()[0]?.waiting.includes("centre"));
  assert.equal(may(), false, "what was taken back is in force all the same");
  bare.changeEvents = change;
  await rig.desk.sweep();
  assert.ok(!open()[0]?.waiting.includes("centre"));
  assert.ok(!(await stored()).includes(card));
  assert.equal((await rig.ask("/exports", ADA)).status, 404);
});

test("a member who was in two shops at once and is erased is not shown any more", async () => {
  const { card, name } = await rig.member();
  await rig.send("shop1", entered(card, 1));
  await rig.send("shop2", entered(card, 2, START + 600_000));
  assert.equal(rig.desk.recognitions.anomalies[0]?.member, name);
  await rig.ask("/erasures", ADA);
  assert.deepEqual(rig.desk.recognitions.anomalies, []);
  assert.ok(!JSON.stringify(await rig.store.audits(null, 99)).includes(name));
});

test("who agrees again is known from then on; what happened before stays without a name", async () => {
  const { card } = await rig.member();
  await rig.ask("/consents", { ...ADA, consent: apiConsent("messages") });
  await rig.send("shop1", entered(card, 1));
  await rig.ask("/revocations", { ...ADA, purposes: ["loyalty-beacon"] });
  assert.ok(!(await stored()).includes(card));
  rig.clock.advance(DAY_MS);
  await rig.ask("/consents", { ...ADA, consent: apiConsent() });
  await rig.send("shop1", entered(card, 2, START + 1000), entered(card, 3, START + DAY_MS + 1000));
  const text = await stored();
  assert.equal(text.split(card).length - 1, 2, "the new one alone: subject and id");
  assert.ok(text.includes(`tag/${card}`));
});

test("a receiver of webhooks answers by taking the request, is asked until it does, and the register closes then", async () => {
  const { name } = await rig.member();
  receiver.statuses.push(500, 503);
  await rig.ask("/erasures", ADA);
  assert.deepEqual(open()[0]?.waiting, ["webhook-crm"]);
  await rig.tell();
  assert.equal(open().length, 1);
  rig.clock.advance(2 * DAY_MS);
  await rig.tell();
  assert.equal(open()[0]?.isOverdue, true);
  rig.clock.advance(3_600_000);
  await rig.tell();
  assert.deepEqual(open(), []);
  const [first, ...more] = told();
  assert.deepEqual([first?.["type"], first?.["member"]], ["member.erased", name]);
  assert.deepEqual([first?.["isForgotten"], first?.["purposes"]], [true, ["loyalty-beacon"]]);
  assert.ok(more.every(({ id, erasureId }) => id === first?.["id"] && erasureId !== undefined));
  assert.equal(rig.desk.queue.countsOf(ACME).waiting, 0);
  rig.desk.repeat();
  await rig.tell();
  assert.equal(receiver.received.length, 3);
});

test("a request to erase is never dropped to make room: what is told of others goes first", () => {
  const queue = new WebhookQueue(join(rig.folder, "small.db"), 2);
  const job = (id: string, event: HookEvent): HookJob => ({
    ...{ id, tenantId: ACME, hookId: "crm", event, subject: subjectRef("s"), body: "{}" },
    at: epochMs(Number(id)),
  });
  queue.add([job("1", "member.erased"), job("2", "visit.completed"), job("3", "member.erased")]);
  const waiting = (): string[] => queue.due(ACME, "crm", epochMs(9), 9).map(({ id }) => id);
  assert.deepEqual(waiting(), ["1", "3"]);
  queue.add([job("4", "visit.completed")]);
  assert.deepEqual([waiting(), queue.countsOf(ACME).full], [["1", "3"], 2]);
  assert.equal(queue.forget(subjectRef("s")), 0, "nor with what was not told of the member");
  queue.close();
});

test("a receiver that the file does not name any more is written off when the centre starts", async () => {
  await rig.member();
  receiver.statuses.push(500);
  await rig.ask("/erasures", ADA);
  await rig.tell();
  assert.deepEqual(open()[0]?.waiting, ["webhook-crm"]);
  await rig.desk[Symbol.asyncDispose]();
  const next = await LoyaltyDesk.open({
    ...loyaltySetting(rig.folder, []),
    ...{ store: rig.store, root: "vitrine", link: rig.link, clock: rig.clock },
    ...{ log: SILENT_LOG, random: () => 0.5 },
  });
  assert.deepEqual(next.openErasures(), []);
  assert.equal(next.queue.countsOf(ACME).waiting, 0, "nobody would ever ask for what waits for it");
  const { ledger } = next.desk(ACME)?.consents ?? {};
  assert.equal(ledger?.isBroken, false);
  await next[Symbol.asyncDispose]();
});

test("a dead gateway is written off by a named person with a reason; one that is connected is not, nor is the centre", async () => {
  await rig.member();
  await known("shop1");
  await known("shop2");
  await rig.ask("/erasures", ADA);
  await rig.tell();
  assert.deepEqual(open()[0]?.waiting, ["gw-shop1", "gw-shop2"]);
  const birth = { v: 1, online: true, session: "s", boot: "b", epoch: "e", storeId: "shop2" };
  const rest = { versions: {}, schemaHash: "h", sensors: [], at: epochMs(START) };
  await rig.store.recordBirth("gw-shop2", { ...birth, ...rest } as never, epochMs(START));
  const wish = { tenantId: "acme", by: "Ada Holm, head of shops", reason: "burnt in the fire" };
  const off = (change: object, key = "crm") => rig.ask("/write-offs", { ...wish, ...change }, key);
  const refusals = [
    [{ consumer: "centre" }, 409, "NOT_WRITTEN_OFF"],
    [{ consumer: "gw-shop2" }, 409, "NOT_WRITTEN_OFF"],
    [{ consumer: "gw-shop7" }, 404, "CONSUMER_UNKNOWN"],
    [{ consumer: "webhook-crm", isRetired: true }, 409, "NOT_WRITTEN_OFF"],
    [{ consumer: "gw-shop1", erasureId: "A".repeat(22) }, 404, "CONSUMER_UNKNOWN"],
    [{ consumer: "gw-shop1", by: "" }, 400, "INVALID"],
    [{ consumer: "gw-shop1", reason: undefined }, 400, "INVALID"],
  ] as const;
  for (const [change, status, error] of refusals) {
    const answer = await off(change);
    assert.equal(answer.status, status, JSON.stringify([change, answer.json]));
    if (status !== 400) assert.equal(answer.json["error"], error);
  }
  assert.equal((await off({ consumer: "gw-shop1" }, "rival")).status, 403);
  assert.equal((await off({ consumer: "gw-shop1" }, "reader")).status, 403);
  const before = desk()?.consents.ledger.head.seq ?? 0;
  const { json } = await off({ consumer: "gw-shop1" });
  assert.deepEqual([json["writtenOff"], json["closed"]], [1, 0]);
  assert.equal(desk()?.consents.ledger.head.seq, before + 1);
  assert.deepEqual(open()[0]?.waiting, ["gw-shop2"]);
  assert.ok(desk()?.consents.gateways.has(gatewayId("gw-shop1")));
  const retired = await off({ consumer: "gw-shop2", isRetired: true });
  assert.deepEqual([retired.json["writtenOff"], retired.json["closed"]], [1, 1]);
  assert.equal(desk()?.consents.gateways.has(gatewayId("gw-shop2")), false, "not asked any more");
  assert.deepEqual(open(), []);
  const noted = (await rig.store.audits(null, 50)).filter(
    ({ action }) => action === "loyalty:write-off",
  );
  assert.deepEqual(
    noted.map(({ actor, target, detail }) => [actor, target, detail]),
    ["gw-shop2", "gw-shop1"].map((target) => ["crm", target, `${wish.by}: ${wish.reason}`]),
  );
});

test("a shop whose gateway has not erased for more than a day needs attention", async () => {
  await rig.member();
  await known("shop1");
  const birth = { v: 1, online: true, session: "s", boot: "b", epoch: "e", storeId: "shop1" };
  const rest = { versions: {}, schemaHash: "h", sensors: [], at: epochMs(START) };
  await rig.store.recordBirth("gw-shop1", { ...birth, ...rest } as never, epochMs(START));
  await rig.ask("/erasures", ADA);
  await rig.tell();
  const attention = async (): Promise<string[]> => {
    rig.clock.advance(10_000);
    const headers = { authorization: "Bearer t0p" };
    const answer = await rig.api.inject({ url: "/api/v1/stores", headers });
    const { stores } = answer.json<{
      stores: { storeId: string; attention: { code: string; text: string }[] }[];
    }>();
    const shop = stores.find(({ storeId }) => storeId === "shop1");
    return (shop?.attention ?? []).map(({ code, text }) => `${code}: ${text}`);
  };
  assert.ok(!(await attention()).some((one) => one.startsWith("erasure")));
  rig.clock.advance(DAY_MS);
  assert.deepEqual((await attention())[0], "erasure: 1 request to erase open for more than a day");
});

test("an export holds what was told to whom and every event that names the member, and nothing of anybody else", async () => {
  const { card } = await rig.member();
  const other = await rig.member("eve");
  await rig.send("shop1", entered(card, 1), visit(card), entered(other.card, 3));
  await rig.send("shop1", visit(card, { visitId: visitId("visit-2"), seq: 4 }));
  await rig.tell();
  const { json } = await rig.ask("/exports", ADA);
  const events = json["events"] as { type: string }[];
  assert.deepEqual(events.map(({ type }) => type).sort(), [
    "vitrine.completed",
    "vitrine.completed",
    "vitrine.tag-zone-entered",
  ]);
  assert.ok(!JSON.stringify(json).includes(other.card));
  assert.equal(json["areAllEvents"], true);
  assert.deepEqual(
    (json["told"] as { receiver: string; event: string; count: number }[]).map(
      ({ receiver: to, event, count }) => [to, event, count],
    ),
    [
      ["crm", "shopper.recognised", 1],
      ["crm", "visit.completed", 2],
    ],
  );
  await rig.ask("/erasures", ADA);
  const subject = desk()?.memberNamed("north", card);
  assert.equal(subject, null);
  assert.deepEqual(rig.desk.queue.toldOf(other.subject).length, 1);
});

test("a consent ends by its age at the centre too, even of who comes every week, with a receipt", async () => {
  const { card } = await rig.member();
  for (let week = 1; week <= 160; week += 1) {
    rig.clock.advance(7 * DAY_MS);
    const at = rig.clock.now();
    const when = { at, enteredAt: at, exitedAt: at, seq: week };
    await rig.send("shop1", visit(card, { ...when, visitId: visitId(`visit-${week}`) }));
    await rig.desk.sweep();
  }
  assert.equal((await rig.ask("/exports", ADA)).status, 404, "thirty-six months are the most");
  assert.ok(!(await stored()).includes(card));
  const receipts = (await rig.store.audits(null, 999)).filter(({ actor }) => actor === "retention");
  assert.ok(receipts.some(({ detail, target }) => /^1 consents/.test(detail) && target === "acme"));
  assert.ok(receipts.some(({ detail }) => /^\d+ visits/.test(detail)));
  assert.ok(!JSON.stringify(receipts).includes(card));
});
