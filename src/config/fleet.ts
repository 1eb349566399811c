import { z } from "zod";

/** Schema of what the gateway lets the centre do, and of the health it tells. */
export const fleetSchema = z.strictObject({
  remote: z.boolean().exactOptional().meta({
    title: "Change from afar",
    description:
      "Take configurations and commands from the centre. Absent: when the gateway signs in at its broker with a user name or a certificate; a broker open to everybody lets everybody send them. Restart: process.",
  }),
  probationMs: z
    .number()
    .int("a whole number of milliseconds")
    .min(1000)
    .max(3_600_000)
    .default(300_000)
    .meta({
      title: "Probation",
      description:
        "How long a new configuration runs before it is kept; without its sensors or the centre's acknowledgements at the end of it the one before comes back. Restart: process.",
    }),
  healthMs: z
    .number()
    .int("a whole number of milliseconds")
    .min(1000)
    .max(3_600_000)
    .default(60_000)
    .meta({ title: "Health", description: "How often the health is told. Restart: process." }),
  writeBudgetBytes: z
    .number()
    .int("a whole number of bytes")
    .positive()
    .default(1_500_000_000)
    .meta({
      title: "Write budget",
      description:
        "What the gateway should write to its disk in a day at most: an SD card wears. It is told with what was written; nothing is cut off. Restart: process.",
    }),
});

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\]):\d{1,5}$/;

/** Schema of the Prometheus address. */
export const metricsSchema = z.strictObject({
  listen: z
    .string()
    .regex(LOOPBACK, "a loopback address with a port, such as 127.0.0.1:9464")
    .refine((text) => Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535, "a port to 65535")
    .exactOptional()
    .meta({
      title: "Prometheus",
      description:
        "Where `GET /metrics` is answered, on loopback only, since it asks for no password. Absent: nowhere. Restart: process.",
    }),
});

/** Host and port of a checked `metrics.listen`. Pure. */
export function listenAddress(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, "");
  return { host, port: Number(listen.slice(colon + 1)) };
}
