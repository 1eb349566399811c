import type { EpochMs, GatewayId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { Link } from "../../io/mqtt/link.ts";
import type { CentreChange } from "../../privacy/consent/centre-grants.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { CHANGES_CAP, type ConsentNewsMessage } from "../../wire/consent-messages.ts";
import { plainTopic } from "../../wire/topics.ts";

/** A register, as far as it is told. */
export interface ToldRegister {
  readonly name: string;
  readonly seq: number;
  after(seq: number, limit: number): readonly CentreChange[];
  /** Takes another name: nothing that was told under the one before holds. */
  beginAnew(): void;
}

export interface NewsDeskTerms {
  readonly root: string;
  readonly link: Pick<Link, "publish" | "state">;
  readonly clock: Clock;
  /** Issued by the clock that consents are judged by. */
  readonly now: () => EpochMs;
  readonly register: ToldRegister;
  /** Who is told. */
  readonly gateways: () => Iterable<GatewayId>;
}

/** The message as it is written: its time is a text. */
type Told = Omit<ConsentNewsMessage, "issuedAt"> & { readonly issuedAt: string };

/** How far a gateway is. */
interface Ear {
  /** What it said it knows. */
  applied: number;
  /** What it was sent on top of that. */
  sent: number;
}

/** Changes that come in a row are told together. */
const GATHER_MS = 50;
/** Messages on their way to one gateway that it has not confirmed. */
const AHEAD = 4;
/** No gateway has everything told anew again and again. */
const RENAME_PAUSE_MS = 60_000;

/**
 * Tells the gateways of one tenant how consents stand (`down/consent`): every change at once, and by `repeat` every
 * fifteen seconds that there is nothing else, which is what their lease lives on. A gateway of which nothing is known is
 * sent the empty end of the register: either that fits, or it says where it stands.
 */
export class NewsDesk {
  readonly #terms: NewsDeskTerms;
  readonly #ears = new Map<GatewayId, Ear>();
  #timer: Timer | null = null;
  #renamedMono = Number.NEGATIVE_INFINITY;

  constructor(terms: NewsDeskTerms) {
    this.#terms = terms;
  }

  /** What a gateway said it has applied, for people; null: it was not heard since the start. */
  appliedOf(gateway: GatewayId): number | null {
    return this.#ears.get(gateway)?.applied ?? null;
  }

  /** Something changed: soon everyone is told. */
  changed(): void {
    this.#timer ??= this.#terms.clock.after(GATHER_MS, "loyalty.news", () => {
      this.#timer = null;
      for (const gateway of this.#terms.gateways()) this.#tell(gateway);
    });
  }

  /** A gateway is here of which nothing is known yet: it is asked where it stands. */
  greet(gateway: GatewayId): void {
    this.#send(gateway, this.#terms.register.seq);
  }

  /** Takes a `consent-applied`: what follows is sent at once, and what was lost on the way is sent again. */
  takeApplied(gateway: GatewayId, register: string, seq: number): void {
    const own = this.#terms.register;
    if (register === own.name && seq > own.seq) this.#beginAnew();
    const applied = register === own.name ? Math.min(seq, own.seq) : 0;
    const ear = this.#ears.get(gateway);
    const isProgress = ear !== undefined && applied > ear.applied;
    const sent = isProgress ? Math.max(ear.sent, applied) : applied;
    this.#ears.set(gateway, { applied, sent });
    if (applied < own.seq) this.#tell(gateway);
  }

  /** Tells everyone from what each one confirmed, also when there is nothing new. */
  repeat(): void {
    const present = new Set(this.#terms.gateways());
    for (const gateway of this.#ears.keys()) if (!present.has(gateway)) this.#ears.delete(gateway);
    for (const gateway of present) {
      const ear = this.#ears.get(gateway);
      if (ear !== undefined) ear.sent = ear.applied;
      // Also where there is nothing new: the lease lives on it.
      const { seq } = this.#terms.register;
      if (ear === undefined || ear.applied >= seq) this.#send(gateway, seq);
      else this.#tell(gateway);
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** A gateway knows more than the register: that was restored from a backup, and its numbers come a second time. */
  #beginAnew(): void {
    const mono = this.#terms.clock.mono();
    if (mono - this.#renamedMono < RENAME_PAUSE_MS) return;
    this.#renamedMono = mono;
    this.#terms.register.beginAnew();
    this.#ears.clear();
    this.changed();
  }

  /** Sends what it was not sent yet, some messages ahead of what it confirmed. */
  #tell(gateway: GatewayId): void {
    const { register } = this.#terms;
    const ear = this.#ears.get(gateway);
    if (ear === undefined) {
      // The newest change alone: whoever has everything before it needs no more, the others say where they stand.
      this.#send(gateway, Math.max(0, register.seq - 1));
      return;
    }
    const limit = ear.applied + AHEAD * CHANGES_CAP;
    while (ear.sent < register.seq && ear.sent <= limit) {
      const to = this.#send(gateway, ear.sent);
      if (to === null || to === ear.sent) return;
      ear.sent = to;
    }
  }

  /** Sends one message of what follows a number; how far it reaches, null when it could not be sent. */
  #send(gateway: GatewayId, from: number): number | null {
    const { root, link, now, register } = this.#terms;
    if (link.state.kind !== "connected") return null;
    const upTo = register.seq;
    const changes = register.after(from, CHANGES_CAP);
    const to = changes.length < CHANGES_CAP ? upTo : (changes.at(-1)?.seq ?? upTo);
    const issuedAt = isoTime(now());
    const message: Told = { v: 1, register: register.name, from, to, upTo, issuedAt, changes };
    const topic = plainTopic(root, gateway, "down/consent");
    link.publish(topic, JSON.stringify(message), { qos: 1, retain: false });
    return to;
  }
}
