import { BoundedMap } from "../../core/bounded-map.ts";
import {
  type MonoMs,
  monoMs,
  type SubjectRef,
  subjectRef,
  type TagId,
  tagId,
} from "../../core/brand.ts";
import type { Refusal } from "../../core/consent.ts";
import type { IdentifierAnomaly } from "../../core/events.ts";
import type { ReceiverPlan } from "../../core/site.ts";
import type { ConsentGate, Permit } from "../../privacy/consent/consent-gate.ts";
import type { LoyaltyTables, RolledMember } from "../../privacy/loyalty/loyalty-tables.ts";
import { IdentifierWatch } from "../../radio/loyalty/identifier-watch.ts";
import type { MemberIdSpot } from "../../radio/loyalty/member-ids.ts";
import type { MemberHearing, MemberPort } from "../../radio/loyalty/member-port.ts";
import type { FollowedTag } from "../../radio/tag-registry.ts";

export interface MemberDeskDeps {
  readonly tables: Pick<LoyaltyTables, "find" | "memberAt" | "positionOf">;
  readonly gate: Pick<ConsentGate, "permit">;
  /** Where receivers hang; those that are not in the plan tell nothing about two places at once. */
  readonly receivers: readonly ReceiverPlan[];
  /** Name of this run: part of every event's id. */
  readonly run: string;
  /** A member is here by what they carry; again once a day while they stay. Absent: nobody wants to know. */
  readonly visited?: (subject: SubjectRef) => void;
}

/** What was found so far. */
export interface MemberCounts {
  /** Frames of members who may be matched. */
  readonly matched: number;
  /** Frames of members who may not, by the gate's reason. */
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
  /** Names of members by other gateways that were not looked up because there were too many. */
  readonly unsearched: number;
  /** Anomalies that were not told because of their limit. */
  readonly anomaliesUntold: number;
}

/** Twice the members that the radio follows. */
const CAP = 1_024;
const IDLE_MS = 3_600_000;
/** A name is looked for in the whole roll: 0.3 ms. */
const SEARCHES_PER_SECOND = 20;
/** Who never leaves, such as staff with a tag, comes every day. */
const DAY_MS = 86_400_000;

interface Permitted {
  readonly tag: FollowedTag;
  readonly permit: Permit<"loyalty-beacon">;
  /** When it was last told that the member is here. */
  toldMono: MonoMs;
}

/**
 * Says who is a member, and only with a live permit of the consent gate: it is asked for every frame. Of a stranger and of
 * a member without consent nothing is kept but a count.
 */
export class MemberDesk implements MemberPort {
  readonly #deps: MemberDeskDeps;
  readonly #watch: IdentifierWatch;
  readonly #permitted = new BoundedMap<TagId, Permitted>({ cap: CAP, idleMs: IDLE_MS });
  readonly #refused: Partial<Record<Refusal, number>> = {};
  #matched = 0;
  #unsearched = 0;
  #searches = 0;
  #secondMono = 0;
  #told = 0;
  /** Where anomalies go; set before the radio starts. */
  onAnomaly: (anomaly: IdentifierAnomaly) => void = () => undefined;

  constructor(deps: MemberDeskDeps) {
    this.#deps = deps;
    this.#watch = new IdentifierWatch(deps.receivers);
  }

  counts(): MemberCounts {
    return {
      matched: this.#matched,
      refused: { ...this.#refused },
      unsearched: this.#unsearched,
      anomaliesUntold: this.#watch.counts.untold,
    };
  }

  memberOf(id: Readonly<MemberIdSpot>, heard: MemberHearing): FollowedTag | null {
    const { tables } = this.#deps;
    const position = tables.find(id.bytes, id.from, id.size, id.kind);
    if (position < 0) return null;
    const tag = this.#permit(tables.memberAt(position), heard.atMono);
    if (tag === null) return null;
    this.#matched += 1;
    this.#watchPlaces(tag.id, id, heard);
    return tag;
  }

  memberNamed(id: TagId): FollowedTag | null {
    const { tables } = this.#deps;
    const known = this.#permitted.peek(id);
    if (known !== undefined) return this.#still(id, known) ? known.tag : null;
    if (this.#searches >= SEARCHES_PER_SECOND) {
      this.#unsearched += 1;
      return null;
    }
    this.#searches += 1;
    const position = tables.positionOf(id);
    return position < 0 ? null : this.#permit(tables.memberAt(position), this.#now());
  }

  mayFollow(id: TagId): boolean {
    const known = this.#permitted.peek(id);
    return known !== undefined && this.#still(id, known);
  }

  /** Lets time pass. Call about once a second. */
  advance(nowMono: MonoMs): void {
    this.#secondMono = nowMono;
    this.#searches = 0;
    this.#permitted.expire(nowMono);
    this.#watch.advance(nowMono);
  }

  #now(): MonoMs {
    return monoMs(this.#secondMono);
  }

  #permit(member: RolledMember | null, atMono: MonoMs): FollowedTag | null {
    if (member === null) return null;
    const id = tagId(member.pseudonym);
    const known = this.#permitted.get(id, atMono);
    // The reference is compared too: should two members ever share a pseudonym, each needs a permit of her own.
    if (known?.permit.subjectRef === member.subject) {
      if (!this.#still(id, known)) return null;
      if (atMono - known.toldMono >= DAY_MS) this.#tellVisit(known, atMono);
      return known.tag;
    }
    const permit = this.#deps.gate.permit(subjectRef(member.subject), "loyalty-beacon");
    if (!permit.ok) {
      this.#refuse(permit.error);
      return null;
    }
    const tag: FollowedTag = { id, kind: "loyalty-card" };
    const permitted = { tag, permit: permit.value, toldMono: atMono };
    this.#permitted.set(id, permitted, atMono);
    this.#tellVisit(permitted, atMono);
    return tag;
  }

  #tellVisit(permitted: Permitted, atMono: MonoMs): void {
    permitted.toldMono = atMono;
    this.#deps.visited?.(permitted.permit.subjectRef);
  }

  #still(id: TagId, { permit }: Permitted): boolean {
    const { refusal } = permit;
    if (refusal === null) return true;
    this.#permitted.delete(id);
    this.#refuse(refusal);
    return false;
  }

  #refuse(reason: Refusal): void {
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
  }

  /** Per device: who left the card at home is at home and in the shop. */
  #watchPlaces(tag: TagId, id: Readonly<MemberIdSpot>, heard: MemberHearing): void {
    const { receiverId, rssiDbm, atMono } = heard;
    if (rssiDbm === null) return;
    const identifier = Buffer.from(id.bytes.buffer, id.bytes.byteOffset + id.from, id.size);
    const key = `${id.kind} ${identifier.toString("hex", 0, 8)}`;
    const { txPower1mDbm } = id;
    const found = this.#watch.take({ key, receiverId, rssiDbm, txPower1mDbm, atMono });
    if (found === null) return;
    const head = { source: `loyalty#${this.#deps.run}`, seq: this.#told, atMono };
    this.#told += 1;
    this.onAnomaly({ ...head, kind: "identifier-anomaly", tagId: tag, ...found });
  }
}
