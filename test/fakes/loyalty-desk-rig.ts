import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { addKey } from "../../src/central/api/api-keys.ts";
import { createApi } from "../../src/central/api/create-api.ts";
import { LoyaltyDesk } from "../../src/central/loyalty/loyalty-desk.ts";
import { tapCommits } from "../../src/central/loyalty/tap-commits.ts";
import type { CentralStore } from "../../src/central/repository.ts";
import { StorePlans } from "../../src/central/rollups/store-plans.ts";
import { SqliteStore } from "../../src/central/sqlite/sqlite-store.ts";
import { epochMs, gatewayId, type SubjectRef, storeId, tenantId } from "../../src/core/brand.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import { type Log, SILENT_LOG } from "../../src/core/lifecycle.ts";
import { eventHash } from "../../src/io/mqtt/event-hash.ts";
import type { Link, LinkState, MessageHandler } from "../../src/io/mqtt/link.ts";
import { LoyaltyKeys } from "../../src/privacy/loyalty/loyalty-keys.ts";
import { memberPseudonym, pseudonymTag } from "../../src/privacy/loyalty/pseudonym.ts";
import { toCloudEvent } from "../../src/wire/cloud-event.ts";
import { FakeClock } from "./fake-clock.ts";
import { apiConsent, HookReceiver, loyaltySetting } from "./loyalty-centre.ts";

export const START = 1_780_000_000_000;

/** A line to a broker that is always there; what is sent is kept. */
class OpenLink implements Link {
  readonly state: LinkState = {
    ...{ kind: "connected", since: epochMs(0), protocolVersion: 5, session: "s" },
  };
  readonly sent: { topic: string; text: string }[] = [];
  publish(topic: string, text: string): void {
    this.sent.push({ topic, text });
  }
  subscribe(_filter: string, _handler: MessageHandler): void {}
  onState(): void {}
}

/** A centre with loyalty on SQLite, its API and one gateway for each store, without a network. */
export class LoyaltyDeskRig {
  readonly clock: FakeClock;
  readonly folder: string;
  readonly keys: Record<string, string> = {};
  readonly store: CentralStore;
  readonly desk: LoyaltyDesk;
  readonly api: FastifyInstance;
  readonly link: Link;
  /** The store itself, without the desk before it. */
  readonly bare: SqliteStore;
  readonly #seqs = new Map<string, number>();

  private constructor(
    parts: Pick<LoyaltyDeskRig, "store" | "desk" | "api" | "clock" | "folder" | "link" | "bare">,
  ) {
    this.link = parts.link;
    this.bare = parts.bare;
    this.store = parts.store;
    this.desk = parts.desk;
    this.api = parts.api;
    this.clock = parts.clock;
    this.folder = parts.folder;
  }

  static async open(
    webhooks: readonly object[] = [],
    log: Log = SILENT_LOG,
  ): Promise<LoyaltyDeskRig> {
    const folder = mkdtempSync(join(tmpdir(), "vitrine-loyalty-desk-"));
    const bare = new SqliteStore(":memory:");
    const clock = new FakeClock({ epoch: START });
    const link = new OpenLink();
    const desk = await LoyaltyDesk.open({
      ...loyaltySetting(folder, webhooks),
      ...{ store: bare, root: "vitrine", link, clock, log, random: () => 0.5 },
    });
    const store = tapCommits(bare, desk);
    const api = await createApi({
      ...{ repository: store, metricsOf: null, fleet: null, clock, page: null, token: "t0p" },
      ...{ isOpen: false, requestsPerMinute: 1_000, loyalty: desk },
      plans: new StorePlans({ files: [], repository: store, log: SILENT_LOG }),
      linkState: () => link.state,
    });
    const rig = new LoyaltyDeskRig({ store, desk, api, clock, folder, link, bare });
    for (const name of ["crm", "rival", "reader"])
      rig.keys[name] = await addKey(
        bare,
        name,
        name === "reader" ? ["loyalty"] : ["loyalty", "loyalty:write"],
        clock.now(),
      );
    return rig;
  }

  async ask(
    path: string,
    body: object | null,
    key = "crm",
    method: "POST" | "PUT" = "POST",
  ): Promise<{ status: number; json: Record<string, unknown> }> {
    const answer = await this.api.inject({
      ...{ method: body === null ? "GET" : method, url: `/api/v1/loyalty${path}` },
      headers: { authorization: `Bearer ${this.keys[key] ?? key}` },
      ...(body === null ? {} : { payload: body }),
    });
    return { status: answer.statusCode, json: answer.json() as Record<string, unknown> };
  }

  /** Registers a customer of acme and says what north's stores call her. */
  async member(customer = "ada", purpose = "loyalty-beacon", who = "acme", key = "crm") {
    const body = { tenantId: who, customer, withApp: true, consent: apiConsent(purpose) };
    const { status, json } = await this.ask("/members", body, key);
    if (status !== 200) throw new Error(JSON.stringify(json));
    const found = this.desk.members.byCustomer(tenantId(who), customer);
    if (found === null) throw new Error("no such member");
    const { subject } = found;
    return { subject, name: String(json["member"]), card: this.cardOf(subject, who) };
  }

  cardOf(subject: SubjectRef, who = "acme"): string {
    const key = new LoyaltyKeys(new Uint8Array(32).fill(7)).pseudonymKey(tenantId(who));
    return pseudonymTag(memberPseudonym(key, who === "acme" ? "north" : "south", subject));
  }

  /** A gateway of a store sends events; they are committed as the ingest does it. */
  async send(shop: string, ...events: readonly JourneyEvent[]): Promise<void> {
    const id = `gw-${shop}`;
    const context = {
      gatewayId: gatewayId(id),
      storeId: storeId(shop),
      boot: "b",
      hash: eventHash,
    };
    const first = (this.#seqs.get(id) ?? 0) + 1;
    this.#seqs.set(id, first + events.length - 1);
    const records = events.map((event) => {
      const cloud = toCloudEvent(event, { ...context, recordedAt: this.clock.now() });
      const [at, body] = [event.at, JSON.stringify(cloud)];
      return { kind: "event" as const, storeId: shop, at, id: cloud.id, type: cloud.type, body };
    });
    await this.store.commit([
      {
        ...{ gatewayId: id, epoch: "e", stream: "journey", first, receivedAt: this.clock.now() },
        ...{ storeId: shop, records },
      },
    ]);
  }

  /** Sends what is due and waits until it is told. */
  async tell(): Promise<void> {
    this.desk.sender.advance();
    await this.desk.sender.settled();
  }

  async close(): Promise<void> {
    await this.api.close();
    await this.desk[Symbol.asyncDispose]();
    await this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A desk whose tenant tells one receiver, which runs; whoever opens them ends both. */
export async function openToldDesk(): Promise<{
  readonly rig: LoyaltyDeskRig;
  readonly receiver: HookReceiver;
}> {
  const receiver = new HookReceiver();
  const url = await receiver.start();
  const hook = { id: "crm", url, keyId: "k1", secretFile: "x", allowPrivate: true };
  return { rig: await LoyaltyDeskRig.open([hook]), receiver };
}
