import { type EpochMs, epochMs, type MonoMs } from "../core/brand.ts";
import type { TimeAnchor } from "../core/clock.ts";
import type { DeliveryStatus } from "../core/delivery-status.ts";
import type { SensorState } from "../core/events.ts";
import { isoTime } from "../wire/cloud-event.ts";
import type { ConsentHealth, HealthMessage } from "../wire/health-message.ts";
import { WriteMeter } from "./write-meter.ts";

/** Numbers that a sensor tells about itself; a sensor without them tells its state only. */
export type SensorVitals =
  | { readonly kind: "camera"; readonly fps: number | null; readonly lastFrameAgeMs: number | null }
  | {
      readonly kind: "receiver";
      readonly advertsPerSecond: number;
      readonly lastHeardAgeMs: number | null;
    };

/** A sensor as it stands. */
export interface SensorReading {
  readonly id: string;
  readonly kind: "camera" | "radio";
  readonly state: SensorState;
  readonly code: string | null;
  readonly vitals: SensorVitals | null;
}

/** Stream positions of the outbox. */
export interface StreamReading {
  readonly stream: string;
  /** Highest number on the disk, and highest acknowledged. */
  readonly committed: number;
  readonly acked: number;
  /** Events that will never come, by reason. */
  readonly shed: Readonly<Record<string, number>>;
}

/** What the machine tells; null where it does not. */
export interface BoardReading {
  readonly freeBytes: number | null;
  /** What the process wrote since its start. */
  readonly writtenBytes: number | null;
  readonly temperatureC: number | null;
  readonly throttledBits: number | null;
}

/** What the process tells. */
export interface ProcessReading {
  readonly rssBytes: number;
  /** Processor time since the start of the process. */
  readonly cpuMs: number;
  /** Longest delay of the event loop since the reading before; null where it is not measured. */
  readonly loopLagMs: number | null;
}

/** One reading of everything, taken at one instant. */
export interface HealthReading {
  readonly anchor: TimeAnchor;
  /** Absent where loyalty is off. */
  readonly consent?: ConsentHealth | undefined;
  readonly delivery: DeliveryStatus;
  readonly reconnects: number;
  /** Connections given up because nobody answered over them. */
  readonly linesGivenUp: number;
  /** When the certificate for the broker ends; null: there is none. */
  readonly certificateUntil: EpochMs | null;
  /** Longest time that a commit to the disk took since the reading before; null when there was none. */
  readonly commitMs: number | null;
  readonly streams: readonly StreamReading[];
  /** What the outbox's file took over of one that it replaced; null when it did not replace any. */
  readonly replaced: {
    readonly at: number;
    readonly salvaged: number;
    readonly unreadable: number;
  } | null;
  readonly sensors: readonly SensorReading[];
  readonly board: BoardReading;
  readonly process: ProcessReading;
}

/** What does not change in one life of a gateway. */
export interface HealthIdentity {
  readonly boot: string;
  readonly storeId: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly configHash: string;
  readonly budgetBytes: number;
}

interface Before {
  readonly mono: MonoMs;
  readonly cpuMs: number;
}

/** Makes health messages of readings; holds what lies between two of them. */
export class HealthKeeper {
  readonly #identity: HealthIdentity;
  readonly #start: TimeAnchor;
  #before: Before;
  readonly #written: WriteMeter;

  /** `written` counts what earlier lives wrote today as well; absent = only this one. */
  constructor(identity: HealthIdentity, start: TimeAnchor, written = new WriteMeter(null)) {
    this.#identity = identity;
    this.#start = start;
    this.#before = { mono: start.mono, cpuMs: 0 };
    this.#written = written;
  }

