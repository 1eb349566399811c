import { type GatewayId, gatewayId } from "../core/brand.ts";

/** Channels that end where they are named. */
export const PLAIN_CHANNELS = [
  "up/ev",
  "up/birth",
  "up/health",
  "up/reported",
  "down/ack",
  "down/desired",
  "down/cmd",
  "down/consent",
  "down/erase",
  "up/loyalty",
  "down/loyalty",
  "down/loyalty-part",
  "up/key-request",
  "down/key",
  "in/pos",
  "in/basket",
  "in/channel",
] as const;
/** Channels followed by one more level: a scope, an event kind, a receiver, a source. */
export const NAMED_CHANNELS = ["live", "event", "in/radio", "in/track"] as const;

export type PlainChannel = (typeof PLAIN_CHANNELS)[number];
export type NamedChannel = (typeof NAMED_CHANNELS)[number];

/** Where a message belongs, apart from the topic root. */
export type TopicAddress =
  | { readonly gatewayId: GatewayId; readonly channel: PlainChannel; readonly name: null }
  | { readonly gatewayId: GatewayId; readonly channel: NamedChannel; readonly name: string };

const VERSION = "v1";
const LEVEL = /^[A-Za-z0-9_-]{1,64}$/;
/** A name is an id and may say before it what it is the id of. */
const NAME = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Whether a text may be one topic level: letters, digits, - and _ only, so that every broker carries it, and at most 64 of
 * them, so that every database can index it. Pure.
 */
export const isTopicLevel = (text: string): boolean => LEVEL.test(text);

/** Builds the topic of a gateway's plain channel. A level outside the grammar is a bug and throws a TypeError. Pure. */
export function plainTopic(root: string, gateway: GatewayId, channel: PlainChannel): string {
  return [checked(root), VERSION, checked(gateway), channel].join("/");
}

/** Builds the topic of a named channel, e.g. `live/store`. A level outside the grammar throws a TypeError. Pure. */
export function namedTopic(
  root: string,
  gateway: GatewayId,
  channel: NamedChannel,
  name: string,
): string {
  return [checked(root), VERSION, checked(gateway), channel, checked(name, NAME)].join("/");
}

/** Builds the filter that matches a plain channel of every gateway. Pure. */
export function fleetFilter(root: string, channel: PlainChannel): string {
  return [checked(root), VERSION, "+", channel].join("/");
}

/** Reads a topic under `root`; null when it is outside the grammar or of another version. Pure. */
export function parseTopic(root: string, topic: string): TopicAddress | null {
  const levels = topic.split("/");
  if (levels[0] !== root || levels[1] !== VERSION || !levels.every((one) => NAME.test(one)))
    return null;
  const gateway = levels[2];
  if (gateway === undefined || !isTopicLevel(gateway)) return null;
  const rest = levels.slice(3).join("/");
  const plain = PLAIN_CHANNELS.find((channel) => channel === rest);
  if (plain !== undefined) return { gatewayId: gatewayId(gateway), channel: plain, name: null };
  const name = levels.at(-1) ?? "";
  const named = NAMED_CHANNELS.find((channel) => rest === `${channel}/${name}`);
  if (named === undefined) return null;
  return { gatewayId: gatewayId(gateway), channel: named, name };
}

function checked(level: string, grammar = LEVEL): string {
  if (!grammar.test(level)) throw new TypeError(`not a topic level: ${JSON.stringify(level)}`);
  return level;
}
