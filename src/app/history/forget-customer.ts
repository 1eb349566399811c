import { GatewayError } from "../../core/errors.ts";
import type { History } from "../../io/history/history.ts";
import type { Forgotten } from "../../io/history/history-rows.ts";
import type { Overwriting } from "../../io/outbox/open-database.ts";
import type { Outbox } from "../../io/outbox/outbox.ts";

/** The files in which a gateway keeps anything of a customer; one that runs has figures in its memory too. */
export interface CustomerTraces {
  readonly outbox: Pick<Outbox, "rewrite" | "state">;
  /** null: there is none. */
  readonly history: Pick<History, "forgetCustomer"> | null;
}

/** What was removed. */
export interface ForgetReceipt extends Forgotten {
  /** Events that named the customer, told to the centre or not. */
  readonly events: number;
}

/**
 * Forgets a customer, who is known by the id of their card: the days on which they came are removed, and the events and
 * days of a shop go on without the name. Their visits stay, as somebody's of whom nothing else is known: what was
 * counted was counted. Asked again, it finds nothing.
 * @throws DISK_FULL, HISTORY_UNWRITABLE when not all of it could be written; to be asked again then
 */
export function forgetCustomer(
  { outbox, history }: CustomerTraces,
  customer: string,
  somebody: string | NameForText,
  how: Overwriting = "anew",
): ForgetReceipt {
  const without = (text: string): string | null => withoutName(text, customer, somebody);
  const events = outbox.rewrite(customer, without, how);
  if (outbox.state.kind === "fault" && outbox.state.code === "DISK_FULL")
    throw new GatewayError("DISK_FULL", "events that name the customer wait for the disk");
  if (history === null) return { events, customerDays: 0, dayRecords: 0 };
  const forgotten = history.forgetCustomer(customer, without, how);
  if (forgotten === null)
    throw new GatewayError(
      "HISTORY_UNWRITABLE",
      "days that name the customer could not be written",
    );
  return { events, ...forgotten };
}

/** The other name for what a JSON text tells, such as one for each day. */
export type NameForText = (value: unknown) => string;

/** The JSON text with another name for the customer; null when it is none, or does not name them. Pure. */
export function withoutName(
  text: string,
  customer: string,
  somebody: string | NameForText,
): string | null {
  if (!text.includes(customer)) return null;
  let isNamed = false;
  const rename = (name: string): string => {
    isNamed = true;
    return name;
  };
  try {
    const other = typeof somebody === "string" ? somebody : somebody(JSON.parse(text));
    const value: unknown = JSON.parse(text, (_, part: unknown) => {
      if (part === customer) return rename(other);
      return part === `tag/${customer}` ? rename(`tag/${other}`) : part;
    });
    return isNamed ? JSON.stringify(value) : null;
  } catch (error) {
    // Damaged on the disk: nobody can read it, and the day or event is not used.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
