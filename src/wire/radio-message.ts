import { z } from "zod";

/** Largest message of a remote scanner, bytes of UTF-8. */
export const RADIO_MESSAGE_BYTES = 65_536;
/** Most sightings of one message. */
export const RADIO_MESSAGE_SIGHTINGS = 500;
/** A number in `at` up to here is an age in ms, beyond it an instant. */
export const RADIO_AGE_LIMIT_MS = 3_600_000;

const EARLIEST_MS = 946_684_800_000;
const LATEST_MS = 4_102_444_800_000;
const word = z
  .number()
  .int("a whole number from 0 to 65535")
  .min(0, "a whole number from 0 to 65535")
  .max(0xffff, "a whole number from 0 to 65535");
const hex = (digits: number): z.ZodString =>
  z.string().regex(new RegExp(`^[0-9A-Fa-f]{${digits}}$`), `${digits} hexadecimal digits`);
const level = (what: string): z.ZodString =>
  z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, `${what}: 1 to 64 letters, digits, - or _`);
const epoch = z
  .number()
  .min(EARLIEST_MS, "milliseconds since 1970, or an RFC 3339 time")
  .max(LATEST_MS, "milliseconds since 1970, or an RFC 3339 time");
const instant = z.union(
  [epoch, z.iso.datetime({ offset: true })],
  "milliseconds since 1970, or an RFC 3339 time",
);

/** One reading of `in/radio/<receiver>`: who was heard, how strongly and when. */
export const radioSightingSchema = z
  .strictObject({
    tag: level("the id of a registered tag").optional(),
    ibeacon: z
      .strictObject({
        uuid: z
          .string()
          .regex(
            /^[0-9A-Fa-f]{8}(-?)[0-9A-Fa-f]{4}(\1[0-9A-Fa-f]{4}){2}\1[0-9A-Fa-f]{12}$/,
            "a UUID",
          ),
        major: word,
        minor: word,
      })
      .optional(),
    eddystone: z.strictObject({ namespace: hex(20), instance: hex(12) }).optional(),
    altbeacon: hex(40).optional().meta({ description: "The 20 bytes of its id" }),
    payload: z
      .string()
      .regex(/^([0-9A-Fa-f]{2}){1,255}$/, "1 to 255 bytes as hexadecimal digits")
      .optional()
      .meta({ description: "The AD structures as they were sent, without any address" }),
    rssi: z
      .number()
      .min(-127, "a number from -127 to 20 (dBm)")
      .max(20, "a number from -127 to 20 (dBm)"),
    at: z
      .union(
        [z.number().min(0).max(RADIO_AGE_LIMIT_MS), instant],
        "milliseconds before `time`, or an instant",
      )
      .optional()
      .meta({
        description:
          "When it was heard: milliseconds before `time` (up to an hour; before the arrival when there is no `time`), or an instant of the scanner's clock",
      }),
    count: z
      .number()
      .int("a whole number from 1 to 10000")
      .min(1, "a whole number from 1 to 10000")
      .max(10_000, "a whole number from 1 to 10000")
      .optional()
      .meta({ description: "Packets behind it, `rssi` being their mean; absent = 1" }),
    battery: z.number().min(0, "a number from 0 to 1").max(1, "a number from 0 to 1").optional(),
    moving: z.boolean().optional(),
  })
  .refine(
    ({ tag, ibeacon, eddystone, altbeacon, payload }) =>
      [tag, ibeacon, eddystone, altbeacon, payload].filter((who) => who !== undefined).length === 1,
    { message: "exactly one of tag, ibeacon, eddystone, altbeacon and payload" },
  );

/** A checked reading. */
export type RadioSighting = z.output<typeof radioSightingSchema>;

/** The message without its readings: these are checked one by one, so that a bad one costs no other. */
export const radioEnvelopeSchema = z.strictObject({
  v: z.literal(1, "1, the only version there is"),
  time: instant.optional().meta({
    description: "When the readings were made, by the scanner's clock; absent = on arrival",
  }),
  sentAt: instant.optional().meta({
    description:
      "When the message was sent, by the same clock: tells a late message from a wrong clock",
  }),
  seq: z.number().int("a whole number").min(0, "a whole number from 0").optional().meta({
    description: "Number of the message in this session; a number told twice counts once",
  }),
  session: level("a name of this life of the scanner").optional(),
  seeing: z.boolean().optional().meta({
    description: "false: the scanner itself hears nothing and says so; absent = true",
  }),
  sightings: z
    .array(z.unknown())
    .max(RADIO_MESSAGE_SIGHTINGS, `at most ${RADIO_MESSAGE_SIGHTINGS} sightings`),
});

/**
 * `in/radio/<receiver>`: what a remote scanner heard, one such object or a list of them, at most 64 KiB and 500
 * readings together. An empty list of readings is a sign of life. There is no place for a radio address in it.
 */
export const radioSchema = radioEnvelopeSchema.extend({
  sightings: z
    .array(radioSightingSchema)
    .max(RADIO_MESSAGE_SIGHTINGS, `at most ${RADIO_MESSAGE_SIGHTINGS} sightings`),
});

/** A message as a sender writes it. */
export type RadioMessage = z.input<typeof radioSchema>;
