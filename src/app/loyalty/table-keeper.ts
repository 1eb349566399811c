import type { GatewayId, MonoMs } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { Link } from "../../io/mqtt/link.ts";
import {
  LoyaltyTables,
  type TableFacts,
  type TableRefusal,
} from "../../privacy/loyalty/loyalty-tables.ts";
import type { PartName } from "../../privacy/loyalty/table-layout.ts";
import {
  LOYALTY_MESSAGE_BYTES,
  LOYALTY_WANTS,
  type LoyaltyPartMessage,
  type LoyaltyRequest,
  loyaltyCatalogueSchema,
  loyaltyPartSchema,
} from "../../wire/loyalty-messages.ts";
import { plainTopic } from "../../wire/topics.ts";
import type { TableSource } from "./table-source.ts";

/** Why a message about members' identifiers was not taken. */
export type MessageRefusal = TableRefusal | "oversized" | "unreadable" | "foreign";

export interface TableKeeperDeps {
  readonly root: string;
  readonly gatewayId: GatewayId;
  readonly storeGroup: string;
  /** Members that this gateway holds at most; absent = as many as there may be. */
  readonly memberCap?: number;
  /**
   * How long after a catalogue came the next epoch is asked for, ms: different for each gateway, or all of a chain would
   * ask in the same second four times an hour. Absent = at once. What is needed now is asked for at once in any case.
   */
  readonly nextDelayMs?: number;
  /** The epoch that the wall clock shows; null while it is not to be trusted. */
  readonly epochNow: () => number | null;
  readonly clock: Clock;
  readonly log: Log;
}

const TICK_MS = 1_000;
/** A request without an answer: the centre is not there, or a message was lost. */
const ANSWER_MS = 5_000;
/** Longest pause between requests of a gateway that has everything, or whom nobody answers. */
const LONGEST_PAUSE_MS = 60_000;
const LOG_PAUSE_MS = 60_000;

/**
 * Keeps the tables of members' identifiers: asks the centre for what is missing, at most sixteen parts at a time, and
 * turns them with the wall clock. Nothing is retained on the broker and no topic has a wildcard, so every broker will do;
 * what is lost on the way is asked for again. Without a trusted wall clock nothing is asked for and nobody is found.
 */
export class TableKeeper implements TableSource {
  readonly name = "loyalty-tables";
  readonly tables: LoyaltyTables;
  readonly #deps: TableKeeperDeps;
  readonly #refused = new Map<MessageRefusal, number>();
  readonly #awaited = new Set<string>();
  #link: Link | null = null;
  #catalogue: string | null = null;
  #cataloguedMono = Number.NEGATIVE_INFINITY;
  #askedMono = Number.NEGATIVE_INFINITY;
  #pauseMs = ANSWER_MS;
  #loggedMono = Number.NEGATIVE_INFINITY;
  #timer: Timer | null = null;

  constructor(deps: TableKeeperDeps) {
    this.#deps = deps;
    const { storeGroup, memberCap } = deps;
    this.tables = new LoyaltyTables({
      storeGroup,
      ...(memberCap === undefined ? {} : { memberCap }),
    });
  }

  /** Messages that were not taken, by reason. */
  get refused(): ReadonlyMap<MessageRefusal, number> {
    return this.#refused;
  }

  facts(): TableFacts {
    return this.tables.facts();
  }

  /** Listens to the centre; call once, before the link starts. Without it nobody is ever found. */
  attach(link: Link): void {
    const { root, gatewayId } = this.#deps;
    this.#link = link;
    link.subscribe(
      plainTopic(root, gatewayId, "down/loyalty"),
      ({ text }) => this.takeCatalogue(text),
      "wished",
    );
    link.subscribe(
      plainTopic(root, gatewayId, "down/loyalty-part"),
      ({ text }) => this.takePart(text),
      "wished",
    );
    link.onState((state) => {
      if (state.kind === "connected") this.#hurry();
    });
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#timer === null && !signal.aborted) {
      this.#timer = this.#deps.clock.every(TICK_MS, "loyalty.tables", () => this.advance());
      this.advance();
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    return Promise.resolve();
  }

