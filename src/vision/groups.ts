import type { LineId, MonoMs, TrackId } from "../core/brand.ts";
import type { CrossingDirection } from "../core/events.ts";
import type { Floor } from "./floor.ts";
import type { FootPaths } from "./foot-paths.ts";
import type { LineCrossing } from "./line-counter.ts";
import { Trail } from "./trail.ts";
import { haveWalkedTogether } from "./walking-together.ts";

/** When people who crossed a line are one buying unit. */
export interface GroupRule {
  /** Largest time between two members' crossings. */
  readonly windowMs: number;
  /** A crossing may be told this much after it happened: it is kept back while it can still be taken back. */
  readonly lateMs: number;
  /** Most members; a group that has them is told at once. */
  readonly maxMembers: number;
  /** Most crossings waiting at one camera; with more the oldest are told without waiting on. */
  readonly maxWaiting: number;
}

export const GROUP_RULE: GroupRule = Object.freeze({
  windowMs: 1500,
  lateMs: 3500,
  maxMembers: 16,
  maxWaiting: 128,
});

/** A group that nobody can join any more. */
export interface Group {
  readonly lineId: LineId;
  readonly direction: CrossingDirection;
  /** First crossing of a member. */
  readonly atMono: MonoMs;
  /** Two or more, in the order of crossing. */
  readonly trackIds: readonly TrackId[];
}

/** Crossings of people who belong together, one or more, while others may still join. */
interface Party {
  readonly lineId: LineId;
  readonly direction: CrossingDirection;
  readonly members: Member[];
}

interface Member {
  readonly trackId: TrackId;
  readonly atMono: MonoMs;
  /** Where the person was up to the crossing. */
  readonly trail: Trail;
}

/**
 * Finds people who cross a line together: same line and direction, at most the window apart, and side by side on the
 * way there. Whoever belongs to two belongs them together. Each crossing is in at most one group; crossings
 * themselves are told elsewhere and never wait for this.
 */
export class GroupWatch {
  readonly #paths: FootPaths;
  readonly #floor: Floor;
  readonly #onGroup: (group: Group) => void;
  readonly #rule: GroupRule;
  /** In the order in which they were begun. */
  #parties: Party[] = [];
  #waiting = 0;
  readonly #spare: Trail[] = [];

  constructor(
    paths: FootPaths,
    floor: Floor,
    onGroup: (group: Group) => void,
    rule: GroupRule = GROUP_RULE,
  ) {
    this.#paths = paths;
    this.#floor = floor;
    this.#onGroup = onGroup;
    this.#rule = rule;
  }

  /** Crossings that others may still join. */
  get waiting(): number {
    return this.#waiting;
  }

  /** A crossing was told; the track is still in the foot paths. */
  observe(lineId: LineId, trackId: TrackId, { direction, atMono }: LineCrossing): void {
    const now = this.#paths.trailOf(trackId);
    if (now === null) return;
    const trail = this.#spare.pop() ?? new Trail();
    trail.copy(now);
    const joined: Party = { lineId, direction, members: [{ trackId, atMono, trail }] };
    const others: Party[] = [];
    for (const party of this.#parties)
      if (this.#belongs(party, joined)) joined.members.push(...party.members);
      else others.push(party);
    this.#parties = others;
    this.#parties.push(joined);
    this.#waiting += 1;
    if (joined.members.length >= this.#rule.maxMembers) this.#close(joined);
    while (this.#waiting > this.#rule.maxWaiting && this.#parties[0] !== undefined)
      this.#close(this.#parties[0]);
  }

  /** Time has passed: tells the groups that nobody can join any more. */
  advance(nowMono: MonoMs): void {
    if (this.#waiting === 0) return;
    const openMs = this.#rule.windowMs + this.#rule.lateMs;
    for (const party of [...this.#parties]) {
      const isOpen = party.members.some(({ atMono }) => nowMono - atMono <= openMs);
      if (!isOpen) this.#close(party);
    }
  }

  /** Nobody will join any more: the camera is blind or the run is over. */
  flush(): void {
    for (const party of [...this.#parties]) this.#close(party);
  }

  /** Whether the newcomer, alone so far, walked with anybody of the party. */
  #belongs(party: Party, { lineId, direction, members }: Party): boolean {
    const newcomer = members[0];
    if (newcomer === undefined || party.lineId !== lineId || party.direction !== direction)
      return false;
    // Two parties that the newcomer links may together be too many, or hold somebody who crossed twice.
    if (party.members.length + members.length > this.#rule.maxMembers) return false;
    if (party.members.some((known) => members.some(({ trackId }) => trackId === known.trackId)))
      return false;
    return party.members.some(
      (member) =>
        Math.abs(member.atMono - newcomer.atMono) <= this.#rule.windowMs &&
        haveWalkedTogether(this.#freshTrail(member), newcomer.trail, this.#floor),
    );
  }

  /** Of a person still in the picture, the way up to now shows more than the way up to the line. */
  #freshTrail(member: Member): Trail {
    return this.#paths.trailOf(member.trackId) ?? member.trail;
  }

  #close(party: Party): void {
    const { lineId, direction, members } = party;
    this.#parties = this.#parties.filter((other) => other !== party);
    this.#waiting -= members.length;
    for (const { trail } of members) this.#spare.push(trail);
    const inOrder = members.toSorted((a, b) => a.atMono - b.atMono || a.trackId - b.trackId);
    const first = inOrder[0];
    if (first === undefined || members.length < 2) return;
    const trackIds = inOrder.map(({ trackId }) => trackId);
    this.#onGroup({ lineId, direction, atMono: first.atMono, trackIds });
  }
}
