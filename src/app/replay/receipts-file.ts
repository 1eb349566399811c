import { type PosReceipt, parsePosReceipt } from "../../wire/pos-message.ts";
import { lineFault, textLines } from "./text-lines.ts";

/**
 * Reads receipts, one `in/pos` message a line.
 * @throws INPUT_INVALID naming file and line
 */
export async function readReceipts(path: string): Promise<readonly PosReceipt[]> {
  const receipts: PosReceipt[] = [];
  for await (const line of textLines(path)) {
    const outcome = parsePosReceipt(line.text);
    if (!outcome.ok) {
      const fault = outcome.error[0];
      throw lineFault(path, line, `${fault?.path ?? ""} ${fault?.expected ?? "a receipt"}`.trim());
    }
    receipts.push(outcome.value);
  }
  return receipts;
}
