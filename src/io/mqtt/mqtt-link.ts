import { connect, type IClientOptions, type MqttClient } from "mqtt";
import type { EpochMs } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { RetryOptions } from "../../core/retry.ts";
import { BrokerAddresses } from "./broker-addresses.ts";
import { HeldAcks } from "./held-acks.ts";
import {
  type GatewayLink,
  type LinkMessage,
  type LinkState,
  type MessageHandler,
  type PublishOptions,
  type SubscriptionNeed,
  topicMatches,
} from "./link.ts";
import { ReconnectPauses } from "./reconnect-pauses.ts";
import { TlsFiles } from "./tls-files.ts";

/** A retained message the broker sends when the connection is lost. */
export interface LastWill {
  readonly topic: string;
  readonly text: string;
}

export interface MqttLinkOptions {
  /** One address, or those of all nodes of a cluster: after each connection that failed or was lost comes the next. */
  readonly url: string | readonly string[];
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** False keeps subscriptions, and what comes by them, at the broker while away: the centre and the gateways. */
  readonly clean: boolean;
  /** Prefix of session names; a connection is called `<boot>-<n>`. */
  readonly boot: string;
  readonly will: ((session: string) => LastWill) | null;
  readonly retry?: RetryOptions;
  /** Messages of QoS 1 that may be in the handlers at the same time; absent = one after the other. */
  readonly overlap?: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

const RETRY: RetryOptions = { baseMs: 1000, capMs: 60_000, factor: 2, jitterRatio: 1 };
const STABLE_MS = 60_000;
const CONNECT_TIMEOUT_MS = 8000;
/** A node of a cluster without a majority may take connections and answer pings, and subscribe nobody. */
const SUBSCRIBE_TIMEOUT_MS = 15_000;
const KEEPALIVE_S = 30;
const RECEIVE_MAXIMUM = 64;
const LARGEST_SEND_QUOTA = 65_535;
const KEPT_SESSION_S = 604_800;
const CLOSE_DEADLINE_MS = 2000;
/** CONNACK codes with which a broker refuses MQTT 5: 3.1.1's "unacceptable version" and its successor. */
const VERSION_REFUSED = new Set([1, 132]);
/** CONNACK 3.1.1 codes 2..5 and MQTT 5 codes from 128 on. */
const isRefusal = (code: unknown): boolean =>
  typeof code === "number" && ((code >= 2 && code <= 5) || code >= 128);

interface Subscription {
  readonly filter: string;
  readonly handler: MessageHandler;
  readonly need: SubscriptionNeed;
}

/**
 * mqtt.js as a plain line: one client per connection, no queue, no store to replay, our own back-off with full
 * jitter. Speaks MQTT 5 and falls back to 3.1.1. A broker that is away is a state, never an exception.
 */
export class MqttLink implements GatewayLink, Service {
  readonly name = "mqtt link";
  readonly #options: MqttLinkOptions;
  readonly #handlers: Subscription[] = [];
  readonly #listeners: ((state: LinkState) => void)[] = [];
  readonly #pauses: ReconnectPauses;
  readonly #addresses: BrokerAddresses;
  #client: MqttClient | null = null;
  #state: LinkState;
  #timer: Timer | null = null;
  #stable: Timer | null = null;
  #version: 4 | 5 = 5;
  #connections = 0;
  #sendQuota = LARGEST_SEND_QUOTA;
  #isResumed = false;
  readonly #tls: TlsFiles;
  #disposed = false;

  constructor(options: MqttLinkOptions) {
    this.#options = options;
    this.#pauses = new ReconnectPauses(options.retry ?? RETRY, options.random);
    this.#tls = new TlsFiles(options);
    this.#addresses = new BrokerAddresses(options.url, options.random);
    this.#state = { kind: "offline", since: options.clock.now(), code: null };
  }

  get state(): LinkState {
    return this.#state;
  }

  get certificateUntil(): EpochMs | null {
    return this.#tls.certificateUntil;
  }

  /** Begins to connect and returns; the state tells how it went. @throws CONFIG_UNREADABLE for a missing TLS file */
  async start(signal: AbortSignal): Promise<void> {
    this.#tls.read();
    if (!signal.aborted) this.#open();
  }

