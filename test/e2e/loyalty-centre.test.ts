import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { ConsentDesk } from "../../src/app/consent/consent-desk.ts";
import { TableKeeper } from "../../src/app/loyalty/table-keeper.ts";
import { anchorOf } from "../../src/app/system-clock.ts";
import { parseGatewayConfig } from "../../src/config/gateway.ts";
import { activeLoyalty } from "../../src/config/loyalty.ts";
import { gatewayId, type SubjectRef, storeId, tenantId } from "../../src/core/brand.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { eventHash } from "../../src/io/mqtt/event-hash.ts";
import { journeyEntry } from "../../src/io/outbox/journey-entry.ts";
import { loyaltyEpoch, loyaltyId } from "../../src/privacy/beacon-crypto.ts";
import { shownNotice } from "../../src/privacy/consent/notice.ts";
import { Leftovers } from "../brokers/leftovers.ts";
import { member } from "../fakes/consent-rig.ts";
import { apiConsent, loyaltySetting } from "../fakes/loyalty-centre.ts";
import {
  clock,
  startAedes,
  startCentral,
  startGateway,
  type TestBroker,
  tempDir,
  until,
} from "./delivery-rig.ts";

const dir = tempDir();
const leftovers = new Leftovers();
afterEach(() => leftovers.end());
let broker: TestBroker;
before(async () => {
  broker = await startAedes();
});
after(async () => {
  await broker.stop();
  dir.remove();
});

/** A gateway with the consent desk that the product has, delivering through its outbox over the real broker. */
async function openShop(id: string) {
  const parsed = parseGatewayConfig({
    ...{ gateway: { id }, site: "site.json", mqtt: { url: broker.url } },
    loyalty: {
      ...{ enabled: true, tenantId: "acme", storeGroup: "north", authority: "centre" },
      ...{ jurisdiction: "kiosk-verify", switchedOnBy: "Ada Holm, manager" },
      controller: { name: "Acme A/S", contact: "privacy@acme.example" },
      station: { cameraId: "station", source: "/dev/video0" },
    },
  });
  assert.ok(parsed.ok);
  const loyalty = activeLoyalty(parsed.value.loyalty);
  assert.ok(loyalty !== null);
  const held = new Set<SubjectRef>();
  const aliases: string[] = [];
  const boot = `b-${id}`;
  let outbox: Awaited<ReturnType<typeof startGateway>>["outbox"] | null = null;
  const tell = (event: JourneyEvent): boolean => {
    const context = { gatewayId: gatewayId(id), storeId: storeId("shop1"), boot, hash: eventHash };
    outbox?.append(journeyEntry(event, { ...context, recordedAt: clock.now() }));
    return outbox !== null;
  };
  const desk = new ConsentDesk({
    ...{ path: join(dir.path, id, "consent.db"), gatewayId: gatewayId(id), boot, loyalty },
    time: {
      anchor: () => anchorOf(clock, "synced"),
      isAwaited: () => false,
      mono: () => clock.mono(),
    },
    ...{ clock, log: SILENT_LOG, onEvent: tell },
    erasers: [
      {
        name: "templates",
        erase: (wish) => {
          aliases.push(...wish.aliases);
          return Number(held.delete(wish.subjectRef));
        },
        holders: { purpose: "loyalty-beacon", subjects: () => [...held] },
      },
    ],
  });
  const tables = new TableKeeper({
    ...{ root: "vitrine", gatewayId: gatewayId(id), storeGroup: "north", clock, log: SILENT_LOG },
    epochNow: () => loyaltyEpoch(clock.now()),
  });
  const gateway = await startGateway({
    ...{ path: join(dir.path, `${id}.db`), url: broker.url, boot, id },
    attach: (link, opened) => {
      outbox = opened;
      desk.attach(link, "vitrine");
      tables.attach(link);
    },
  });
  await tables.start(new AbortController().signal);
  const timers = desk.chores().map(({ name, periodMs, run }) => clock.every(periodMs, name, run));
  const close = leftovers.add(id, async () => {
    for (const timer of timers) timer.cancel();
    await tables[Symbol.asyncDispose]();
    await gateway.stop();
    desk.close();
  });
  return { desk, held, aliases, tables, close };
}

/** A centre that ends with its test, or by `end`. */
async function openCentre(file: string, loyalty: ReturnType<typeof loyaltySetting>) {
  const central = await startCentral(join(dir.path, file), broker.url, { loyalty });
  return { url: central.url, end: leftovers.add(file, () => central[Symbol.asyncDispose]()) };
}

const settingOf = (name: string) => loyaltySetting(join(dir.path, name));

