import { stringify } from "yaml";
import { GAP_TYPE } from "../src/wire/cloud-event.ts";
import { type JsonSchema, wireJsonSchemas } from "../src/wire/json-schemas.ts";
import type { NAMED_CHANNELS, PLAIN_CHANNELS } from "../src/wire/topics.ts";

/** Who speaks on a channel, seen from outside: `gateway` and `centre` are ours, the rest are devices of the shop. */
interface ChannelText {
  readonly sender: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly description: string;
  /** What the last topic level stands for; null when the topic ends with the channel. */
  readonly name: string | null;
  /** Names of the wire schemas that may come here. */
  readonly messages: readonly string[];
}

type Channel = (typeof PLAIN_CHANNELS)[number] | (typeof NAMED_CHANNELS)[number];

/** Channels that are in use; names kept for later are listed in docs/messages.md. */
const CHANNELS: Readonly<Partial<Record<Channel, ChannelText>>> = {
  "up/ev": {
    ...{ sender: "gateway", qos: 1, retain: false, name: null, messages: ["up/ev"] },
    description:
      "Durable stream: consecutive records of one class, until `down/ack` says that they are committed.",
  },
  "down/ack": {
    ...{ sender: "centre", qos: 1, retain: true, name: null, messages: ["down/ack"] },
    description: "What the centre has committed, cumulative. Not retained when it carries `need`.",
  },
  "up/birth": {
    ...{ sender: "gateway", qos: 1, retain: true, name: null, messages: ["up/birth"] },
    description: "Who is there; also the last will, with the same `session`.",
  },
  "up/health": {
    ...{ sender: "gateway", qos: 1, retain: true, name: null, messages: ["up/health"] },
    description: "How the gateway stands, once a minute and at every connection.",
  },
  "up/reported": {
    ...{ sender: "gateway", qos: 1, retain: true, name: null, messages: ["up/reported"] },
    description: "What the gateway runs with, and what became of the last wish and commands.",
  },
  "down/desired": {
    ...{ sender: "centre", qos: 1, retain: true, name: null, messages: ["down/desired"] },
    description: "What the gateway should run with: the whole wish, idempotent by its hash.",
  },
  "down/cmd": {
    ...{ sender: "centre", qos: 1, retain: false, name: null, messages: ["down/cmd"] },
    description: "One thing to do, once by its id, before it expires.",
  },
  "down/consent": {
    ...{ sender: "centre", qos: 1, retain: false, name: null, messages: ["down/consent"] },
    description: "What the centre's register of consents says; every 15 seconds, as a lease.",
  },
  "down/erase": {
    ...{ sender: "centre", qos: 1, retain: false, name: null, messages: ["down/erase"] },
    description: "Erase what is held about a member; repeated until it is answered.",
  },
  "up/loyalty": {
    ...{ sender: "gateway", qos: 0, retain: false, name: null, messages: ["up/loyalty"] },
    description: "Which tables of members' identifiers a gateway has, and which parts it wants.",
  },
  "down/loyalty": {
    ...{ sender: "centre", qos: 1, retain: false, name: null, messages: ["down/loyalty"] },
    description: "Which parts the tables of members' identifiers consist of now.",
  },
  "down/loyalty-part": {
    ...{ sender: "centre", qos: 0, retain: false, name: null, messages: ["down/loyalty-part"] },
    description: "One part of the tables, because the gateway asked for it. Never holds a key.",
  },
  "up/key-request": {
    ...{ sender: "gateway", qos: 1, retain: false, name: null, messages: ["up/key-request"] },
    description: "A gateway asks for the key of its templates, with a public key drawn for it.",
  },
  "down/key": {
    ...{ sender: "centre", qos: 1, retain: false, name: null, messages: ["down/key"] },
    description: "The key, sealed for that one request; the broker cannot read it.",
  },
  live: {
    ...{ sender: "gateway", qos: 0, retain: true, messages: ["live", "live/devices"] },
    name: "`store`, `zone-<id>`, `line-<id>` or `devices`",
    description: "The latest values of the store, a zone or a door: aggregates only.",
  },
  event: {
    ...{ sender: "gateway", qos: 0, retain: false, messages: ["cloud-event"] },
    name: "The kind of the event, e.g. `entered`",
    description:
      "Mirror of each event for signage and home automation; never needed for correctness.",
  },
  "in/pos": {
    ...{ sender: "till", qos: 1, retain: false, name: null, messages: ["in/pos"] },
    description: "A receipt of the till; idempotent by `receiptId` and kind.",
  },
  "in/basket": {
    ...{ sender: "basket", qos: 1, retain: false, name: null, messages: ["in/basket"] },
    description: "What was put into a basket or taken out of it.",
  },
  "in/radio": {
    ...{ sender: "receiver", qos: 1, retain: false, messages: ["in/radio"] },
    name: "Id of the receiver",
    description: "Sightings of a remote scanner or of another gateway.",
  },
  "in/track": {
    ...{ sender: "counter", qos: 1, retain: false, messages: ["in/track"] },
    name: "Id of the people counter",
    description: "Crossings and zone stays of a third-party people counter.",
  },
};

