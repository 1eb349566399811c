import { z } from "zod";
import { cameraId, lineId } from "../core/brand.ts";
import type { InputFault } from "../core/errors.ts";
import type { SitePlan } from "../core/site.ts";

const level = /^[A-Za-z0-9_-]{1,64}$/;
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

const port = z
  .number()
  .int("a whole number")
  .min(0)
  .max(65_535)
  .meta({ description: "Port to listen on; 0 picks a free one" });
const host = z.string().min(1).default("127.0.0.1").meta({
  description:
    "Address to listen on. Anything but loopback needs tokenFile (http) or allowFrom (tcp)",
});

const via = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("mqtt"),
    topic: z
      .string()
      .regex(/^[^+#\s]{1,256}$/, "a topic without blanks, + and #")
      .exactOptional()
      .meta({
        description:
          "Topic at the gateway's own broker, such as frigate/events; without it `<root>/v1/<gateway>/in/track/<id>`",
      }),
  }),
  z.strictObject({
    kind: z.literal("http"),
    port,
    host,
    tokenFile: z.string().min(1).exactOptional().meta({
      description: "File holding the token a sender must show: as Bearer, or as password of Basic",
    }),
  }),
  z.strictObject({
    kind: z.literal("tcp"),
    port,
    host,
    allowFrom: z
      .array(z.ipv4("an IPv4 address").or(z.ipv6("an IPv6 address")))
      .min(1)
      .max(16)
      .exactOptional()
      .meta({ description: "Addresses that may connect; others are turned away" }),
  }),
]);

const metres = z.number().min(-1000).max(1000);
const area = z
  .strictObject({ xMinM: metres, xMaxM: metres, yMinM: metres, yMaxM: metres })
  .refine((a) => a.xMaxM - a.xMinM >= 0.5, { path: ["xMaxM"], message: "0.5 m above xMinM" })
  .refine((a) => a.yMaxM - a.yMinM >= 0.5, { path: ["yMaxM"], message: "0.5 m above yMinM" })
  .meta({
    title: "Area",
    description:
      "xovis: the rectangle of the floor, in metres of the sensor, that stands for the picture of the site plan",
  });

const line = z.union([
  z.string().regex(level, "the id of a line of the site plan").transform(lineId),
  z.strictObject({
    line: z.string().regex(level, "the id of a line of the site plan").transform(lineId),
    forward: z.enum(["in", "out"]),
  }),
]);

const limitMs = (min: number, max: number) =>
  z.number().int("a whole number of milliseconds").min(min).max(max);

const fields = z.strictObject({
  id: z.string().regex(level, "1 to 64 letters, digits, - or _").transform(cameraId).meta({
    title: "Counter id",
    description: "A camera of the site plan, with its lines and zones. Restart: service.",
  }),
  format: z.enum(["frigate", "axis", "xovis", "generic"]).meta({
    title: "Format",
    description: "What the counter sends; docs/counters.md. Restart: service.",
  }),
  via: via.meta({ title: "Way", description: "How its messages come. Restart: service." }),
  picture: z
    .strictObject({
      widthPx: z.number().int("a whole number").min(16).max(16_384),
      heightPx: z.number().int("a whole number").min(16).max(16_384),
    })
    .exactOptional()
    .meta({
      title: "Picture",
      description:
        "Size of the counter's picture; frigate: detect.width and detect.height. Else 1600 x 900. Restart: service.",
    }),
  area: area.exactOptional(),
  lines: z
    .record(z.string().min(1).max(128), line)
    .refine((lines) => Object.keys(lines).length <= 64, "at most 64 lines")
    .exactOptional()
    .meta({
      title: "Lines",
      description:
        "xovis: lines the counter counts itself: its number or name of the line to the id in the site plan. Such a line is counted by the counter only, never from tracks. Restart: service.",
    }),
  camera: z.string().min(1).max(128).exactOptional().meta({
    title: "Camera in Frigate",
    description: "frigate: its name there; without it the id. Restart: service.",
  }),
  channel: z.number().int("a whole number").min(0).max(64).exactOptional().meta({
    title: "Channel",
    description: "axis: the channel_id to read; without it all. Restart: service.",
  }),
  silenceMs: limitMs(1000, 86_400_000).exactOptional().meta({
    title: "Silence",
    description: "After so long without a word the counter is blind. Restart: service.",
  }),
  delayMs: limitMs(0, 30_000).exactOptional().meta({
    title: "Delay",
    description: "How long messages wait for others that belong before them. Restart: service.",
  }),
  carryMs: limitMs(500, 600_000).exactOptional().meta({
    title: "Carry",
    description:
      "How long a person who is not mentioned is taken to be still there. Restart: service.",
  }),
});

type Fields = z.output<typeof fields>;
interface Misfit {
  readonly path: readonly string[];
  readonly message: string;
}

/** A third-party people counter. */
export const counterSchema = fields.superRefine((counter, context) => {
  for (const { path, message } of [...formatMisfits(counter), ...wayMisfits(counter)])
    context.addIssue({ code: "custom", path: [...path], message });
});

function formatMisfits(counter: Fields): readonly Misfit[] {
  const { format, picture, via: way } = counter;
  const misfits: Misfit[] = [];
  if (format === "frigate" && picture === undefined)
    misfits.push({ path: ["picture"], message: "the size of Frigate's detect picture" });
  if (format === "frigate" && way.kind !== "mqtt")
    misfits.push({ path: ["via", "kind"], message: "mqtt, the only way of Frigate" });
  if (format === "xovis" && counter.area === undefined)
    misfits.push({ path: ["area"], message: "the rectangle of the floor in metres" });
  const owners = { area: "xovis", lines: "xovis", camera: "frigate", channel: "axis" } as const;
  for (const [key, owner] of Object.entries(owners)) {
    const isGiven = counter[key as keyof typeof owners] !== undefined;
    if (isGiven && format !== owner)
      misfits.push({ path: [key], message: `nothing here: only for format ${owner}` });
  }
  if (format === "xovis" && picture !== undefined)
    misfits.push({ path: ["picture"], message: "nothing here: area says it" });
  return misfits;
}

function wayMisfits({ via: way }: Fields): readonly Misfit[] {
  if (way.kind === "mqtt" || LOOPBACK.has(way.host)) return [];
  if (way.kind === "http" && way.tokenFile === undefined)
    return [{ path: ["via", "tokenFile"], message: "a token, since the address is not loopback" }];
  if (way.kind === "tcp" && way.allowFrom === undefined)
    return [
      { path: ["via", "allowFrom"], message: "the counter's address, since ours is not loopback" },
    ];
  return [];
}

/** One entry of `counters` in the gateway file, with its defaults. */
export type CounterConfig = z.output<typeof counterSchema>;
export type CounterFormat = CounterConfig["format"];

/** Lines of the counters that the site plan does not know at their camera, each as a fault. Pure. */
export function counterLineFaults(
  counters: readonly CounterConfig[],
  site: SitePlan,
): readonly InputFault[] {
  return counters.flatMap(({ id, lines }, index) => {
    const known: readonly string[] =
      site.cameras.find((camera) => camera.id === id)?.lines.map((line) => line.id) ?? [];
    return Object.entries(lines ?? {}).flatMap(([theirs, ours]) => {
      const line = typeof ours === "string" ? ours : ours.line;
      if (known.includes(line)) return [];
      const expected = `a line of camera ${id} in the site plan (${known.join(", ") || "it has none"})`;
      return [
        { path: `counters[${index}].lines.${theirs}`, found: JSON.stringify(line), expected },
      ];
    });
  });
}