async function ask(
  url: string,
  path: string,
  body?: object,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await fetch(`${url}/api/v1/loyalty${path}`, {
    ...(body === undefined
      ? {}
      : {
          method: "POST",
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

const CUSTOMER = { tenantId: "acme", customer: "kunde-4711" };

test("what the API revokes is matched at no gateway any more, and everyone erases and says so", async (t) => {
  const central = await openCentre("a.db", settingOf("a"));
  const shops = [await openShop("gw-a1"), await openShop("gw-a2")];
  const registered = await ask(central.url, "/members", {
    ...CUSTOMER,
    ...{ withApp: true, consent: apiConsent() },
  });
  assert.equal(registered.status, 200, JSON.stringify(registered.json));
  const exported = await ask(central.url, "/exports", CUSTOMER);
  const subject = String(exported.json["subjectRef"]) as SubjectRef;
  const may = ({ desk }: (typeof shops)[number]): boolean =>
    desk.gate.permit(subject, "loyalty-beacon").ok;
  await until("both gateways believe the consent", () => shops.every(may));
  for (const { held } of shops) held.add(subject);
  const tenant = async (): Promise<{ openErasures: unknown[]; gatewaysAsked: number }> => {
    const { json } = await ask(central.url, "");
    const [one] = json["tenants"] as { openErasures: unknown[]; gatewaysAsked: number }[];
    assert.ok(one !== undefined);
    return one;
  };
  // Who has not told of consents yet hears of a revocation and erases, and is not asked for an answer.
  await until("the centre heard both", async () => (await tenant()).gatewaysAsked === 2);

  const from = clock.mono();
  const revoked = await ask(central.url, "/revocations", CUSTOMER);
  assert.deepEqual(revoked.json["ended"], ["loyalty-beacon"]);
  await until("no gateway matches", () => !shops.some(may));
  const matchMs = clock.mono() - from;
  await until("nothing is held", () => shops.every(({ held }) => held.size === 0));
  const goneMs = clock.mono() - from;
  await until(
    "the request to erase is closed",
    async () => (await tenant()).openErasures.length === 0,
  );
  t.diagnostic(
    `API to no match at two gateways ${matchMs.toFixed(0)} ms, nothing held ${goneMs.toFixed(0)} ms, closed ${(clock.mono() - from).toFixed(0)} ms`,
  );
  for (const { aliases } of shops) assert.match(aliases[0] ?? "", /^[A-Za-z0-9_-]{16}$/);
  assert.equal((await ask(central.url, "/profiles", CUSTOMER)).status, 404);
  assert.equal((await ask(central.url, "/exports", CUSTOMER)).status, 404);
});

test("an app's identifiers are known at a gateway while the consent lasts, and no longer", async () => {
  const central = await openCentre("d.db", settingOf("d"));
  const shop = await openShop("gw-d1");
  const wish = { ...CUSTOMER, withApp: true, consent: apiConsent() };
  const { json } = await ask(central.url, "/members", wish);
  const appKey = Buffer.from(String(json["appKey"]), "base64url");
  const isKnown = (): boolean => {
    const epoch = loyaltyEpoch(clock.now());
    const id = loyaltyId(appKey, { version: 1, storeGroup: "north", epoch, size: 10 });
    return shop.tables.tables.find(id, 0, 10, "rid") >= 0;
  };
  await until("the gateway knows what the app sends", isKnown);
  await ask(central.url, "/revocations", CUSTOMER);
  await until("it does not any more", () => !isKnown());
});

test("a consent given at one station holds at another gateway, and taken back at the second ends at the first", async () => {
  await openCentre("b.db", settingOf("b"));
  const [one, two] = [await openShop("gw-b1"), await openShop("gw-b2")];
  const subject = member("walk-in");
  const given = one.desk.grant({
    ...{ tenantId: tenantId("acme"), subjectRef: subject, purpose: "loyalty-beacon" },
    notice: shownNotice("loyalty", 1, "en", "We recognise you."),
    ...{ proof: { kind: "screen", ref: "station" }, isMinor: false },
  });
  assert.ok(given.ok);
  const may = (shop: typeof one): boolean => shop.desk.gate.permit(subject, "loyalty-beacon").ok;
  await until("the other gateway believes it", () => may(two));
  two.desk.revoke({ subjectRef: subject, by: "shopper", ref: "station" });
  assert.equal(may(two), false);
  await until("the first does not either", () => !may(one));
});

test("after a restart the centre goes on with its register, and gateways keep their lease without hearing everything anew", async () => {
  const setting = settingOf("c");
  const first = await openCentre("c.db", setting);
  const shop = await openShop("gw-c1");
  await ask(first.url, "/members", { ...CUSTOMER, consent: apiConsent() });
  const subject = String(
    (await ask(first.url, "/exports", CUSTOMER)).json["subjectRef"],
  ) as SubjectRef;
  const may = (): boolean => shop.desk.gate.permit(subject, "loyalty-beacon").ok;
  await until("the gateway believes it", may);
  const { centre } = shop.desk.status();
  await first.end();
  const second = await openCentre("c.db", setting);
  assert.deepEqual((await ask(second.url, "/exports", CUSTOMER)).json["subjectRef"], subject);
  await ask(second.url, "/revocations", CUSTOMER);
  await until("the revocation arrives", () => !may());
  assert.equal(shop.desk.status().centre?.register, centre?.register);
});