/**
 * The text of docs/asyncapi.yaml, AsyncAPI 3, from the wire's own schemas. Operations are described from the point of
 * view of a program that talks to our gateways: it receives what they publish. Pure.
 */
export function renderAsyncApi(version: string): string {
  const schemas = wireJsonSchemas();
  const entries = Object.entries(CHANNELS) as [Channel, ChannelText][];
  const document = {
    asyncapi: "3.0.0",
    info: {
      title: "Vitrine wire contract",
      version,
      description:
        "MQTT 3.1.1 and 5. Payloads are UTF-8 JSON of at most 64 KiB; topic levels are letters, digits, - and _. The root `vitrine` is configurable. Generated from src/wire by `npm run generate`; do not edit. Examples stand in messages.md.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    servers: {
      broker: {
        ...{ host: "broker.example:8883", protocol: "secure-mqtt" },
        description: "The chain's broker; a gateway may write below its own id only.",
      },
    },
    channels: Object.fromEntries(
      entries.map(([channel, text]) => [keyOf(channel), channelOf(channel, text)]),
    ),
    operations: Object.fromEntries(entries.map(([channel, text]) => operationOf(channel, text))),
    components: {
      messages: Object.fromEntries(messagesOf(schemas)),
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [keyOf(name), bare(schema)]),
      ),
    },
  };
  return stringify(document, { lineWidth: 120, aliasDuplicateObjects: false });
}

const keyOf = (name: string): string => name.replaceAll("/", "-");

function channelOf(channel: Channel, { name, description, messages }: ChannelText): object {
  const parameters = {
    gateway: { description: "Id of the gateway" },
    ...(name === null ? {} : { name: { description: name } }),
  };
  const kinds = channel === "event" ? eventTypes(wireJsonSchemas()) : messages;
  return {
    address: `vitrine/v1/{gateway}/${channel}${name === null ? "" : "/{name}"}`,
    description,
    parameters,
    messages: Object.fromEntries(
      kinds.map((kind) => [keyOf(kind), { $ref: `#/components/messages/${keyOf(kind)}` }]),
    ),
  };
}

function operationOf(channel: Channel, { sender, qos, retain }: ChannelText): [string, object] {
  const isOurs = sender === "gateway";
  const action = isOurs ? "receive" : "send";
  return [
    `${action}-${keyOf(channel)}`,
    {
      action,
      channel: { $ref: `#/channels/${keyOf(channel)}` },
      summary: isOurs
        ? "Published by the gateway"
        : `Published by the ${sender}, read by the gateway`,
      bindings: { mqtt: { qos, retain } },
    },
  ];
}

const eventTypes = (schemas: Readonly<Record<string, JsonSchema>>): string[] =>
  Object.keys(schemas).filter((name) => name.startsWith("vitrine.") && name !== GAP_TYPE);

function messagesOf(schemas: Readonly<Record<string, JsonSchema>>): [string, object][] {
  const types = new Set(eventTypes(schemas));
  return Object.keys(schemas).map((name) => {
    if (!types.has(name) && name !== GAP_TYPE)
      return [keyOf(name), { name, payload: { $ref: `#/components/schemas/${keyOf(name)}` } }];
    const own = { type: { const: name }, data: { $ref: `#/components/schemas/${keyOf(name)}` } };
    const payload = { allOf: [{ $ref: "#/components/schemas/cloud-event" }, { properties: own }] };
    return [keyOf(name), { name, contentType: "application/cloudevents+json", payload }];
  });
}

/** Without the dialect: in an AsyncAPI document it is the default. */
function bare({ $schema: _dialect, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
