import { randomFillSync } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ConsentDesk } from "../../src/app/consent/consent-desk.ts";
import { openLoyalty } from "../../src/app/loyalty/open-loyalty.ts";
import { anchorOf } from "../../src/app/system-clock.ts";
import { parseGatewayConfig } from "../../src/config/gateway.ts";
import { type ActiveLoyalty, activeLoyalty } from "../../src/config/loyalty.ts";
import { gatewayId, monoMs, receiverId, storeId } from "../../src/core/brand.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { eventHash } from "../../src/io/mqtt/event-hash.ts";
import { journeyEntry } from "../../src/io/outbox/journey-entry.ts";
import { KeyAsker } from "../../src/io/vault/key-asker.ts";
import { loyaltyEpoch, loyaltyId } from "../../src/privacy/beacon-crypto.ts";
import { clock, startGateway } from "../e2e/delivery-rig.ts";

const GROUP = "north";
const RID_BYTES = 10;

function settingOf(id: string): ActiveLoyalty {
  const parsed = parseGatewayConfig({
    ...{ gateway: { id }, site: "site.json", mqtt: { url: "mqtt://127.0.0.1:1883" } },
    loyalty: {
      ...{ enabled: true, tenantId: "acme", storeGroup: GROUP, authority: "centre" },
      controller: { name: "Acme A/S", contact: "privacy@acme.example" },
    },
  });
  const loyalty = parsed.ok ? activeLoyalty(parsed.value.loyalty) : null;
  if (loyalty === null) throw new Error(JSON.stringify(parsed));
  return loyalty;
}

/**
 * A gateway of store shop1 whose members are known at the centre: consents, tables and the key of templates, as the
 * product has them, delivering through an outbox over whatever brokers `urls` are.
 */
export async function openLoyaltyShop(folder: string, id: string, urls: readonly string[]) {
  mkdirSync(join(folder, id), { recursive: true });
  const boot = `b-${id}`;
  const own = gatewayId(id);
  let outbox: Awaited<ReturnType<typeof startGateway>>["outbox"] | null = null;
  const tell = (event: JourneyEvent): boolean => {
    const context = { gatewayId: own, storeId: storeId("shop1"), boot, hash: eventHash };
    outbox?.append(journeyEntry(event, { ...context, recordedAt: clock.now() }));
    return outbox !== null;
  };
  const anchor = () => anchorOf(clock, "synced");
  const consents = new ConsentDesk({
    ...{ path: join(folder, id, "consent.db"), gatewayId: own, boot, loyalty: settingOf(id) },
    time: { anchor, isAwaited: () => false, mono: () => clock.mono() },
    ...{ clock, log: SILENT_LOG, onEvent: tell, erasers: [] },
  });
  const loyalty = openLoyalty({
    ...{ root: "vitrine", gatewayId: own, storeGroup: GROUP, gate: consents.gate, boot },
    ...{ site: { receivers: [] }, anchor, clock, log: SILENT_LOG, nextDelayMs: 0 },
  });
  const key: { bytes: Buffer | null } = { bytes: null };
  const asker = new KeyAsker({
    ...{ root: "vitrine", gatewayId: own, clock, log: SILENT_LOG, random: () => 0.05 },
    fill: (bytes) => void randomFillSync(bytes),
    key: {
      deliver: (found) => {
        key.bytes = found === null ? null : Buffer.from(found);
      },
    },
  });
  const connected: string[] = [];
  const gateway = await startGateway({
    ...{ path: join(folder, `${id}.db`), url: urls, boot, id },
    log: {
      ...SILENT_LOG,
      info: ({ event, broker }) => {
        if (event === "mqtt.connected") connected.push(`mqtt://${String(broker)}`);
      },
    },
    attach: (link, opened) => {
      outbox = opened;
      consents.attach(link, "vitrine");
      loyalty.attach(link);
      asker.attach(link);
    },
  });
  await loyalty.start(new AbortController().signal);
  const timers = consents
    .chores()
    .map((chore) => clock.every(chore.periodMs, chore.name, chore.run));
  return {
    key,
    /** What the gateway makes of an app in its air now; null: a stranger. */
    matched(appKey: Uint8Array): string | null {
      const epoch = loyaltyEpoch(clock.now());
      const bytes = loyaltyId(appKey, { version: 1, storeGroup: GROUP, epoch, size: RID_BYTES });
      const spot = { bytes, from: 0, size: RID_BYTES, kind: "rid", txPower1mDbm: -59 } as const;
      const heard = { receiverId: receiverId("r"), rssiDbm: null, atMono: monoMs(clock.mono()) };
      return loyalty.members.memberOf(spot, heard)?.id ?? null;
    },
    /** Members in the tables of now. */
    held: (): number => Number(loyalty.texts().find(([label]) => label === "identifiers now")?.[1]),
    /** Places in `urls` of the node that it is on. */
    node: (): number => urls.indexOf(connected.at(-1) ?? ""),
    isConnected: (): boolean => gateway.link.state.kind === "connected",
    async close(): Promise<void> {
      for (const timer of timers) timer.cancel();
      asker.close();
      await loyalty[Symbol.asyncDispose]();
      await gateway.stop();
      consents.close();
    },
  };
}
