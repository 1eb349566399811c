import type { Readable } from "node:stream";
import { GatewayError } from "../../core/errors.ts";

/** Longest line taken; a frame of 128 people has 10 kB. */
const LONGEST_LINE = 2 ** 20;

/**
 * The whole lines of a gateway's stream, without their breaks; a rest without a break is left out. The encoding of the
 * stream has to be set. @throws MESSAGE_INVALID for a line that never ends, and whatever the connection throws
 */
export async function* streamLines(stream: Readable): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST_LINE)
      throw new GatewayError("MESSAGE_INVALID", "the gateway sent a line that never ends");
    yield* lines;
  }
}
