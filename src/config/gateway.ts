import { z } from "zod";
import { cameraId, gatewayId, receiverId } from "../core/brand.ts";
import { fail, type InputFault, ok, type Result } from "../core/errors.ts";
import { faultsOf } from "../core/input-faults.ts";
import { brokerUrlSchema } from "./broker-address.ts";
import { counterSchema } from "./counters.ts";
import { duplicateIds } from "./duplicate-ids.ts";
import { fleetSchema, metricsSchema } from "./fleet.ts";
import { loyaltyFaults, loyaltySchema } from "./loyalty.ts";
import { scannerFaults, scannerSchema, shareSchema } from "./scanners.ts";
import { deepFreeze } from "./site.ts";

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, - or _");
const positiveMs = z.number().int("a whole number of milliseconds").positive();

const camera = z.strictObject({
  id: id
    .transform(cameraId)
    .meta({ title: "Camera id", description: "As in the site plan. Restart: service." }),
  source: z.string().min(1).meta({
    title: "Video source",
    description:
      "rtsp://... URL, path of a video file, or /dev/videoN. Credentials in the URL are never logged. Restart: service.",
  }),
  fps: z.number().min(0.5).max(30).default(8).meta({
    title: "Frames per second",
    description:
      "How many frames a second are looked at; people are tracked in seconds, so this is a matter of load. Restart: service.",
  }),
  motionGate: z.boolean().default(true).meta({
    title: "Motion gate",
    description:
      "Look for people only while something moves or somebody is followed, and every two seconds besides. Restart: service.",
  }),
  loop: z
    .boolean()
    .default(false)
    .meta({ title: "Loop", description: "Start a file again at its end. Restart: service." }),
});

const radio = z.strictObject({
  id: id
    .transform(receiverId)
    .meta({ title: "Receiver id", description: "As in the site plan. Restart: service." }),
  adapter: z.number().int("a whole number").min(0).max(15).default(0).meta({
    title: "Adapter number",
    description: "n of hciN; each adapter serves one receiver. Restart: service.",
  }),
  scan: z.enum(["passive", "active"]).default("passive").meta({
    title: "Scanning",
    description:
      "active asks every device in reach for its scan response: needed only for tags that tell something there; it drains their batteries and doubles the traffic. Restart: service.",
  }),
  restartAfterMs: z
    .number()
    .int("a whole number of milliseconds")
    .min(0)
    .refine((ms) => ms === 0 || ms >= 60_000, "0 or at least 60000 ms")
    .default(600_000)
    .meta({
      title: "Restart after silence",
      description:
        "When an adapter that worked has given nothing for so long, through every remedy, the gateway leaves for its supervisor to start it anew, at most once an hour. 0: never. Restart: service.",
    }),
});

const mqtt = z.strictObject({
  url: brokerUrlSchema.meta({
    title: "Broker",
    description:
      "One address, or a list with those of all nodes of a cluster: the gateway begins at any of them and goes on to the next when one fails. Restart: service.",
  }),
  root: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, "1 to 32 letters, digits, - or _")
    .default("vitrine")
    .meta({
      title: "Topic root",
      description: "First topic level. Restart: service.",
    }),
  username: z
    .string()
    .min(1)
    .exactOptional()
    .meta({ title: "User name", description: "Restart: service." }),
  passwordFile: z.string().min(1).exactOptional().meta({
    title: "Password file",
    description:
      "File holding the broker password; or set VITRINE_MQTT_PASSWORD. Restart: service.",
  }),
  caFile: z
    .string()
    .min(1)
    .exactOptional()
    .meta({ title: "CA certificate", description: "PEM. Restart: service." }),
  certFile: z
    .string()
    .min(1)
    .exactOptional()
    .meta({ title: "Client certificate", description: "PEM. Restart: service." }),
  keyFile: z
    .string()
    .min(1)
    .exactOptional()
    .meta({ title: "Client key", description: "PEM. Restart: service." }),
  homeAssistant: z
    .strictObject({
      enabled: z.boolean().default(false).meta({
        title: "Announce",
        description:
          "Announce the store's live values and the state of each sensor to Home Assistant; switched off again, they are taken back. The broker must let the gateway write below the prefix. Restart: service.",
      }),
      prefix: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, - or _")
        .default("homeassistant")
        .meta({ title: "Prefix", description: "Home Assistant's own. Restart: service." }),
    })
    .prefault({})
    .meta({ title: "Home Assistant" }),
});

