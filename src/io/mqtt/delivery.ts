import type { EpochMs, GatewayId, StoreId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { DeliveryStatus } from "../../core/delivery-status.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { JourneyEvent, SensorKind, SensorState } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { MetricScope, MetricValue } from "../../core/metric-value.ts";
import type { UnknownDevicesView } from "../../radio/unknown-devices.ts";
import { isoTime, UNMIRRORED_KINDS } from "../../wire/cloud-event.ts";
import type { DevicesMessage } from "../../wire/devices-message.ts";
import {
  ackSchema,
  type BirthMessage,
  type LiveMessage,
  parsePeerMessage,
} from "../../wire/envelopes.ts";
import { wireSchemaHash } from "../../wire/json-schemas.ts";
import { namedTopic, plainTopic } from "../../wire/topics.ts";
import { journeyEntry } from "../outbox/journey-entry.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { eventHash } from "./event-hash.ts";
import type { GatewayLink } from "./link.ts";
import type { LastWill } from "./mqtt-link.ts";
import { type DeadLine, SendWindow } from "./send-window.ts";

/** Who sends: fixed for one life of the gateway. */
export interface GatewayIdentity {
  readonly root: string;
  readonly gatewayId: GatewayId;
  readonly storeId: StoreId;
  /** Id of this life of the process, a topic level. */
  readonly boot: string;
  readonly versions: Readonly<Record<string, string>>;
}

let contractHash: string | null = null;

/** Fingerprint of this version's wire contract; made on first use, since it takes some milliseconds. */
function schemaHashOf(): string {
  contractHash ??= wireSchemaHash(eventHash);
  return contractHash;
}

/** A sensor as the birth message lists it. */
export interface BirthSensor {
  readonly id: string;
  readonly kind: SensorKind;
  readonly state: SensorState;
}

export interface DeliveryOptions {
  readonly identity: GatewayIdentity;
  readonly outbox: Outbox;
  /** null when no broker is configured: events wait in the outbox. */
  readonly link: GatewayLink | null;
  readonly sensors: () => readonly BirthSensor[];
  /** Whether the wall clock was never set and somebody is about to set it; absent = no. */
  readonly isClockAwaited?: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const TICK_MS = 1000;
const FAREWELL_MS = 1500;
/** How long a backlog waits for the centre's first word over a connection. */
const GREETING_MS = 2000;

/** Builds the birth message of a connection; with `online: false` it is the farewell and the last will. Pure. */
export function birthMessage(
  identity: GatewayIdentity,
  epoch: string,
  session: string,
  online: boolean,
  sensors: readonly BirthSensor[],
): BirthMessage {
  const { boot, storeId, versions } = identity;
  const schemaHash = schemaHashOf();
  return {
    v: 1,
    online,
    session,
    boot,
    storeId,
    epoch,
    versions,
    schemaHash,
    sensors: [...sensors],
  };
}

/** Builds the last will of a gateway's connection: its birth, offline, under the same session. Pure. */
export function gatewayWill(identity: GatewayIdentity, epoch: string, session: string): LastWill {
  return {
    topic: plainTopic(identity.root, identity.gatewayId, "up/birth"),
    text: JSON.stringify(birthMessage(identity, epoch, session, false, [])),
  };
}

/**
 * Takes journey events into the outbox and brings them to the centre. Also mirrors each accepted event on
 * `event/<kind>` and publishes live values, both best effort.
 */
export class Delivery implements Service {
  readonly name = "delivery";
  /** Called when the status may have changed. */
  onChange: () => void = () => undefined;
  readonly #options: DeliveryOptions;
  readonly #window: SendWindow;
  #ticker: Timer | null = null;
  /** Opens the window; null once it is open, and while there is no connection. */
  #greeting: { readonly open: () => void; readonly deadline: Timer } | null = null;
  #state: DeliveryStatus["state"];
  #since: EpochMs;
  #lastAckAt: EpochMs | null = null;
  #isAcked = false;
  #badAcks = 0;
  #dropped = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#state = options.link === null ? "off" : "offline";
    this.#since = options.clock.now();
    const { gatewayId, storeId, boot } = options.identity;
    this.#window = new SendWindow({
      outbox: options.outbox,
      clock: options.clock,
      gatewayId,
      storeId,
      boot,
      hash: eventHash,
      send: (text, onDone) => {
        const qos1 = { qos: 1, retain: false } as const;
        options.link?.publish(this.#topic("up/ev"), text, qos1, onDone);
      },
      onEpoch: () => this.#announce(true),
      onDead: (why) => this.#drop(why),
      isClockUnset: () => options.isClockAwaited?.() ?? false,
    });
    options.outbox.onState = () => this.#refresh();
    options.link?.subscribe(this.#topic("down/ack"), (message) => this.#takeAck(message.text));
    options.link?.onState((state) => {
      this.#isAcked = false;
      if (state.kind === "connected") {
        this.#announce(true);
        this.#greet(state.sendQuota);
      } else {
        this.#greeting?.deadline.cancel();
        this.#greeting = null;
        this.#window.close();
      }
      this.#refresh();
    });
  }

  async start(_signal: AbortSignal): Promise<void> {
    if (this.#options.link === null) return;
    this.#ticker ??= this.#options.clock.every(TICK_MS, "delivery tick", () => {
      this.#window.tick();
      this.#refresh();
    });
  }

  /**
   * Takes an event on its way: false when it was refused because memory and disk are full (it is then accounted for
   * in a gap record). After the commit it is mirrored and sent.
   */
  record(event: JourneyEvent): boolean {
    const { outbox, clock, identity } = this.#options;
    const entry = journeyEntry(event, { ...identity, recordedAt: clock.now(), hash: eventHash });
    const stream = this.#window.streamFor(entry.stream);
    return outbox.append({ ...entry, stream }, () => {
      if (!UNMIRRORED_KINDS.has(event.kind))
        this.#publishVolatile(this.#named("event", event.kind), entry.body, false);
      this.#window.pump();
    });
  }

  /** Connections given up since the start because nobody answered over them. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Publishes the latest values of the store, a zone or a line, retained; dropped while offline. */
  publishLive(scope: MetricScope, values: readonly MetricValue[]): void {
    const message: LiveMessage = { v: 1, at: isoTime(this.#options.clock.now()), values };
    if (scope.kind === "zone-pair") throw new TypeError("a pair of zones has no live topic");
    const name = scope.kind === "store" ? "store" : `${scope.kind}-${scope.id}`;
    this.#publishVolatile(this.#named("live", name), JSON.stringify(message), true);
  }

  /** Publishes how many unregistered devices are near, retained; dropped while offline. Only ever a group. */
  publishDevices({ count: devices, minGroup }: UnknownDevicesView): void {
    const at = isoTime(this.#options.clock.now());
    const message: DevicesMessage = { v: 1, at, devices, minGroup };
    this.#publishVolatile(this.#named("live", "devices"), JSON.stringify(message), true);
  }

  /** Publishes the birth again: after a sensor changed its state. Dropped while offline. */
  announce(): void {
    this.#announce(true);
  }

  status(): DeliveryStatus {
    const stats = this.#options.outbox.stats();
    const oldest = stats.oldestRecordedAt;
    return {
      state: this.#state,
      since: this.#since,
      code: this.#code(),
      outboxEvents: stats.waiting + stats.pending,
      outboxBytes: stats.bytes,
      outboxCapBytes: stats.capBytes,
      oldestAgeMs: oldest === null ? null : Math.max(0, this.#options.clock.now() - oldest),
      lastAckAt: this.#lastAckAt,
      shedEvents: stats.shed + stats.refused,
    };
  }

  /** Commits what is pending and says farewell; the link and the outbox are closed by their owner afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ticker?.cancel();
    this.#ticker = null;
    this.#greeting?.deadline.cancel();
    this.#greeting = null;
    this.#options.outbox.flush();
    if (this.#options.link?.state.kind !== "connected") return;
    await new Promise<void>((resolve) => {
      const deadline = this.#options.clock.after(FAREWELL_MS, "farewell", resolve);
      this.#announce(false, () => {
        deadline.cancel();
        resolve();
      });
    });
    this.#window.close();
  }

  #announce(online: boolean, onDone?: () => void): void {
    const { link, identity, outbox, sensors } = this.#options;
    if (link?.state.kind !== "connected") {
      onDone?.();
      return;
    }
    const birth = birthMessage(identity, outbox.epoch, link.state.session, online, sensors());
    const text = JSON.stringify(birth);
    link.publish(this.#topic("up/birth"), text, { qos: 1, retain: true }, onDone);
  }

  /**
   * Numbers that were never sent go out only after the centre has said where it stands: when it stands beyond them, this
   * outbox is an old copy, and once they are sent that can no longer be told. A centre that is away is not waited for.
   */
  #greet(quota: number | undefined): void {
    const open = (): void => {
      this.#greeting?.deadline.cancel();
      this.#greeting = null;
      this.#window.open(quota);
    };
    this.#greeting?.deadline.cancel();
    const deadline = this.#options.clock.after(GREETING_MS, "greeting", open);
    this.#greeting = { open, deadline };
    if (!this.#options.outbox.hasUnsent) open();
  }

  #takeAck(text: string): void {
    const ack = parsePeerMessage(ackSchema, text);
    if (!ack.ok) {
      this.#badAcks += 1;
      this.#options.log.warn(
        {
          event: "delivery.ack-invalid",
          code: "MESSAGE_INVALID",
          count: this.#badAcks,
          faults: ack.error,
        },
        "an acknowledgement could not be read",
      );
      return;
    }
    if (!this.#window.take(ack.value)) return;
    this.#greeting?.open();
    this.#isAcked = true;
    this.#lastAckAt = this.#options.clock.now();
    this.#options.link?.forward();
    this.#refresh();
  }

  #drop(why: DeadLine): void {
    this.#dropped += 1;
    this.#options.log.warn(
      { event: "delivery.line-dead", code: "ACK_STALLED", why, count: this.#dropped },
      "nobody answers over the connection; it is begun anew",
    );
    this.#options.link?.drop();
  }

  #publishVolatile(topic: string, text: string, retain: boolean): void {
    const { link } = this.#options;
    if (link?.state.kind === "connected") link.publish(topic, text, { qos: 0, retain });
  }

  #refresh(): void {
    const state = this.#judge();
    if (state !== this.#state) {
      this.#state = state;
      this.#since = this.#options.clock.now();
      const code = this.#code();
      this.#options.log.info({ event: "delivery.state", state, code }, `delivery is ${state}`);
    }
    this.onChange();
  }

  #judge(): DeliveryStatus["state"] {
    const { link } = this.#options;
    if (link === null) return "off";
    if (link.state.kind === "offline") return "offline";
    return this.#isAcked && !this.#window.isStalled ? "acked" : "connected";
  }

  #code(): FaultCode | null {
    const { link, outbox } = this.#options;
    if (outbox.state.kind === "fault") return outbox.state.code;
    if (link?.state.kind === "offline") return link.state.code;
    return this.#window.isStalled ? "ACK_STALLED" : null;
  }

  #topic(channel: "up/ev" | "up/birth" | "down/ack"): string {
    return plainTopic(this.#options.identity.root, this.#options.identity.gatewayId, channel);
  }

  #named(channel: "event" | "live", name: string): string {
    return namedTopic(this.#options.identity.root, this.#options.identity.gatewayId, channel, name);
  }
}
