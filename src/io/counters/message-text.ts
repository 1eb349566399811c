import { fail, type InputFault, ok, type Result } from "../../core/errors.ts";

/** Largest message of a foreign counter, characters: some send a picture along, which is never read. */
const LARGEST_MESSAGE = 1_048_576;
const WORD = /^[a-z]{1,16}$/;

/**
 * The value of a message's text: JSON, or a bare word such as `online`. Never throws, and a fault does not quote the
 * text. Pure.
 */
export function readJsonText(text: string): Result<unknown, InputFault> {
  if (text.length > LARGEST_MESSAGE) {
    const expected = `at most ${LARGEST_MESSAGE} characters`;
    return fail({ path: "", found: `${text.length} characters`, expected });
  }
  if (WORD.test(text)) return ok(text);
  try {
    return ok(JSON.parse(text));
  } catch {
    // JSON.parse reports bad text only by throwing; its message may quote the text, so it is not passed on.
    return fail({ path: "", found: `${text.length} characters`, expected: "JSON" });
  }
}
