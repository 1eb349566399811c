import type { EpochMs, GatewayId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { describeFaults, GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { eventHash } from "../../io/mqtt/event-hash.ts";
import type { Link, LinkMessage } from "../../io/mqtt/link.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { LARGEST_PAYLOAD_BYTES, parseMessage } from "../../wire/envelopes.ts";
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
import { fleetFilter, parseTopic, plainTopic } from "../../wire/topics.ts";
import type { CentralStore } from "../repository.ts";

/** What the desk needs of the store. */
export type FleetStore = Pick<
  CentralStore,
  "document" | "documents" | "saveDocument" | "audit" | "quarantine" | "home"
>;

export interface FleetDeskOptions {
  readonly repository: FleetStore;
  /** Not yet started. */
  readonly link: Link;
  readonly root: string;
  /** Name of this life of the centre; commands are numbered within it. */
  readonly run: string;
  readonly clock: Clock;
  readonly log: Log;
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

/**
 * The centre's end of the fleet: keeps what gateways tell of themselves as documents (`health` and `reported` by
 * gateway, `site` by store), and what is wished of them (`desired`). A wish is kept before it is sent, and sent again to
 * a gateway that reports another one, so a broker that forgets everything loses none.
 */
export class FleetDesk {
  readonly #options: FleetDeskOptions;
  readonly #counts = { health: 0, reported: 0, quarantined: 0, repeated: 0 };
  #queue: Promise<unknown> = Promise.resolve();
  #commands = 0;

  constructor(options: FleetDeskOptions) {
    this.#options = options;
    const { link, root } = options;
    link.subscribe(fleetFilter(root, "up/health"), (message) => this.#takeHealth(message));
    link.subscribe(fleetFilter(root, "up/reported"), (message) => this.#takeReported(message));
  }

  get counts(): FleetCounts {
    return { ...this.#counts };
  }

  /**
   * Wishes a configuration of a gateway; the document is the whole wish. The same document again is the same wish,
   * unless the gateway refused it or took it back: then it is to be tried again. Wishes queue.
   * @throws MESSAGE_INVALID when it is no wish or too large; STORE_FAILED
   */
  setDesired(
    gateway: GatewayId,
    document: DesiredDocument,
    terms: WishTerms,
  ): Promise<DesiredMessage> {
    return this.#inTurn(() => this.#setDesired(gateway, document, terms));
  }

  /** The wish that stands for a gateway; null when there is none. @throws STORE_FAILED */
  async desired(gateway: GatewayId): Promise<DesiredMessage | null> {
    return await this.#stored("desired", gateway, desiredSchema);
  }

  /** What a gateway reported last; null when it never did. @throws STORE_FAILED */
  async reported(gateway: GatewayId): Promise<ReportedMessage | null> {
    return await this.#stored("reported", gateway, reportedSchema);
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

  async #setDesired(
    gateway: GatewayId,
    document: DesiredDocument,
    { actor, notAfter }: WishTerms,
  ): Promise<DesiredMessage> {
    const { repository, clock } = this.#options;
    const [before, reported] = [await this.desired(gateway), await this.reported(gateway)];
    const hash = documentHash(document, eventHash);
    const isRefused =
      reported?.hash === hash && (reported.status === "reverted" || reported.status === "rejected");
    if (before !== null && before.hash === hash && !isRefused) {
      this.#publishDesired(gateway, before);
      return before;
    }
    const version = Math.max(before?.version ?? 0, reported?.version ?? 0) + 1;
    const until = notAfter === null ? null : isoTime(notAfter);
    const wish = checked({ v: 1, version, hash, notAfter: until, document });
    const at = clock.now();
    const key = { kind: "desired", owner: gateway, part: "" };
    await repository.saveDocument(key, JSON.stringify(wish), at);
    const detail = `version ${version}, ${hash}`;
    await repository.audit({ at, actor, action: "config", target: gateway, detail });
    this.#publishDesired(gateway, wish);
    return wish;
  }

  /** When it cannot be sent now, the gateway's next report brings it on its way. */
  #publishDesired(gateway: GatewayId, wish: DesiredMessage): void {
    this.#options.link.publish(
      this.#topic(gateway, "down/desired"),
      JSON.stringify(wish),
      RETAINED,
    );
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

  async #takeHealth({ topic, text }: LinkMessage): Promise<void> {
    const gateway = this.#senderOf(topic);
    if (gateway === null || text === "") return;
    const parsed = parseMessage(healthSchema, text);
    if (!parsed.ok) return this.#setAside(gateway, describeFaults(parsed.error), text);
    this.#counts.health += 1;
    const key = { kind: "health", owner: gateway, part: "" };
    await this.#options.repository.saveDocument(key, text, this.#options.clock.now());
  }

  async #takeReported({ topic, text }: LinkMessage): Promise<void> {
    const gateway = this.#senderOf(topic);
    if (gateway === null || text === "") return;
    const parsed = parseMessage(reportedSchema, text);
    if (!parsed.ok) return this.#setAside(gateway, describeFaults(parsed.error), text);
    this.#counts.reported += 1;
    const { repository, clock } = this.#options;
    const { site, ...rest } = parsed.value;
    const key = { kind: "reported", owner: gateway, part: "" };
    await repository.saveDocument(key, JSON.stringify({ ...rest, site: null }), clock.now());
    if (site !== null) await this.#keepSite(gateway, rest.storeId, site);
    await this.#inTurn(() => this.#repeatDesired(gateway, parsed.value));
  }

  /** A gateway speaks for the store it is registered for, and for no other. */
  async #keepSite(
    gateway: GatewayId,
    storeId: string,
    site: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { repository, clock, log } = this.#options;
    const home = await repository.home(gateway);
    if (home !== storeId) {
      const fields = { event: "fleet.foreign-site", gatewayId: gateway, storeId };
      log.warn(fields, "a gateway sent the plan of a store it is not registered for");
      return;
    }
    const key = { kind: "site", owner: storeId, part: "" };
    const text = JSON.stringify(site);
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

  async #stored<T>(
    kind: "desired" | "reported",
    gateway: GatewayId,
    schema: Parameters<typeof parseMessage<T>>[0],
  ): Promise<T | null> {
    const row = await this.#options.repository.document({ kind, owner: gateway, part: "" });
    if (row === null) return null;
    const parsed = parseMessage(schema, row.text);
    return parsed.ok ? parsed.value : null;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #senderOf(topic: string): GatewayId | null {
    return parseTopic(this.#options.root, topic)?.gatewayId ?? null;
  }

  async #setAside(gateway: GatewayId, reason: string, text: string): Promise<void> {
    this.#counts.quarantined += 1;
    const { repository, clock } = this.#options;
    await repository.quarantine(gateway, reason, text, clock.now());
  }

  #topic(gateway: GatewayId, channel: "down/desired" | "down/cmd"): string {
    return plainTopic(this.#options.root, gateway, channel);
  }
}

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
