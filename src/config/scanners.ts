import { z } from "zod";
import { type GatewayId, gatewayId, receiverId } from "../core/brand.ts";
import type { InputFault } from "../core/errors.ts";

const level = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, - or _");
/** A level of a foreign topic: whatever MQTT allows but wildcards, blanks and further levels. */
const foreignLevel = z
  .string()
  .regex(/^[^+#/\s]{1,64}$/, "one topic level, without blanks, + and #");

const fields = z.strictObject({
  id: level.transform(receiverId).meta({
    title: "Receiver id",
    description: "A receiver of the site plan, where the scanner hangs. Restart: service.",
  }),
  via: z.enum(["espresense", "theengs", "openmqttgateway", "generic", "gateway"]).meta({
    title: "Kind",
    description:
      "Who sends and in which form; docs/radio.md. gateway: another Vitrine gateway that shares with this one. Restart: service.",
  }),
  room: foreignLevel.exactOptional().meta({
    title: "Room",
    description:
      "espresense: the name of the node's room, as its topics have it. Restart: service.",
  }),
  gateway: foreignLevel.exactOptional().meta({
    title: "Gateway",
    description:
      "theengs, openmqttgateway: its name in the topic (TheengsGateway and OpenMQTTGateway when not given). gateway: the id of the other gateway. Restart: service.",
  }),
  baseTopic: z
    .string()
    .regex(/^[^+#\s/]+(\/[^+#\s/]+){0,7}$/, "a topic without blanks, + and #")
    .max(128)
    .exactOptional()
    .meta({
      title: "Base topic",
      description:
        "What stands before its topics, when it is not `espresense` or `home`. Restart: service.",
    }),
  silenceMs: z
    .number()
    .int("a whole number of milliseconds")
    .min(5000)
    .max(86_400_000)
    .exactOptional()
    .meta({
      title: "Silence",
      description:
        "After so long without any message the scanner is blind (RADIO_SILENT). Absent: espresense 60 s, theengs 120 s, openmqttgateway 150 s, generic and gateway 30 s. Restart: service.",
    }),
});

type Fields = z.output<typeof fields>;

/** A remote scanner that stands for a receiver of the site plan. */
export const scannerSchema = fields.superRefine((scanner, context) => {
  for (const { path, message } of misfits(scanner))
    context.addIssue({ code: "custom", path: [path], message });
});

function misfits(scanner: Fields): readonly { readonly path: string; readonly message: string }[] {
  const { via, room, gateway, baseTopic } = scanner;
  const found: { readonly path: string; readonly message: string }[] = [];
  if (via === "espresense" && room === undefined)
    found.push({ path: "room", message: "the name of the node's room" });
  if (via !== "espresense" && room !== undefined)
    found.push({ path: "room", message: "nothing here: only for espresense" });
  if (via === "gateway" && !level.safeParse(gateway).success)
    found.push({ path: "gateway", message: "the id of the other gateway" });
  if ((via === "espresense" || via === "generic") && gateway !== undefined)
    found.push({ path: "gateway", message: `nothing here: not for ${via}` });
  if ((via === "generic" || via === "gateway") && baseTopic !== undefined)
    found.push({ path: "baseTopic", message: `nothing here: ${via} comes under mqtt.root` });
  return found;
}

/** Sharing with other gateways: what the receivers of this one hear of registered tags. */
export const shareSchema = z.strictObject({
  to: z
    .array(level.transform(gatewayId))
    .min(1, "at least one gateway")
    .max(16, "at most 16 gateways")
    .meta({
      title: "Gateways",
      description:
        "Ids of the gateways that get a summary a second of what the receivers of this one hear of registered tags: tag, packets, mean level and time; never an address, never another device. Restart: service.",
    }),
});

/** One entry of `scanners` in the gateway file. */
export type ScannerConfig = z.output<typeof scannerSchema>;
export type ScannerKind = ScannerConfig["via"];
export type ShareConfig = z.output<typeof shareSchema>;

interface Networked {
  readonly gateway: { readonly id: GatewayId };
  readonly mqtt?: unknown;
  readonly radios: readonly unknown[];
  readonly scanners: readonly ScannerConfig[];
  readonly share?: ShareConfig;
}

/** Scanners and sharing that could never work: without a broker, with oneself, twice. Pure. */
export function scannerFaults(config: Networked): readonly InputFault[] {
  const { scanners, share, mqtt } = config;
  const faults: InputFault[] = [];
  const broker = "the section mqtt with a broker: scanners and sharing need one";
  if (mqtt === undefined && scanners.length + (share === undefined ? 0 : 1) > 0)
    faults.push({ path: "mqtt", found: "nothing", expected: broker });
  const own: string = config.gateway.id;
  for (const [index, { via, gateway }] of scanners.entries())
    if (via === "gateway" && gateway === own)
      faults.push({
        path: `scanners[${index}].gateway`,
        found: JSON.stringify(gateway),
        expected: "another gateway: this is our own id",
      });
  return [...faults, ...shareFaults(config)];
}

function shareFaults({ gateway, radios, share }: Networked): readonly InputFault[] {
  if (share === undefined) return [];
  const faults = share.to.flatMap((to, index): readonly InputFault[] => {
    const found = JSON.stringify(to);
    const path = `share.to[${index}]`;
    if (to === gateway.id)
      return [{ path, found, expected: "another gateway: this is our own id" }];
    if (share.to.indexOf(to) === index) return [];
    return [{ path, found, expected: "a gateway not named before" }];
  });
  if (radios.length > 0) return faults;
  return [
    ...faults,
    { path: "share", found: "no radios", expected: "radios whose sightings can be shared" },
  ];
}