const outbox = z.strictObject({
  capBytes: z
    .number()
    .int("a whole number of bytes")
    .min(1_048_576, "at least 1048576 bytes")
    .default(2_147_483_648)
    .meta({
      title: "Outbox cap",
      description:
        "Largest size of the outbox file; beyond it low-value events are shed and accounted for. Restart: service.",
    }),
  maxAgeMs: positiveMs.min(3_600_000, "at least an hour").default(1_209_600_000).meta({
    title: "Longest wait",
    description:
      "Events that wait longer for the centre are shed and accounted for. Only time with the gateway switched on counts, to a quarter of an hour; 14 days by default. Restart: service.",
  }),
  commitMs: positiveMs.max(250, "at most 250 ms").default(250).meta({
    title: "Group commit",
    description: "Longest time an accepted event may wait for the disk. Restart: service.",
  }),
});

const web = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .meta({ title: "Dashboard", description: "Serve the dashboard. Restart: service." }),
  host: z.string().min(1).default("127.0.0.1").meta({
    title: "Address",
    description: "Anything but loopback requires a password. Restart: service.",
  }),
  port: z
    .number()
    .int("a whole number")
    .min(0)
    .max(65_535)
    .default(8080)
    .meta({ title: "Port", description: "0 picks a free one. Restart: service." }),
  passwordFile: z.string().min(1).exactOptional().meta({
    title: "Password file",
    description:
      "File holding the dashboard password; or set VITRINE_WEB_PASSWORD. Restart: service.",
  }),
});

const till = z.strictObject({
  tokenFile: z.string().min(1).exactOptional().meta({
    title: "Token file",
    description:
      "File holding the token with which tills send receipts to POST /api/pos; or set VITRINE_TILL_TOKEN. Without one only signed-in people may. Restart: service.",
  }),
});

const unknownDevices = z.strictObject({
  count: z.boolean().default(false).meta({
    title: "Count unknown devices",
    description:
      "Tell how many Bluetooth devices that nobody registered are near. Their addresses stay in memory under a key of this run for two minutes and are never written or sent. Whether you may is a question of law. Restart: service.",
  }),
  minGroup: z.number().int("a whole number").min(5, "at least 5").max(1_000).default(10).meta({
    title: "Smallest group",
    description: "Fewer devices than this are not told. Restart: service.",
  }),
});

const positioning = z.strictObject({
  lagMs: z
    .number()
    .int("a whole number of milliseconds")
    .min(0, "0 to 15000")
    .max(15_000, "0 to 15000")
    .default(10_000)
    .meta({
      title: "Lag",
      description:
        "How much later it is decided where a tag was: what came meanwhile tells it more surely. Times of events stay true. Restart: service.",
    }),
});

const preview = z.strictObject({
  enabled: z.boolean().default(false).meta({
    title: "Pictures for set-up",
    description:
      "Let people who may open the dashboard see single pictures and a live preview on its Set-up page. Nothing is stored or published. Switch it off after set-up. Restart: service.",
  }),
  pixelate: z.boolean().default(true).meta({
    title: "Pixelate people",
    description:
      "Make people unrecognisable before a picture leaves the camera's worker. false shows the camera's own picture. Restart: service.",
  }),
});

const models = z.strictObject({
  dir: z
    .string()
    .min(1)
    .default("models")
    .meta({ title: "Model folder", description: "Restart: process." }),
  profile: z.enum(["default", "permissive"]).default("default").meta({
    title: "Model profile",
    description:
      "permissive uses only models under permissive licences (NanoDet). Restart: process.",
  }),
  threads: z.number().int("a whole number").min(1).max(8).default(1).meta({
    title: "Inference threads",
    description: "Per camera; leave one core for decoding. Restart: service.",
  }),
  slots: z.number().int("a whole number").min(1).max(16).exactOptional().meta({
    title: "Inferences at once",
    description:
      "When more cameras want to look at the same time they take turns. Absent: as many as cores, less one for decoding. Restart: process.",
  }),
});

