import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { GatewayError } from "../../core/errors.ts";

/** One line of a text file; numbers start at 1, as editors count. */
export interface TextLine {
  readonly number: number;
  readonly text: string;
}

/**
 * Reads a file line by line, without blank ones.
 * @throws INPUT_INVALID when the file cannot be read
 */
export async function* textLines(path: string): AsyncGenerator<TextLine> {
  const stream = createReadStream(path, "utf8");
  try {
    let number = 0;
    for await (const text of createInterface({
      input: stream,
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      number += 1;
      if (text.trim() !== "") yield { number, text };
    }
  } catch (error) {
    throw new GatewayError("INPUT_INVALID", `cannot read ${path}`, { cause: error });
  } finally {
    stream.destroy();
  }
}

/** The fault of a line that is not what the format says. */
export function lineFault(path: string, line: TextLine, expected: string): GatewayError {
  const found = line.text.length > 60 ? `${line.text.slice(0, 57)}...` : line.text;
  return new GatewayError(
    "INPUT_INVALID",
    `${path}:${line.number}: expected ${expected}, found ${found}`,
  );
}

/** The object that a line of JSON holds; null when it holds anything else or is no JSON. Pure. */
export function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    // JSON.parse reports bad text only by throwing; the caller names the line.
    return null;
  }
}
