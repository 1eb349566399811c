import { z } from "zod";
import { PURPOSES } from "../core/consent.ts";

const language = z.enum(["en", "da", "de"]);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
/** Typed by a scanner or a person; whether it is one is for the station to say. */
const code = z.string().max(128);
const purpose = z.enum(PURPOSES);
/** Said by the shopper: no date of birth is asked for. */
const isAdult = z.boolean();

/** Bodies of the station's API, by the last part of the path. */
export const STATION_BODIES = {
  join: z.strictObject({
    language,
    isAdult,
    purposes: z.array(z.strictObject({ purpose, sha256 })).max(PURPOSES.length),
  }),
  agree: z.strictObject({ code, language, isAdult, purpose, sha256 }),
  recognise: z.strictObject({ code }),
  verify: z.strictObject({ code }),
  identify: z.strictObject({}),
  enrol: z.strictObject({ code, language, isAdult, sha256 }),
  consents: z.strictObject({ code }),
  forget: z.strictObject({ code, purposes: z.array(purpose).max(PURPOSES.length).exactOptional() }),
  stop: z.strictObject({}),
} as const;
