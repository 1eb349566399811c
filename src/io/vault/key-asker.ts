import type { GatewayId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { fail, type Result } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { retryPauses } from "../../core/retry.ts";
import {
  askForKey,
  type Fill,
  type HandoverRefusal,
  type KeyQuestion,
} from "../../privacy/vault/key-handover.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { parsePeerMessage } from "../../wire/envelopes.ts";
import { KEY_MESSAGE_BYTES, keyAnswerSchema } from "../../wire/key-messages.ts";
import { plainTopic } from "../../wire/topics.ts";
import type { Link, LinkMessage } from "../mqtt/link.ts";
import type { KeyFromCentre } from "./gateway-key.ts";

/** Why an answer was not taken: `unasked` (no question is open), `unreadable`, or what the opening says. */
export type AnswerRefusal = "unasked" | "unreadable" | HandoverRefusal;

/** What a gateway asks the centre for its key with. */
export interface KeyAskerDeps {
  readonly root: string;
  readonly gatewayId: GatewayId;
  readonly key: Pick<KeyFromCentre, "deliver">;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly fill: Fill;
}

/** The line to the broker, as far as it is needed here. */
export type KeyLink = Pick<Link, "subscribe" | "onState" | "publish" | "state">;

/** A whole chain comes back at once when its broker does. */
const FIRST_WITHIN_MS = 500;
const PAUSES = { baseMs: 4_000, capMs: 300_000, factor: 2, jitterRatio: 0.5 };
/** Answers that were not taken are logged once for so many. */
const LOG_EVERY = 100;

/**
 * Asks the centre for the key of this gateway's templates until it has it: soon after each connection, then with growing
 * pauses. Every question has a pair of keys of its own and takes one answer; any other message changes nothing but a
 * count. The key is handed on and its bytes here are overwritten; it is never written down.
 */
export class KeyAsker {
  readonly #deps: KeyAskerDeps;
  readonly #refused: Partial<Record<AnswerRefusal, number>> = {};
  #question: KeyQuestion | null = null;
  #pauses: Generator<number, never> | null = null;
  #link: KeyLink | null = null;
  #timer: Timer | null = null;
  #hasKey = false;
  #count = 0;

  constructor(deps: KeyAskerDeps) {
    this.#deps = deps;
  }

  /** Whether the key came. */
  get hasKey(): boolean {
    return this.#hasKey;
  }

  /** Answers that were not taken, by reason. */
  get refused(): Readonly<Partial<Record<AnswerRefusal, number>>> {
    return { ...this.#refused };
  }

  /** Listens to the centre; call once, before the link starts. */
  attach(link: KeyLink): void {
    const { root, gatewayId } = this.#deps;
    this.#link = link;
    const topic = plainTopic(root, gatewayId, "down/key");
    link.subscribe(topic, (message) => this.take(message), "wished");
    link.onState(({ kind }) => {
      this.#stop();
      if (kind !== "connected" || this.#hasKey) return;
      this.#pauses = retryPauses(PAUSES, this.#deps.random);
      this.#askIn(FIRST_WITHIN_MS * this.#deps.random());
    });
  }

  /** Takes a `down/key`. */
  take({ text, retained }: Pick<LinkMessage, "text" | "retained">): void {
    const opened = this.#open(text, retained);
    if (!opened.ok) {
      this.#refuse(opened.error);
      return;
    }
    this.#hasKey = true;
    this.#stop();
    this.#deps.key.deliver(opened.value);
    opened.value.fill(0);
    this.#deps.log.info({ event: "vault.key-came" }, "the centre sent the key of the templates");
  }

  /** Asks no more; what comes later is refused. */
  close(): void {
    this.#stop();
    this.#link = null;
  }

  #open(text: string, retained: boolean): Result<Uint8Array, AnswerRefusal> {
    // Nobody retains an answer: one that comes as such was put there by somebody else.
    if (this.#question === null || retained) return fail("unasked");
    const answer = text.length > KEY_MESSAGE_BYTES ? null : parsePeerMessage(keyAnswerSchema, text);
    return answer?.ok ? this.#question.open(answer.value) : fail("unreadable");
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#question?.close();
    this.#question = null;
  }

  #askIn(pauseMs: number): void {
    this.#timer = this.#deps.clock.after(pauseMs, "template-key", () => this.#ask());
  }

  #ask(): void {
    const { root, gatewayId, clock, fill } = this.#deps;
    const link = this.#link;
    if (link === null || this.#pauses === null) return;
    this.#question?.close();
    this.#question = askForKey(gatewayId, fill);
    const message = { v: 1, at: isoTime(clock.now()), ...this.#question.ask };
    const topic = plainTopic(root, gatewayId, "up/key-request");
    link.publish(topic, JSON.stringify(message), { qos: 1, retain: false });
    this.#askIn(this.#pauses.next().value);
  }

  #refuse(reason: AnswerRefusal): void {
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
    this.#count += 1;
    if (this.#count % LOG_EVERY !== 1) return;
    // Never what stood in it.
    const fields = { event: "vault.key-refused", code: "MESSAGE_INVALID", reason };
    this.#deps.log.warn(
      { ...fields, refused: this.refused },
      `an answer about the key of the templates was not taken: ${reason}`,
    );
  }
}
