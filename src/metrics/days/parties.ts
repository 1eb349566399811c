import { BoundedMap } from "../../core/bounded-map.ts";
import type { EpochMs, LineId, TrackId } from "../../core/brand.ts";
import type { GroupRecorded } from "../../core/events.ts";
import { RepeatFinder } from "./passages.ts";
import { type Tracked, trackKey } from "./staff-marks.ts";

/** Members of groups remembered; the oldest go first, and a mark for them changes their group no more. */
const MAX_MEMBERS = 4096;
/** A group and its members cross within seconds; a number used again in another run of the camera does not. */
const SAME_PARTY_MS = 60_000;

/** One of a group that came in. */
export interface PartyMember {
  readonly key: string;
  /** Did not come in with a group shortly before. */
  readonly isNew: boolean;
  isStaff: boolean;
}

/** People who came in together. */
export interface Party {
  readonly at: EpochMs;
  readonly lineId: LineId;
  readonly members: readonly PartyMember[];
  /** How many of them are counted as having come with somebody before them. */
  companions: number;
}

/**
 * How many of a group came in with somebody before them; staff are no part of it. Those who came in with a group
 * shortly before are merged as re-entries and belong to a unit already; whoever is new beside them joins that unit.
 * Pure.
 */
export function companionsOf(members: readonly PartyMember[]): number {
  const customers = members.filter((member) => !member.isStaff);
  const fresh = customers.filter((member) => member.isNew).length;
  return fresh === customers.length ? Math.max(0, fresh - 1) : fresh;
}

/** Groups that came in, remembered for as long as one of them may still turn out to be staff. Bounded. */
export class Parties {
  readonly #regrouped: RepeatFinder;
  readonly #byMember = new BoundedMap<string, Party>({
    cap: MAX_MEMBERS,
    idleMs: Number.POSITIVE_INFINITY,
  });

  constructor(reentryGapMs: number) {
    this.#regrouped = new RepeatFinder(reentryGapMs);
  }

  /** Tracks remembered. */
  get size(): number {
    return this.#regrouped.size + this.#byMember.size;
  }

  /** Takes a group that came in over a door. */
  admit(event: GroupRecorded, isStaff: (trackId: TrackId) => boolean): Party {
    const members = event.trackIds.map((trackId) => ({
      key: trackKey({ ...event, trackId }),
      isNew: this.#regrouped.repeatOf({ ...event, trackId }) === null,
      isStaff: isStaff(trackId),
    }));
    const { at, lineId, atMono } = event;
    const party: Party = { at, lineId, members, companions: companionsOf(members) };
    for (const { key } of members) this.#byMember.set(key, party, atMono);
    return party;
  }

  /** Notes that whoever made a crossing is staff; the group that they came with, null when they came alone. */
  leave(crossing: Tracked & { readonly at: EpochMs }): Party | null {
    const key = trackKey(crossing);
    const party = this.#byMember.peek(key);
    if (party === undefined || Math.abs(party.at - crossing.at) > SAME_PARTY_MS) return null;
    for (const member of party.members) if (member.key === key) member.isStaff = true;
    return party;
  }
}
