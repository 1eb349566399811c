import { BoundedMap } from "../../core/bounded-map.ts";
import type { EpochMs, GatewayId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { describeFaults, GatewayError } from "../../core/errors.ts";
import { eventHash } from "../../io/mqtt/event-hash.ts";
import type { Link } from "../../io/mqtt/link.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { LARGEST_PAYLOAD_BYTES, parseMessage, parsePeerMessage } from "../../wire/envelopes.ts";
import {
  type CommandMessage,
  type DesiredDocument,
  type DesiredMessage,
  desiredSchema,
  documentHash,
  type Order,
  type ReportedMessage,
  reportedSchema,
} from "../../wire/fleet-messages.ts";
import { healthSchema } from "../../wire/health-message.ts";
import { plainTopic } from "../../wire/topics.ts";
import type { Admitted, Gate } from "../gate.ts";
import type { CentralStore, DocumentKey } from "../repository.ts";
import { readReportedPlan } from "../rollups/store-plans.ts";

/** What the desk needs of the store. */
export type FleetStore = Pick<
  CentralStore,
  "document" | "saveDocument" | "changeDocument" | "audit" | "home" | "claimHome"
>;

export interface FleetDeskOptions {
  readonly repository: FleetStore;
  /** What messages pass before, shared with the ingest. */
  readonly gate: Gate;
  /** What the gate listens to. */
  readonly link: Link;
  readonly root: string;
  /** Name of this life of the centre; commands are numbered within it. */
  readonly run: string;
  readonly clock: Clock;
}

/** What came in since the start. */
export interface FleetCounts {
  readonly health: number;
  readonly reported: number;
  readonly quarantined: number;
  /** Wishes sent again because a gateway did not have them. */
  readonly repeated: number;
}

/** Who wishes, for the audit log, and until when a gateway may begin with it. */
export interface WishTerms {
  /** Name of a key or a person's role; never a person. */
  readonly actor: string;
  readonly notAfter: EpochMs | null;
}

/** A command on its way. */
export interface CommandTerms {
  readonly actor: string;
  /** How long it may wait for the gateway. */
  readonly goodForMs: number;
}

const RETAINED = { qos: 1, retain: true } as const;
/** Others may wish for the same gateway meanwhile, each time one gets through: so often a wish is numbered anew. */
const TRIES = 50;
/** Gateways whose last version sent is remembered; those longest without a wish are forgotten. */
const SENT = 20_000;

/**
 * The centre's end of the fleet: keeps what gateways tell of themselves as documents (`health` and `reported` by
 * gateway, `site` by store and gateway), and what is wished of them (`desired`). A wish is numbered and kept by the store before it is
 * sent, and sent again to a gateway that reports another one, so a broker that forgets everything loses none.
 */
export class FleetDesk {
  readonly #options: FleetDeskOptions;
  readonly #counts = { health: 0, reported: 0, quarantined: 0, repeated: 0 };
  readonly #sent = new BoundedMap<GatewayId, number>({ cap: SENT, idleMs: Number.MAX_VALUE });
  #commands = 0;

  constructor(options: FleetDeskOptions) {
    this.#options = options;
    options.gate.open("up/health", (message) => this.#takeHealth(message));
    options.gate.open("up/reported", (message) => this.#takeReported(message));
  }

  get counts(): FleetCounts {
    return { ...this.#counts };
  }

  /**
   * Wishes a configuration of a gateway; the document is the whole wish. The same document again is the same wish,
   * unless the gateway refused it or took it back: then it is to be tried again.
   * @throws MESSAGE_INVALID when it is no wish or too large; STORE_FAILED
   */
  async setDesired(
    gateway: GatewayId,
    document: DesiredDocument,
    terms: WishTerms,
  ): Promise<DesiredMessage> {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const wish = await this.#wish(gateway, document, terms);
      if (wish !== null) {
        this.#publishDesired(gateway, wish);
        return wish;
      }
    }
    throw new GatewayError("STORE_FAILED", "others keep changing the wish of this gateway");
  }

  /** The wish that stands for a gateway; null when there is none. @throws STORE_FAILED */
  async desired(gateway: GatewayId): Promise<DesiredMessage | null> {
    const row = await this.#options.repository.document(keyOf("desired", gateway));
    return row === null ? null : readWish(row.text);
  }

  /** What a gateway reported last; null when it never did. @throws STORE_FAILED */
  async reported(gateway: GatewayId): Promise<ReportedMessage | null> {
    const row = await this.#options.repository.document(keyOf("reported", gateway));
    const parsed = row === null ? null : parsePeerMessage(reportedSchema, row.text);
    return parsed?.ok ? parsed.value : null;
  }

  /**
   * Sends a command and returns its id; the answer comes with the gateway's next `reported`. A gateway that is away gets
   * it when it is back before the command expires, if its broker keeps sessions.
   * @throws BROKER_UNREACHABLE when it could not be sent, STORE_FAILED
   */
  async command(gateway: GatewayId, order: Order, terms: CommandTerms): Promise<string> {
    const { run, repository, clock } = this.#options;
    this.#commands += 1;
    const id = `${run}-${this.#commands}`;
    const at = clock.now();
    const command: CommandMessage = {
      ...{ v: 1, id, at: isoTime(at) },
      expiresAt: isoTime((at + terms.goodForMs) as EpochMs),
      command: order.name,
      arguments: order.arguments,
    };
    await repository.audit({
      ...{ at, actor: terms.actor, action: `command:${order.name}`, target: gateway, detail: id },
    });
    await this.#send(gateway, "down/cmd", command, false);
    return id;
  }

  /** The wish as it is kept, under the next version; null when another was kept meanwhile. */
  async #wish(
    gateway: GatewayId,
    document: DesiredDocument,
    { actor, notAfter }: WishTerms,
  ): Promise<DesiredMessage | null> {
    const { repository, clock } = this.#options;
    const key = keyOf("desired", gateway);
    const was = (await repository.document(key))?.text ?? null;
    const before = was === null ? null : readWish(was);
    const reported = await this.reported(gateway);
    const hash = documentHash(document, eventHash);
    const isRefused =
      reported?.hash === hash && (reported.status === "reverted" || reported.status === "rejected");
    if (before !== null && before.hash === hash && !isRefused) return before;
    const version = Math.max(before?.version ?? 0, reported?.version ?? 0) + 1;
    const until = notAfter === null ? null : isoTime(notAfter);
    const wish = checked({ v: 1, version, hash, notAfter: until, document });
    const detail = `version ${version}, ${hash}`;
    const entry = { at: clock.now(), actor, action: "config", target: gateway, detail };
    const isKept = await repository.changeDocument(key, { was, text: JSON.stringify(wish) }, entry);
    return isKept ? wish : null;
  }

  /**
   * When it cannot be sent now, the gateway's next report brings it on its way. Never one that is older than what was sent:
   * it would stay at the broker.
   */
  #publishDesired(gateway: GatewayId, wish: DesiredMessage): void {
    const { clock, link } = this.#options;
    if (wish.version < (this.#sent.peek(gateway) ?? 0)) return;
    this.#sent.set(gateway, wish.version, clock.mono());
    link.publish(this.#topic(gateway, "down/desired"), JSON.stringify(wish), RETAINED);
  }

  #send(
    gateway: GatewayId,
    channel: "down/cmd",
    message: CommandMessage,
    retain: boolean,
  ): Promise<void> {
    const topic = this.#topic(gateway, channel);
    return new Promise((resolve, reject) => {
      this.#options.link.publish(topic, JSON.stringify(message), { qos: 1, retain }, (cause) => {
        if (cause === null) resolve();
        else reject(new GatewayError("BROKER_UNREACHABLE", "the command was not sent", { cause }));
      });
    });
  }

  async #takeHealth({ gatewayId, text }: Admitted): Promise<void> {
    // An empty payload removes a retained message: nothing to note.
    if (text === "") return;
    const parsed = parsePeerMessage(healthSchema, text);
    if (!parsed.ok) return this.#setAside(gatewayId, "health", describeFaults(parsed.error), text);
    const { repository, clock } = this.#options;
    if (!(await this.#isOf(gatewayId, parsed.value.storeId)))
      return this.#setAside(gatewayId, "health", "health names another store", text);
    await repository.saveDocument(keyOf("health", gatewayId), text, clock.now());
    this.#counts.health += 1;
  }

  async #takeReported({ gatewayId, text }: Admitted): Promise<void> {
    if (text === "") return;
    const parsed = parsePeerMessage(reportedSchema, text);
    if (!parsed.ok)
      return this.#setAside(gatewayId, "reported", describeFaults(parsed.error), text);
    const { repository, clock } = this.#options;
    const { site, ...rest } = parsed.value;
    if (!(await this.#isOf(gatewayId, rest.storeId)))
      return this.#setAside(gatewayId, "reported", "the report names another store", text);
    const told = JSON.stringify({ ...rest, site: null });
    await repository.saveDocument(keyOf("reported", gatewayId), told, clock.now());
    this.#counts.reported += 1;
    if (site !== null) await this.#keepSite(gatewayId, rest.storeId, site);
    await this.#repeatDesired(gatewayId, parsed.value);
  }

  /** A gateway speaks for the store it first named, and for no other. */
  async #isOf(gateway: GatewayId, storeId: string): Promise<boolean> {
    const { repository } = this.#options;
    const home = await repository.home(gateway);
    return (home ?? (await repository.claimHome(gateway, storeId))) === storeId;
  }

  async #keepSite(
    gateway: GatewayId,
    storeId: string,
    site: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { repository, clock } = this.#options;
    const text = JSON.stringify(site);
    const read = readReportedPlan(storeId, site);
    if (!read.ok)
      return this.#setAside(gateway, "reported", `site plan: ${read.error.trim()}`, text);
    // Each gateway of a shop knows its own cameras: none may take another's plan away.
    const key = { kind: "site", owner: storeId, part: gateway };
    if ((await repository.document(key))?.text === text) return;
    await repository.saveDocument(key, text, clock.now());
  }

  /** The broker has lost the wish, or the gateway was away when it came: unless it has a newer one, send it again. */
  async #repeatDesired(gateway: GatewayId, reported: ReportedMessage): Promise<void> {
    const wish = await this.desired(gateway);
    if (wish === null || wish.hash === reported.hash) return;
    if (wish.hash === reported.inForce?.hash || wish.hash === reported.ignored?.hash) return;
    if (wish.version < (reported.version ?? 0)) return;
    this.#counts.repeated += 1;
    this.#publishDesired(gateway, wish);
  }

  async #setAside(
    gateway: GatewayId,
    kind: "health" | "reported",
    reason: string,
    text: string,
  ): Promise<void> {
    this.#counts.quarantined += 1;
    await this.#options.gate.aside.note(gateway, { kind, reason, text });
  }

  #topic(gateway: GatewayId, channel: "down/desired" | "down/cmd"): string {
    return plainTopic(this.#options.root, gateway, channel);
  }
}

const keyOf = (kind: string, owner: string): DocumentKey => ({ kind, owner, part: "" });

function readWish(text: string): DesiredMessage | null {
  const parsed = parseMessage(desiredSchema, text);
  return parsed.ok ? parsed.value : null;
}

/** A wish is written here and now: what it holds beyond the schema is a mistake. */
function checked(wish: DesiredMessage): DesiredMessage {
  const text = JSON.stringify(wish);
  const bytes = Buffer.byteLength(text);
  if (bytes > LARGEST_PAYLOAD_BYTES) {
    const message = `the configuration has ${bytes} bytes, at most ${LARGEST_PAYLOAD_BYTES} can be sent`;
    throw new GatewayError("MESSAGE_INVALID", message);
  }
  const parsed = parseMessage(desiredSchema, text);
  if (parsed.ok) return parsed.value;
  throw new GatewayError("MESSAGE_INVALID", describeFaults(parsed.error));
}
