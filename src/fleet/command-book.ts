import type { EpochMs } from "../core/brand.ts";
import { describeFaults, type InputFault } from "../core/errors.ts";
import { faultsOf } from "../core/input-faults.ts";
import { isoTime } from "../wire/cloud-event.ts";
import { parsePeerMessage } from "../wire/envelopes.ts";
import {
  type CommandReply,
  type CommandStatus,
  commandSchema,
  type Order,
  orderSchema,
  REPORTED_COMMANDS_CAP,
} from "../wire/fleet-messages.ts";

/** What to do about a message on `down/cmd`. */
export type Admission =
  | { readonly kind: "run"; readonly id: string; readonly order: Order }
  /** It was answered without being carried out; the answer is in the book. */
  | { readonly kind: "answered"; readonly reply: CommandReply }
  /** Seen before, or not to be read at all. */
  | { readonly kind: "left"; readonly faults: readonly InputFault[] };

/** How a message came, and when. */
export interface Arrival {
  readonly text: string;
  /** A broker that kept a command would have it carried out at every connection. */
  readonly retained: boolean;
  /** null: nobody has set this clock yet, and nothing can be said about expiry. */
  readonly now: EpochMs | null;
  /** What this clock says, set or not: for the answer. */
  readonly at: EpochMs;
}

/** Ids that are remembered; the oldest is forgotten first, long after its command expired. */
const SEEN_CAP = 256;
const DETAIL_CHARS = 512;

/**
 * Which commands came and what became of them. A command is carried out at most once by its id within one life of the
 * process; ids of commands that ended a life are handed to the next one.
 */
export class CommandBook {
  readonly #seen: Set<string>;
  #replies: readonly CommandReply[] = [];
  #unreadable = 0;

  constructor(seen: readonly string[]) {
    this.#seen = new Set(seen);
  }

  /** Answers, oldest first; at most sixteen. */
  get replies(): readonly CommandReply[] {
    return this.#replies;
  }

  /** Messages that were no commands. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** Reads a message and decides; a command is known from then on. */
  admit({ text, retained, now, at }: Arrival): Admission {
    const parsed = parsePeerMessage(commandSchema, text);
    if (!parsed.ok) {
      this.#unreadable += 1;
      return { kind: "left", faults: parsed.error };
    }
    const command = parsed.value;
    if (this.#seen.has(command.id)) return { kind: "left", faults: [] };
    this.#remember(command.id);
    const answer = (status: CommandStatus, detail: string): Admission => ({
      kind: "answered",
      reply: this.answer(command.id, command.command, status, detail, at),
    });
    if (retained) return answer("refused", "a command must not be retained");
    if (now === null)
      return answer("refused", "the gateway does not know the time yet; send another later");
    if (Date.parse(command.expiresAt) <= now)
      return answer("expired", `it was good until ${command.expiresAt}`);
    const wanted = { name: command.command, arguments: command.arguments };
    const order = orderSchema.safeParse(wanted);
    if (order.success) return { kind: "run", id: command.id, order: order.data };
    const faults = faultsOf(order.error.issues, wanted);
    const isUnknown = faults.some(({ path }) => path === "name");
    const why = isUnknown ? "this version knows no such command" : describeFaults(faults).trim();
    return answer("refused", why);
  }

  /** Notes what became of a command. */
  answer(
    id: string,
    command: string,
    status: CommandStatus,
    detail: string,
    at: EpochMs,
    result?: Readonly<Record<string, unknown>>,
  ): CommandReply {
    const reply: CommandReply = {
      id,
      command,
      status,
      at: isoTime(at),
      detail: detail.slice(0, DETAIL_CHARS),
      ...(result === undefined ? {} : { result: { ...result } }),
    };
    this.#replies = [...this.#replies, reply].slice(-REPORTED_COMMANDS_CAP);
    return reply;
  }

  #remember(id: string): void {
    this.#seen.add(id);
    if (this.#seen.size <= SEEN_CAP) return;
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest);
      return;
    }
  }
}