  /** The message of one reading; readings are handed in in the order of their time. */
  message(reading: HealthReading): HealthMessage {
    const { anchor, board, consent } = reading;
    const { boot, storeId, versions, configHash, budgetBytes } = this.#identity;
    return {
      ...{ v: 1, at: isoTime(anchor.epoch), boot, storeId },
      upMs: Math.max(0, anchor.mono - this.#start.mono),
      versions: { ...versions },
      configHash,
      clock: { state: anchor.clock, offsetMs: this.#offsetMs(anchor) },
      delivery: deliveryOf(reading),
      outbox: outboxOf(reading),
      disk: {
        freeBytes: board.freeBytes,
        writtenBytes: this.#written.today(anchor.epoch, board.writtenBytes),
        budgetBytes,
      },
      process: this.#process(anchor.mono, reading.process),
      board: { temperatureC: board.temperatureC, throttledBits: board.throttledBits },
      ...(consent === undefined ? {} : { consent }),
      ...sensorsOf(reading.sensors),
    };
  }

  #offsetMs(anchor: TimeAnchor): number {
    return Math.round(anchor.epoch - this.#start.epoch - (anchor.mono - this.#start.mono));
  }

  #process(mono: MonoMs, reading: ProcessReading): HealthMessage["process"] {
    const { rssBytes, cpuMs, loopLagMs } = reading;
    const spanMs = mono - this.#before.mono;
    const cpuShare = spanMs <= 0 ? null : Math.max(0, (cpuMs - this.#before.cpuMs) / spanMs);
    this.#before = { mono, cpuMs };
    return { rssBytes, cpuShare, loopLagMs };
  }
}

function deliveryOf(reading: HealthReading): HealthMessage["delivery"] {
  const { delivery, reconnects, linesGivenUp, certificateUntil, anchor } = reading;
  const { state, code, lastAckAt, outboxEvents, oldestAgeMs } = delivery;
  const lastAckAgeMs = lastAckAt === null ? null : Math.max(0, anchor.epoch - lastAckAt);
  // Nothing can be acknowledged before it was there, so a quiet hour is no lag.
  const waits = outboxEvents > 0;
  const ackLagMs = waits ? leastOf(lastAckAgeMs, oldestAgeMs) : 0;
  return {
    ...{ state, code, reconnects, linesGivenUp, lastAckAgeMs, ackLagMs },
    ...(certificateUntil === null ? {} : { certificateUntil: isoTime(certificateUntil) }),
  };
}

const leastOf = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b);

function outboxOf(reading: HealthReading): HealthMessage["outbox"] {
  const { delivery, commitMs, streams, replaced } = reading;
  const shed = streams.filter((one) => Object.values(one.shed).some((events) => events > 0));
  return {
    events: delivery.outboxEvents,
    bytes: delivery.outboxBytes,
    capBytes: delivery.outboxCapBytes,
    oldestAgeMs: delivery.oldestAgeMs,
    commitMs,
    committed: Object.fromEntries(streams.map(({ stream, committed }) => [stream, committed])),
    acked: Object.fromEntries(streams.map(({ stream, acked }) => [stream, acked])),
    shed: Object.fromEntries(shed.map((one) => [one.stream, { ...one.shed }])),
    ...(replaced === null ? {} : { replaced: toldOf(replaced) }),
  };
}

function toldOf({ at, salvaged, unreadable }: NonNullable<HealthReading["replaced"]>): {
  at: string;
  salvaged: number;
  unreadable: number;
} {
  return { at: isoTime(epochMs(at)), salvaged, unreadable };
}

function sensorsOf(
  sensors: readonly SensorReading[],
): Pick<HealthMessage, "cameras" | "receivers"> {
  const cameras = sensors.filter(({ kind }) => kind === "camera");
  const receivers = sensors.filter(({ kind }) => kind === "radio");
  return {
    cameras: cameras.map(({ id, state, code, vitals }) => {
      const { fps, lastFrameAgeMs } =
        vitals?.kind === "camera" ? vitals : { fps: null, lastFrameAgeMs: null };
      return { id, state, code, fps, lastFrameAgeMs, isFrozen: code === "CAMERA_FROZEN" };
    }),
    receivers: receivers.map(({ id, state, code, vitals }) => {
      const { advertsPerSecond, lastHeardAgeMs } =
        vitals?.kind === "receiver" ? vitals : { advertsPerSecond: null, lastHeardAgeMs: null };
      return { id, state, code, advertsPerSecond, lastHeardAgeMs };
    }),
  };
}