/** Schema of the gateway file (`config/gateway.example.yaml`). Defaults live here and nowhere else. */
export const gatewayConfigSchema = z.strictObject({
  gateway: z.strictObject({
    id: id.transform(gatewayId).meta({
      title: "Gateway id",
      description: "Unique in the fleet; a topic level. Restart: process.",
    }),
  }),
  site: z.string().min(1).meta({
    title: "Site plan",
    description: "Path of the site plan (JSON), relative to this file. Restart: process.",
  }),
  stateDir: z.string().min(1).default("state").meta({
    title: "State folder",
    description: "Outbox and small state; relative to this file. Restart: process.",
  }),
  cameras: z.array(camera).max(16).default([]).meta({ title: "Cameras" }),
  counters: z.array(counterSchema).max(16).default([]).meta({
    title: "Third-party people counters",
    description: "Each stands for a camera of the site plan; docs/counters.md",
  }),
  radios: z.array(radio).max(8).default([]).meta({ title: "Bluetooth adapters" }),
  positioning: positioning.prefault({}).meta({ title: "Places of tags" }),
  unknownDevices: unknownDevices.prefault({}).meta({ title: "Devices nobody registered" }),
  scanners: z.array(scannerSchema).max(64).default([]).meta({
    title: "Remote scanners",
    description: "Each stands for a receiver of the site plan; docs/radio.md",
  }),
  share: shareSchema.exactOptional().meta({ title: "Sharing with other gateways" }),
  mqtt: mqtt
    .exactOptional()
    .meta({ title: "MQTT", description: "Without it events wait in the outbox." }),
  outbox: outbox.prefault({}).meta({ title: "Outbox" }),
  till: till.prefault({}).meta({ title: "The till" }),
  loyalty: loyaltySchema
    .prefault({})
    .meta({ title: "Shoppers who opted in", description: "docs/privacy.md" }),
  web: web.prefault({}).meta({ title: "Dashboard" }),
  preview: preview.prefault({}).meta({ title: "Pictures for set-up" }),
  models: models.prefault({}).meta({ title: "Models" }),
  fleet: fleetSchema.prefault({}).meta({ title: "Fleet", description: "docs/fleet.md" }),
  metrics: metricsSchema.prefault({}).meta({ title: "Figures for Prometheus" }),
  log: z
    .strictObject({
      level: z
        .enum(["error", "warn", "info", "debug"])
        .default("info")
        .meta({ title: "Log level", description: "Restart: none." }),
    })
    .prefault({})
    .meta({ title: "Log" }),
});

/** The gateway's configuration, frozen, with every default filled in. */
export type GatewayConfig = z.output<typeof gatewayConfigSchema>;
export type CameraConfig = GatewayConfig["cameras"][number];
export type MqttConfig = NonNullable<GatewayConfig["mqtt"]>;

/** Checks a parsed document; returns the frozen configuration, or all faults at once. Pure. */
export function parseGatewayConfig(
  document: unknown,
): Result<GatewayConfig, readonly InputFault[]> {
  const outcome = gatewayConfigSchema.safeParse(document);
  const repeated = duplicateIds(document, [["cameras"], ["counters"], ["radios"], ["scanners"]]);
  if (!outcome.success) return fail([...faultsOf(outcome.error.issues, document), ...repeated]);
  const unreachable = [
    ...unreachableCounters(outcome.data),
    ...sharedAdapters(outcome.data),
    ...scannerFaults(outcome.data),
    ...loyaltyFaults(outcome.data),
  ];
  if (repeated.length + unreachable.length > 0) return fail([...repeated, ...unreachable]);
  return ok(deepFreeze(outcome.data));
}

/** Receivers on an adapter that another one has: each would reset it under the other's hands. */
function sharedAdapters({ radios }: GatewayConfig): readonly InputFault[] {
  const firstAt = new Map<number, string>();
  return radios.flatMap(({ adapter }, index): readonly InputFault[] => {
    const path = `radios[${index}].adapter`;
    const first = firstAt.get(adapter);
    firstAt.set(adapter, first ?? path);
    const expected = `an adapter not used before (first at ${first})`;
    return first === undefined ? [] : [{ path, found: `${adapter}`, expected }];
  });
}

/** Counters that would wait for ever: without a broker, or on a port another one has. */
function unreachableCounters({ mqtt, counters }: GatewayConfig): readonly InputFault[] {
  const ports = new Map<number, string>();
  return counters.flatMap(({ via }, index): readonly InputFault[] => {
    const path = `counters[${index}].via`;
    if (via.kind === "mqtt") {
      const expected = "http or tcp, or the section mqtt with a broker";
      return mqtt === undefined ? [{ path: `${path}.kind`, found: '"mqtt"', expected }] : [];
    }
    const first = via.port === 0 ? undefined : ports.get(via.port);
    ports.set(via.port, first ?? `${path}.port`);
    const expected = `a port not used before (first at ${first})`;
    return first === undefined ? [] : [{ path: `${path}.port`, found: `${via.port}`, expected }];
  });
}
