import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { idOf, member, NOTICE } from "../../../test/fakes/consent-rig.ts";
import { type HookReceiver, visit } from "../../../test/fakes/loyalty-centre.ts";
import { type LoyaltyDeskRig, openToldDesk, START } from "../../../test/fakes/loyalty-desk-rig.ts";
import { epochMs, grantId, monoMs, tenantId } from "../../core/brand.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import type { JourneyEvent } from "../../core/events.ts";
import { rowOf } from "../../privacy/consent/hash-chain.ts";
import { addKey } from "./api-keys.ts";

const DAY_MS = 86_400_000;
let rig: LoyaltyDeskRig;
let receiver: HookReceiver;

beforeEach(async () => {
  ({ rig, receiver } = await openToldDesk());
});
afterEach(async () => {
  await rig.close();
  await receiver.stop();
});

const recorded = (name: string): JourneyEvent => {
  const entry: LedgerEntry = {
    ...{ v: 1, ledgerId: "1".repeat(32), seq: 1, previous: "0".repeat(64) },
    ...{ at: epochMs(START), isTimeSure: true, kind: "granted" },
    grant: {
      ...{ grantId: grantId(idOf(name)), tenantId: tenantId("acme"), subjectRef: member(name) },
      ...{ purpose: "loyalty-beacon", jurisdiction: "kiosk-verify", notice: NOTICE },
      proof: { kind: "screen", ref: "form-2026-0418" },
      ...{ grantedAt: epochMs(START), expiresAt: epochMs(START + 300 * DAY_MS) },
    },
  };
  const { sha256 } = rowOf(entry);
  const at = { at: epochMs(START), atMono: monoMs(1), clock: "synced" } as const;
  return { kind: "consent-recorded", ...at, source: "consent:1", seq: 1, sha256, entry };
};

/** What a key reads of everything that may name somebody in shop1 and at its gateway. */
async function read(key: string): Promise<string> {
  const headers = { authorization: `Bearer ${key}` };
  const span = `from=${new Date(START - DAY_MS).toISOString()}&to=${new Date(START + DAY_MS).toISOString()}`;
  const paths = [`stores/shop1/journeys?${span}`, `stores/shop1/events?${span}`, "quarantine"];
  const answers = await Promise.all(
    paths.map((path) => rig.api.inject({ url: `/api/v1/${path}`, headers })),
  );
  for (const { statusCode, payload } of answers) assert.equal(statusCode, 200, payload);
  return answers.map(({ payload }) => payload).join("\n");
}

test("a key reads who a shop's members are only when it may act for the shop's tenant", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", recorded("m"), visit(card));
  rig.desk.onHome("gw-shop1" as never, "shop1");
  for (const gateway of ["gw-shop1", "gw-unknown"])
    await rig.store.quarantine(gateway, 'found "x"', `{"tagId":"${card}"}`, rig.clock.now());
  const scopes = ["read", "ops", "loyalty"] as const;
  const secrets = [card, member("m"), idOf("m"), "form-2026-0418"];
  const seen = await read(await addKey(rig.bare, "stranger", scopes, rig.clock.now()));
  for (const secret of secrets) assert.ok(!seen.includes(secret), `a stranger reads ${secret}`);
  const everything = await read("t0p");
  for (const secret of secrets) assert.ok(everything.includes(secret), secret);
  const audits = await rig.store.audits(null, 50);
  assert.ok(!audits.some(({ actor, action }) => actor === "stranger" && action === "read:events"));
});

test("a tenant's own key reads its members' names, and those of no other gateway", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", visit(card));
  rig.desk.onHome("gw-shop1" as never, "shop1");
  for (const gateway of ["gw-shop1", "gw-unknown"])
    await rig.store.quarantine(gateway, "no event", `{"of":"${gateway}"}`, rig.clock.now());
  // The rig's crm has no scope for records: the same name with more scopes.
  await rig.bare.saveDocument({ kind: "api-key", owner: "crm", part: "" }, null, rig.clock.now());
  const seen = await read(
    await addKey(rig.bare, "crm", ["read", "ops", "loyalty"], rig.clock.now()),
  );
  assert.ok(seen.includes(card));
  assert.ok(seen.includes('{\\"of\\":\\"gw-shop1\\"}'));
  assert.ok(!seen.includes('{\\"of\\":\\"gw-unknown\\"}'), "whose members it names nobody knows");
});

test("figures of loyalty are those of the tenants that a key may act for", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", visit(card));
  await rig.tell();
  receiver.statuses.push(500);
  await rig.send("shop1", visit(card, { revision: 1, seq: 2 }));
  await rig.tell();
  for (const gateway of ["gw-shop1", "gw-unknown", "gw-unknown"])
    await rig.desk.templateKeys.answer(`vitrine/v1/${gateway}/up/key-request`, "no request");
  const state = async (key: string) => {
    const { json } = await rig.ask("", null, key);
    const { told, waiting, failed } = json["webhooks"] as Record<string, number>;
    const { unreadable } = json["templateKeys"] as Record<string, number>;
    return { told, waiting, failed, unreadable, gone: json["goneNames"] };
  };
  const acme = { told: 1, waiting: 1, failed: 1, unreadable: 1, gone: null };
  assert.deepEqual(await state("crm"), acme);
  assert.deepEqual(await state("rival"), {
    ...acme,
    told: 0,
    waiting: 0,
    failed: 0,
    unreadable: 0,
  });
  const all = { ...acme, unreadable: 3, gone: { remembered: 0, forgotten: 0 } };
  assert.deepEqual(await state("t0p"), all, "a gateway without a store is nobody's");
});
