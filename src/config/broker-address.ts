import { z } from "zod";
import { fail, ok, type Result } from "../core/errors.ts";

/** More nodes than a broker has. */
const MOST_ADDRESSES = 16;
const EXPECTED = "a URL with mqtt://, mqtts://, ws:// or wss:// and a host";

const PATTERN = /^(mqtt|mqtts|ws|wss):\/\/[^\s,]+$/;

const brokerUrl = z
  .string()
  .regex(PATTERN, EXPECTED)
  // What the pattern refuses is not refused twice.
  .refine((text) => !PATTERN.test(text) || URL.canParse(text), EXPECTED);

const brokerUrls = z
  .array(brokerUrl)
  .min(1, "at least one address")
  .max(MOST_ADDRESSES, `at most ${MOST_ADDRESSES} addresses`);

/** Where a broker is: one address, or those of all nodes of a cluster. */
export const brokerUrlSchema = z.union([brokerUrl, brokerUrls], {
  error: `${EXPECTED}, or a list of such`,
});

/** Reads addresses given as texts, each of which may hold several with commas between; the fault as a sentence. Pure. */
export function readBrokerUrls(texts: readonly string[]): Result<readonly string[], string> {
  const urls = texts.flatMap((text) => text.split(",")).map((text) => text.trim());
  const outcome = brokerUrls.safeParse(urls);
  if (outcome.success) return ok(outcome.data);
  const [issue] = outcome.error.issues;
  const found = typeof issue?.path[0] === "number" ? urls[issue.path[0]] : `${urls.length}`;
  return fail(`expected ${issue?.message}, found ${found === "" ? "nothing" : found}`);
}
