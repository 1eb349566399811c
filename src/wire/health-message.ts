import { z } from "zod";
import { count, levelText, streamText } from "./vocabulary.ts";

const amount = z.number().nonnegative("a number from 0");
const perStream = z.record(streamText, count);
const state = z.enum(["starting", "seeing", "blind", "stopped"]);
const code = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{1,63}$/, "a fault code")
  .nullable()
  .meta({ description: "A code of docs/errors.md; null while nothing is wrong" });

const camera = z.strictObject({
  ...{ id: levelText, state, code },
  fps: amount.nullable().meta({ description: "Frames dealt with per second over ten seconds" }),
  lastFrameAgeMs: amount.nullable(),
  isFrozen: z.boolean().meta({ description: "The same picture over and over" }),
});

const receiver = z.strictObject({
  ...{ id: levelText, state, code },
  advertsPerSecond: amount.nullable(),
  lastHeardAgeMs: amount.nullable(),
});

const consent = z.strictObject({
  code,
  refusal: levelText.nullable().meta({
    description: "Why nothing is permitted now, whoever asks, such as `lease-lost`; else null",
  }),
  seq: count.meta({ description: "Newest entry of the gateway's own ledger" }),
  live: count,
  openErasures: count,
  oldestErasureAgeMs: amount.nullable(),
  owed: count.meta({ description: "Takings-back in force that the disk did not take yet" }),
  register: levelText.nullable().meta({ description: "null: this gateway decides alone" }),
  applied: count.nullable().meta({ description: "Up to which number the register is known here" }),
  leaseAgeMs: amount.nullable(),
  looks: z
    .strictObject({
      matches: count,
      nonMatches: count,
      doubted: count,
      unusable: count,
      enrolled: count,
    })
    .exactOptional()
    .meta({
      description:
        "How the looks of the station's camera ended since the start, numbers and nothing of whom; absent = there is no station",
    }),
});
/** What a gateway tells of its consents in its health. */
export type ConsentHealth = z.output<typeof consent>;

/**
 * `up/health`, retained, once a minute: how a gateway stands. Nothing in it is about a person or a device of one.
 * null: not known on this machine, or not yet.
 */
export const healthSchema = z.strictObject({
  v: z.literal(1),
  at: z.iso.datetime(),
  boot: levelText,
  storeId: levelText,
  upMs: amount,
  versions: z.record(z.string().min(1).max(32), z.string().max(64)),
  configHash: levelText,
  clock: z.strictObject({
    state: z.enum(["synced", "holdover", "unsynced"]),
    offsetMs: z.number().nullable().meta({
      description: "What the wall clock has gained on the monotonic one since the start",
    }),
  }),
  delivery: z.strictObject({
    state: z.enum(["acked", "connected", "offline", "off"]),
    code,
    reconnects: count,
    linesGivenUp: count.exactOptional().meta({
      description:
        "Connections given up since the start because nobody answered over them; earlier versions do not tell",
    }),
    certificateUntil: z.iso.datetime().exactOptional().meta({
      description:
        "When the certificate ends with which the gateway signs in; absent = it has none",
    }),
    lastAckAgeMs: amount.nullable(),
    ackLagMs: amount.nullable().meta({
      description:
        "Time since the last acknowledgement while something waits; 0 while nothing does",
    }),
  }),
  outbox: z.strictObject({
    events: count,
    bytes: count,
    capBytes: count,
    oldestAgeMs: amount.nullable(),
    commitMs: amount.nullable().meta({
      description: "Longest time that a commit to the disk took, since the message before",
    }),
    committed: perStream,
    acked: perStream,
    shed: z.record(streamText, z.record(levelText, count)).meta({
      description: "Events that will never come, by stream and reason, since the file was made",
    }),
    replaced: z
      .strictObject({ at: z.iso.datetime(), salvaged: count, unreadable: count })
      .exactOptional()
      .meta({
        description:
          "The file took the place of another one, which was damaged or an old copy: when, how many of its events were taken over, and how many could not be read; absent = it did not",
      }),
  }),
  disk: z.strictObject({
    freeBytes: count.nullable(),
    writtenBytes: count.nullable().meta({
      description: "What the gateway wrote since midnight UTC, over restarts",
    }),
    budgetBytes: count.meta({ description: "What it should stay below in a day" }),
  }),
  process: z.strictObject({
    rssBytes: count,
    cpuShare: amount.nullable().meta({ description: "Of one core, since the message before" }),
    loopLagMs: amount.nullable().meta({ description: "Longest delay of the event loop, ditto" }),
  }),
  board: z.strictObject({
    temperatureC: z.number().nullable(),
    throttledBits: count.nullable().meta({
      description: "As `vcgencmd get_throttled` tells it on a Raspberry Pi",
    }),
  }),
  consent: consent.exactOptional().meta({
    description: "The consents of a gateway on which loyalty is switched on; counts and ages only",
  }),
  cameras: z.array(camera).max(64),
  receivers: z.array(receiver).max(256),
});
/** A certificate that ends sooner than this is said to people, at the gateway and at the centre. */
export const CERTIFICATE_WARNING_MS = 30 * 86_400_000;

export type HealthMessage = z.output<typeof healthSchema>;
