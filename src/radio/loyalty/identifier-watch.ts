import { BoundedMap } from "../../core/bounded-map.ts";
import type { MonoMs, ReceiverId } from "../../core/brand.ts";
import type { ReceiverPlan } from "../../core/site.ts";

/** An identifier as it was heard by one receiver. */
export interface IdentifierHearing {
  /** Names the identifier: who it is of, and with which of several devices. */
  readonly key: string;
  readonly receiverId: ReceiverId;
  readonly rssiDbm: number;
  /** Level at one metre as its sender states it. */
  readonly txPower1mDbm: number;
  readonly atMono: MonoMs;
}

/** One identifier at two places between which nobody walks in the time. */
export interface TwoPlaces {
  readonly receivers: readonly [ReceiverId, ReceiverId];
  /** Least distance between the two senders, metres, by what levels allow. */
  readonly apartM: number;
  /** Time between the two readings. */
  readonly withinMs: number;
}

/** Somebody in a hurry; nobody runs through a shop for long. */
const WALK_M_PER_S = 2.5;
/** Reflections, a corridor that guides waves, an antenna that favours a direction, a power stated too low: together. */
const MARGIN_DB = 15;
/** A sender that states less than any phone or tag sends would seem nearer than it is. */
const LEAST_POWER_1M_DBM = -65;
/** One pair of readings may be a fluke of reflections. */
const CONTRADICTIONS = 3;
const CONTRADICTED_WITHIN_MS = 60_000;
/** What is this old says nothing of where somebody is now. */
const OLD_MS = 120_000;
/** Told once per identifier in the life of one. */
const TOLD_MS = 900_000;
const CAP = 1_024;
const TOLD_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

interface Place {
  readonly xM: number;
  readonly yM: number;
  readonly reachM: number;
  readonly atMono: MonoMs;
}

interface Followed {
  /** Newest telling reading of each placed receiver. */
  readonly places: Map<ReceiverId, Place>;
  contradictions: number;
  sinceMono: number;
  toldMono: number;
}

/**
 * Looks whether one identifier is in two places at once: a copy of it is being sent somewhere else. A level bounds the
 * distance from above (nothing is heard louder than in free space, within a margin), so two receivers that both hear it
 * loudly prove two senders when they are farther apart than that and than a person walks meanwhile. Receivers without a
 * place say nothing. At most 1024 identifiers are watched, the one silent longest is given up; it is told once per
 * identifier and quarter of an hour, and ten times a minute in all; the rest is counted.
 */
export class IdentifierWatch {
  readonly #plans: ReadonlyMap<ReceiverId, ReceiverPlan>;
  readonly #followed = new BoundedMap<string, Followed>({ cap: CAP, idleMs: TOLD_MS });
  #minuteMono = Number.NEGATIVE_INFINITY;
  #toldInMinute = 0;
  /** Contradictions that were seen, and anomalies that were not told because of the limit. */
  readonly counts = { contradictions: 0, untold: 0 };

  constructor(receivers: readonly ReceiverPlan[]) {
    this.#plans = new Map(receivers.map((plan) => [plan.id, plan]));
  }

  /** Takes a reading; returns what is to be told, or null. */
  take(heard: IdentifierHearing): TwoPlaces | null {
    const plan = this.#plans.get(heard.receiverId);
    if (plan === undefined || !Number.isFinite(heard.rssiDbm)) return null;
    const { xM, yM } = plan;
    const here: Place = { xM, yM, reachM: reachM(heard), atMono: heard.atMono };
    const followed = this.#followed.get(heard.key, heard.atMono) ?? newcomer();
    this.#followed.set(heard.key, followed, heard.atMono);
    const found = contradiction(followed, heard.receiverId, here);
    keep(followed, heard.receiverId, here);
    return found === null ? null : this.#judge(followed, found, heard.atMono);
  }

  /** Forgets what was silent. Call now and then. */
  advance(nowMono: MonoMs): void {
    this.#followed.expire(nowMono);
  }

  #judge(followed: Followed, found: TwoPlaces, atMono: MonoMs): TwoPlaces | null {
    this.counts.contradictions += 1;
    if (atMono - followed.sinceMono > CONTRADICTED_WITHIN_MS) {
      followed.sinceMono = atMono;
      followed.contradictions = 0;
    }
    followed.contradictions += 1;
    if (followed.contradictions < CONTRADICTIONS || atMono - followed.toldMono < TOLD_MS)
      return null;
    followed.toldMono = atMono;
    if (atMono - this.#minuteMono >= MINUTE_MS) {
      this.#minuteMono = atMono;
      this.#toldInMinute = 0;
    }
    if (this.#toldInMinute >= TOLD_PER_MINUTE) {
      this.counts.untold += 1;
      return null;
    }
    this.#toldInMinute += 1;
    return found;
  }
}

const newcomer = (): Followed => ({
  places: new Map(),
  contradictions: 0,
  sinceMono: Number.NEGATIVE_INFINITY,
  toldMono: Number.NEGATIVE_INFINITY,
});

/** Farthest that the sender may be away. */
function reachM({ rssiDbm, txPower1mDbm }: IdentifierHearing): number {
  const powerDbm = Math.max(txPower1mDbm, LEAST_POWER_1M_DBM);
  return 10 ** ((powerDbm + MARGIN_DB - rssiDbm) / 20);
}

function contradiction(followed: Followed, receiverId: ReceiverId, here: Place): TwoPlaces | null {
  for (const [other, there] of followed.places) {
    const withinMs = Math.abs(here.atMono - there.atMono);
    if (other === receiverId || withinMs > OLD_MS) continue;
    const apartM = Math.hypot(here.xM - there.xM, here.yM - there.yM) - here.reachM - there.reachM;
    if (apartM > (WALK_M_PER_S * withinMs) / 1000)
      return { receivers: [other, receiverId], apartM, withinMs };
  }
  return null;
}

/** A weak reading bounds little: the loud one before it stays as long as it still says more. */
function keep(followed: Followed, receiverId: ReceiverId, here: Place): void {
  const before = followed.places.get(receiverId);
  if (before !== undefined) {
    const grownM = before.reachM + (WALK_M_PER_S * (here.atMono - before.atMono)) / 1000;
    if (grownM < here.reachM) return;
  }
  followed.places.set(receiverId, here);
}
