import type { EpochMs } from "../../core/brand.ts";
import type { FaultCode } from "../../core/errors.ts";

/** Whether the broker is reachable. `code` says why not; null before the first attempt ended. */
export type LinkState =
  | { readonly kind: "offline"; readonly since: EpochMs; readonly code: FaultCode | null }
  | {
      readonly kind: "connected";
      readonly since: EpochMs;
      readonly protocolVersion: 4 | 5;
      /** Name of this connection; the last will carries the same. */
      readonly session: string;
      /** Messages of QoS 1 that may wait for the broker's acknowledgement; absent = any number. */
      readonly sendQuota?: number;
      /** The broker still had the session of the connection before: nothing was missed. Absent = no. */
      readonly isResumed?: boolean;
    };

export interface LinkMessage {
  readonly topic: string;
  /** Payload as UTF-8 text; malformed bytes become replacement characters. */
  readonly text: string;
  readonly retained: boolean;
}

/** Takes one message. The broker is acknowledged after it returned or resolved; a rejection drops the connection. */
export type MessageHandler = (message: LinkMessage) => void | Promise<void>;

/** Whether the connection is worth having without a subscription. */
export type SubscriptionNeed = "needed" | "wished";

export interface PublishOptions {
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** A plain line to the broker: nothing is queued. What must not be lost lives in the outbox. */
export interface Link {
  readonly state: LinkState;
  /** When the certificate ends with which the line shows who it is; null or absent: there is none. */
  readonly certificateUntil?: EpochMs | null;
  /** Sends now or fails: `onDone` gets null after the send (QoS 0) or the broker's acknowledgement (QoS 1). */
  publish(
    topic: string,
    text: string,
    options: PublishOptions,
    onDone?: (error: Error | null) => void,
  ): void;
  /**
   * Registers a handler; the subscription is made again on every connection. Call before `start`. Without a `needed`
   * one (the default) there is no connection; a `wished` one that the broker refuses is logged and left out.
   */
  subscribe(filter: string, handler: MessageHandler, need?: SubscriptionNeed): void;
  /** Calls `listener` on every change of state; when it says connected, all needed subscriptions are in place. */
  onState(listener: (state: LinkState) => void): void;
}

/** The line of a gateway, whose liveness is judged by what the centre acknowledges and not by the socket. */
export interface GatewayLink extends Link {
  /** Gives the connection up; the next one follows after the usual pause. Nothing happens without a connection. */
  drop(): void;
  /** The centre acknowledged something over this connection. */
  forward(): void;
}

/**
 * Whether a topic matches a filter; `+` stands for one level, a final `#` for the rest. Of a shared subscription,
 * `$share/<group>/<filter>`, the filter counts. Pure.
 */
export function topicMatches(filter: string, topic: string): boolean {
  const levelsOfFilter = filter.split("/");
  const wanted = levelsOfFilter[0] === "$share" ? levelsOfFilter.slice(2) : levelsOfFilter;
  const levels = topic.split("/");
  if (wanted.at(-1) === "#")
    return (
      levels.length >= wanted.length - 1 &&
      wanted.slice(0, -1).every((level, index) => level === "+" || level === levels[index])
    );
  return (
    wanted.length === levels.length &&
    wanted.every((level, index) => level === "+" || level === levels[index])
  );
}