  /** Turns the tables, makes findable what came, and asks. Called once a second after `start`. */
  advance(): void {
    const { epochNow, clock } = this.#deps;
    const epoch = epochNow();
    const isTurned = epoch !== this.tables.epoch;
    this.tables.turnTo(epoch);
    this.tables.index();
    if (isTurned) this.#hurry();
    if (epoch !== null && clock.mono() - this.#askedMono >= this.#dueMs()) this.#ask(clock.mono());
  }

  /** Takes the text of `down/loyalty`. */
  takeCatalogue(text: string): void {
    const message = this.#read(text, loyaltyCatalogueSchema);
    if (message === null) return;
    const { digest, rolls, ids } = message;
    const refusal = this.tables.takeCatalogue({ rolls, ids });
    if (refusal === null) this.#begin(digest);
    else this.#refuse(refusal);
  }

  /** Takes the text of `down/loyalty-part`. */
  takePart(text: string): void {
    const message = this.#read(text, loyaltyPartSchema);
    if (message === null) return;
    const refusal = this.#takeRows(message);
    if (refusal !== null) {
      this.#refuse(refusal);
      return;
    }
    this.#pauseMs = ANSWER_MS;
    if (this.#awaited.delete(nameOf(message)) && this.#awaited.size === 0)
      this.#ask(this.#deps.clock.mono());
  }

  /** A catalogue was taken: what it has that is not here is asked for at once. */
  #begin(digest: string): void {
    if (digest !== this.#catalogue) this.#cataloguedMono = this.#deps.clock.mono();
    this.#catalogue = digest;
    this.#awaited.clear();
    this.#hurry();
    this.#ask(this.#deps.clock.mono());
  }

  #takeRows({ segment, epoch, roll, rows, eids }: LoyaltyPartMessage): TableRefusal | null {
    const bytes = Buffer.from(rows, "base64");
    if (epoch === null) return this.tables.takeRoll({ segment, rows: bytes });
    const tags = Buffer.from(eids, "base64");
    return this.tables.takeIds({ segment, epoch, roll: roll ?? "", rows: bytes, eids: tags });
  }

  /** null when it was refused. */
  #read<Message extends { readonly storeGroup: string }>(
    text: string,
    schema: { safeParse(value: unknown): { success: true; data: Message } | { success: false } },
  ): Message | null {
    // Characters first: the bytes of a text that is far too long need not be counted.
    if (text.length > LOYALTY_MESSAGE_BYTES || Buffer.byteLength(text) > LOYALTY_MESSAGE_BYTES) {
      this.#refuse("oversized");
      return null;
    }
    const parsed = schema.safeParse(jsonOf(text));
    if (!parsed.success) {
      this.#refuse("unreadable");
      return null;
    }
    if (parsed.data.storeGroup !== this.#deps.storeGroup) {
      this.#refuse("foreign");
      return null;
    }
    return parsed.data;
  }

  #refuse(reason: MessageRefusal): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    const { clock, log } = this.#deps;
    if (clock.mono() - this.#loggedMono < LOG_PAUSE_MS) return;
    this.#loggedMono = clock.mono();
    const refused = Object.fromEntries(this.#refused);
    log.warn(
      { event: "loyalty.part-refused", code: "MESSAGE_INVALID", reason, refused },
      `a part of the tables of members was not taken: ${reason}`,
    );
  }

  #missing(limit: number): readonly PartName[] {
    const { nextDelayMs = 0, clock } = this.#deps;
    return this.tables.missing(limit, clock.mono() - this.#cataloguedMono >= nextDelayMs);
  }

  /** How long after a request the next one is due. */
  #dueMs(): number {
    const isComplete = this.#catalogue !== null && this.#missing(1).length === 0;
    return isComplete ? LONGEST_PAUSE_MS : this.#pauseMs;
  }

  /** Something changed: what was asked for may be something else by now. */
  #hurry(): void {
    this.#pauseMs = ANSWER_MS;
    this.#askedMono = Number.NEGATIVE_INFINITY;
  }

  #ask(nowMono: MonoMs): void {
    const { root, gatewayId, storeGroup } = this.#deps;
    const link = this.#link;
    if (link === null || link.state.kind !== "connected") return;
    // Unanswered, the pause doubles; an answer puts it back.
    const isSilent = this.#awaited.size > 0 || this.#catalogue === null;
    if (isSilent && Number.isFinite(this.#askedMono))
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.#pauseMs);
    const want = this.#missing(LOYALTY_WANTS);
    this.#awaited.clear();
    for (const part of want) this.#awaited.add(nameOf(part));
    this.#askedMono = nowMono;
    const request: LoyaltyRequest = { v: 1, storeGroup, catalogue: this.#catalogue, want };
    const topic = plainTopic(root, gatewayId, "up/loyalty");
    link.publish(topic, JSON.stringify(request), { qos: 0, retain: false });
  }
}

const nameOf = ({ segment, epoch }: PartName): string => `${epoch ?? "roll"}/${segment}`;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is refused by the schema, as everything else that is no message.
    return undefined;
  }
}