  subscribe(filter: string, handler: MessageHandler, need: SubscriptionNeed = "needed"): void {
    this.#handlers.push({ filter, handler, need });
  }

  onState(listener: (state: LinkState) => void): void {
    this.#listeners.push(listener);
  }

  publish(
    topic: string,
    text: string,
    options: PublishOptions,
    onDone: (error: Error | null) => void = () => undefined,
  ): void {
    if (this.#client === null || this.#state.kind !== "connected") {
      onDone(new Error("the broker is not connected"));
      return;
    }
    this.#client.publish(topic, text, options, (error) => onDone(error ?? null));
  }

  drop(): void {
    this.#client?.end(true);
  }

  forward(): void {
    this.#pauses.forward();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#timer?.cancel();
    this.#stable?.cancel();
    const client = this.#client;
    this.#client = null;
    if (client === null) return;
    await new Promise<void>((resolve) => {
      const deadline = this.#options.clock.after(CLOSE_DEADLINE_MS, "mqtt close", () => {
        client.end(true, {}, () => resolve());
      });
      client.end(!client.connected, {}, () => {
        deadline.cancel();
        resolve();
      });
    });
  }

  #open(): void {
    if (this.#disposed) return;
    this.#connections += 1;
    const session = `${this.#options.boot}-${this.#connections}`;
    const client = connect(this.#addresses.url, this.#clientOptions(session));
    this.#client = client;
    let failure: unknown = null;
    let isAnswered = false;
    const { overlap } = this.#options;
    const acks = overlap === undefined ? null : new HeldAcks(client, overlap);
    client.handleMessage = (packet, step): void => {
      const text = packet.payload.toString("utf8");
      const { messageId } = packet;
      const isHeld = packet.qos === 1 && messageId !== undefined;
      const done = acks !== null && isHeld ? acks.hold(messageId, step) : step;
      this.#dispatch(client, { topic: packet.topic, text, retained: packet.retain }, done);
    };
    client.on("error", (error) => {
      failure = error;
    });
    client.on("connect", ({ properties, sessionPresent }) => {
      isAnswered = true;
      this.#isResumed = sessionPresent;
      this.#sendQuota = properties?.receiveMaximum ?? LARGEST_SEND_QUOTA;
      this.#subscribeAll(client, session);
    });
    client.on("close", () => {
      if (this.#client === client) this.#lost(client, failure, isAnswered);
    });
  }

  /** With the files as they are now; while they are being replaced, with those that were read before. */
  #reopen(): void {
    try {
      this.#tls.read();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const fields = { event: "mqtt.tls-unread", code: error.code };
      this.#options.log.warn(
        fields,
        `${error.message}; the connection is made with the former one`,
      );
    }
    this.#open();
  }

  #clientOptions(session: string): IClientOptions {
    const { clientId, clean, username, password, will } = this.#options;
    const last = will?.(session) ?? null;
    return {
      clientId,
      clean,
      protocolVersion: this.#version,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: KEEPALIVE_S,
      queueQoSZero: false,
      resubscribe: false,
      ...this.#tls.contents,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(last === null
        ? {}
        : { will: { topic: last.topic, payload: Buffer.from(last.text), qos: 1, retain: true } }),
      ...(this.#version === 5
        ? {
            properties: {
              sessionExpiryInterval: clean ? 0 : KEPT_SESSION_S,
              receiveMaximum: Math.max(RECEIVE_MAXIMUM, this.#options.overlap ?? 0),
            },
          }
        : {}),
    };
  }

  #subscribeAll(client: MqttClient, session: string): void {
    const needed = this.#handlers.filter(({ need }) => need === "needed");
    const topics = Object.fromEntries(needed.map(({ filter }) => [filter, { qos: 1 as const }]));
    const ready = (): void => {
      if (this.#client !== client || !client.connected) return;
      this.#setState({
        kind: "connected",
        since: this.#options.clock.now(),
        protocolVersion: this.#version,
        session,
        sendQuota: this.#sendQuota,
        isResumed: this.#isResumed,
      });
      this.#stable = this.#options.clock.after(STABLE_MS, "mqtt stable", () => {
        this.#pauses.lasted();
      });
    };
    this.#subscribeWished(client);
    if (needed.length === 0) {
      ready();
      return;
    }
    const unanswered = this.#options.clock.after(SUBSCRIBE_TIMEOUT_MS, "mqtt subscribe", () => {
      this.#options.log.warn(
        { event: "mqtt.subscribe-unanswered", code: "BROKER_UNREACHABLE" },
        "the broker does not answer a subscription; the connection is given up",
      );
      client.end(true);
    });
    client.once("close", () => unanswered.cancel());
    client.subscribe(topics, (error, granted) => {
      unanswered.cancel();
      const refused = granted?.find((grant) => grant.qos === 128);
      if (error === null && refused === undefined) {
        ready();
        return;
      }
      this.#warnRefused(refused?.topic);
      client.end(true);
    });
  }

  /** Each by itself, and before the needed ones, so that they stand when these do. */
  #subscribeWished(client: MqttClient): void {
    const wished = this.#handlers.filter(({ need }) => need === "wished");
    for (const filter of new Set(wished.map((one) => one.filter))) {
      client.subscribe(filter, { qos: 1 }, (error) => {
        if (error !== null && client.connected) this.#warnRefused(filter);
      });
    }
  }

  #warnRefused(filter: string | undefined): void {
    this.#options.log.warn(
      { event: "mqtt.subscribe-refused", code: "BROKER_REFUSED", filter },
      "the broker refused a subscription",
    );
  }

  #dispatch(client: MqttClient, message: LinkMessage, done: (error?: Error) => void): void {
    const running = this.#handlers
      .filter(({ filter }) => topicMatches(filter, message.topic))
      .map(({ handler }) => handler(message))
      .filter((outcome) => outcome instanceof Promise);
    if (running.length === 0) {
      done();
      return;
    }
    Promise.all(running).then(
      () => done(),
      (error: unknown) => {
        // Unacknowledged, the message comes again on the next connection of a kept session.
        this.#options.log.warn(
          { event: "mqtt.handler-failed", code: codeOf(error), topic: message.topic },
          "a message could not be handled; the connection is opened again",
        );
        client.end(true);
      },
    );
  }

  #lost(client: MqttClient, failure: unknown, isAnswered: boolean): void {
    this.#stable?.cancel();
    this.#client = null;
    client.end(true);
    const isVersionRefused = !isAnswered && VERSION_REFUSED.has(Number(reasonOf(failure)));
    const isHungUpOn = !isAnswered && failure === null;
    const wasFive = this.#version === 5;
    const isVersionInDoubt = isVersionRefused || isHungUpOn;
    if (isVersionInDoubt) this.#version = wasFive ? 4 : 5;
    const pauseMs = isVersionRefused && wasFive ? 0 : this.#pauses.next();
    if (pauseMs > 0) this.#setOffline(failure);
    // A node that may only mind the version is asked in the older one before the next node is.
    if (!(isVersionInDoubt && wasFive)) this.#addresses.next();
    this.#timer = this.#options.clock.after(pauseMs, "mqtt reconnect", () => this.#reopen());
  }

  #setOffline(failure: unknown): void {
    const code: FaultCode = isRefusal(reasonOf(failure)) ? "BROKER_REFUSED" : "BROKER_UNREACHABLE";
    if (this.#state.kind === "offline" && this.#state.code === code) return;
    const reason = failure instanceof Error ? failure.message : "the connection was closed";
    const broker = this.#addresses.host;
    this.#options.log.warn(
      { event: "mqtt.offline", code, broker, reason },
      "the broker is not reachable",
    );
    this.#setState({ kind: "offline", since: this.#options.clock.now(), code });
  }

  #setState(state: LinkState): void {
    this.#state = state;
    if (state.kind === "connected") {
      const { protocolVersion, session } = state;
      this.#options.log.info(
        { event: "mqtt.connected", broker: this.#addresses.host, protocolVersion, session },
        "connected to the broker",
      );
    }
    for (const listener of this.#listeners) listener(state);
  }
}

function reasonOf(failure: unknown): unknown {
  return typeof failure === "object" && failure !== null && "code" in failure ? failure.code : null;
}

const codeOf = (error: unknown): string =>
  error instanceof GatewayError ? error.code : "STORE_FAILED";
