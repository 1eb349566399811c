import {
  type CameraId,
  cameraId,
  type LineId,
  lineId,
  trackId,
  type ZoneId,
} from "../../../core/brand.ts";
import type { CrossingDirection, FootPath } from "../../../core/events.ts";
import { normalDraw } from "../../../core/random.ts";
import { chance, type Random } from "../draws.ts";
import type { ShopLayout } from "../layout.ts";
import type { SensorModel } from "../model.ts";
import type { TrueDay, TrueStay, TrueVisit } from "../true-day.ts";
import type { Notice, SenseContext } from "./notices.ts";
import type { Following, Piece, Track } from "./tracks.ts";

/** Which crossings the doors and the frontage counted; the same for every way of following people. */
export interface SeenCrossings {
  /** Position of the crossing in its visit, per visit id. */
  readonly doors: ReadonlyMap<number, ReadonlySet<number>>;
  /** Positions in the day's passes. */
  readonly passes: ReadonlySet<number>;
  /** Crossings that nobody made. */
  readonly ghosts: readonly {
    readonly at: number;
    readonly door: number;
    readonly isIn: boolean;
  }[];
  /** Visits whose child is taken for an adult, or the other way round. */
  readonly mistaken: ReadonlySet<number>;
}

/** Grown-ups are taken for children more seldom than tall children for grown-ups. */
const ADULT_FACTOR = 0.02;

/** Decides what is missed. */
export function seeCrossings(day: TrueDay, sensor: SensorModel, random: Random): SeenCrossings {
  const doors = new Map<number, ReadonlySet<number>>();
  const mistaken = new Set<number>();
  const ghosts: { at: number; door: number; isIn: boolean }[] = [];
  for (const { id, crossings, isChild } of day.visits) {
    const seen = new Set<number>();
    crossings.forEach(({ direction, at, door }, i) => {
      const missRatio = direction === "in" ? sensor.missInRatio : sensor.missOutRatio;
      if (!chance(random, missRatio)) seen.add(i);
      if (chance(random, sensor.falseRatio))
        ghosts.push({ at: at + 600_000 * random(), door, isIn: direction === "in" });
    });
    doors.set(id, seen);
    const mistakenRatio = sensor.childMistakenRatio * (isChild ? 1 : ADULT_FACTOR);
    if (chance(random, mistakenRatio)) mistaken.add(id);
  }
  const passes = new Set<number>();
  day.passes.forEach((_, i) => {
    if (!chance(random, sensor.missPassRatio)) passes.add(i);
  });
  return { doors, passes, ghosts, mistaken };
}

/** The camera that all lines and zones of the simulated shop belong to. */
export interface CounterPlan {
  readonly cameraId: string;
  /** Zones of the layout that it sees, by position. */
  readonly zones: ReadonlySet<number>;
}

const NO_PATH: FootPath = Object.freeze([]);
/** A crossing is told at once, a group when nobody can join any more, a stay after the hysteresis. */
const GROUP_LAG_MS = 2_500;
const ENTER_LAG_MS = 400;
const EXIT_LAG_MS = 1_000;

/** What a counter over the doors tells of a day. */
export class CounterSense {
  readonly #day: TrueDay;
  readonly #layout: ShopLayout;
  readonly #sensor: SensorModel;
  readonly #seen: SeenCrossings;
  readonly #plan: CounterPlan;
  readonly #cameraId: CameraId;
  readonly #source: string;
  readonly #context: SenseContext;
  readonly #notices: Notice[] = [];

  constructor(
    day: TrueDay,
    seen: SeenCrossings,
    shop: { readonly layout: ShopLayout; readonly sensor: SensorModel; readonly plan: CounterPlan },
    context: SenseContext,
  ) {
    this.#day = day;
    this.#seen = seen;
    this.#layout = shop.layout;
    this.#sensor = shop.sensor;
    this.#plan = shop.plan;
    this.#context = context;
    this.#cameraId = cameraId(shop.plan.cameraId);
    this.#source = `camera:${shop.plan.cameraId}#${context.run}`;
  }

  get notices(): readonly Notice[] {
    return this.#notices;
  }

  /** Counts with a number of its own for each crossing and each person before it; returns the next free number. */
  count(first: number, random: Random): number {
    let next = first;
    const fresh = (): number => {
      next += 1;
      return next - 1;
    };
    const byPerson = new Map<number, number>();
    this.#tellPasses((person) => {
      const known = byPerson.get(person) ?? fresh();
      byPerson.set(person, known);
      return known;
    });
    const numbers = new Map<string, number>();
    for (const visit of this.#day.visits)
      visit.crossings.forEach((_, i) => {
        if (this.#seen.doors.get(visit.id)?.has(i)) numbers.set(`${visit.id} ${i}`, fresh());
      });
    this.#tellDoors((visit, i) => numbers.get(`${visit.id} ${i}`) ?? null, random);
    for (const ghost of this.#seen.ghosts) this.#tellGhost(ghost, fresh());
    for (const person of [...this.#day.visits, ...this.#day.passers]) {
      if (!person.stays.some(({ zone }) => this.#plan.zones.has(zone))) continue;
      const piece = { person, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
      const number = byPerson.get(person.id) ?? fresh();
      this.#tellStays({ number, pieces: [piece], isLost: false }, random);
    }
    return next;
  }

  /** Counts people under the numbers of their tracks, and tells their stays; returns the next free number. */
  follow({ tracks, renames }: Following, random: Random): number {
    const pieces = piecesByPerson(tracks);
    const numberAt = (person: number, at: number): number | null => {
      const own = pieces.get(person) ?? [];
      return own.find(({ piece }) => at >= piece.from && at < piece.to)?.track ?? null;
    };
    this.#tellPasses(numberAt);
    this.#tellDoors((visit, i) => numberAt(visit.id, visit.crossings[i]?.at ?? 0), random);
    const last = tracks.reduce((high, { number }) => Math.max(high, number), 0);
    this.#seen.ghosts.forEach((ghost, i) => {
      this.#tellGhost(ghost, last + 1 + i);
    });
    for (const track of tracks) this.#tellStays(track, random);
    for (const { at, from, to } of renames) {
      this.#notices.push({
        toldAt: at,
        event: {
          kind: "track-renamed",
          source: this.#source,
          seq: 0,
          atMono: this.#context.mono(at),
          cameraId: this.#cameraId,
          from: trackId(from),
          to: trackId(to),
          isUndone: false,
        },
      });
    }
    return last + 1 + this.#seen.ghosts.length;
  }

  #tellPasses(numberOf: (person: number, at: number) => number | null): void {
    this.#day.passes.forEach(({ at, person, side, direction }, i) => {
      const number = this.#seen.passes.has(i) ? numberOf(person, at) : null;
      if (number === null) return;
      this.#tellCrossing(at, this.#layout.frontage.lines[side].lineId, direction, number);
    });
  }

  #tellDoors(
    numberOf: (visit: TrueVisit, crossing: number) => number | null,
    random: Random,
  ): void {
    const parties = new Map<string, { at: number; number: number }[]>();
    for (const visit of this.#day.visits) {
      const isChild = visit.isChild !== this.#seen.mistaken.has(visit.id);
      visit.crossings.forEach(({ at, door, direction }, i) => {
        if (this.#seen.doors.get(visit.id)?.has(i) !== true) return;
        const number = numberOf(visit, i);
        const line = this.#layout.doors[door]?.lineId;
        if (number === null || line === undefined) return;
        this.#tellCrossing(at, line, direction, number, isChild);
        if (visit.partySize < 2) return;
        const key = `${visit.party} ${i} ${line} ${direction}`;
        const party = parties.get(key) ?? [];
        party.push({ at, number });
        parties.set(key, party);
      });
    }
    for (const [key, members] of parties) this.#tellGroup(key, members, random);
  }

  #tellGroup(key: string, members: { at: number; number: number }[], random: Random): void {
    const isMissed = chance(random, this.#sensor.groupMissRatio);
    if (isMissed || members.length < 2) return;
    const [, , line = "", direction = "in"] = key.split(" ");
    members.sort((a, b) => a.at - b.at);
    const firstAt = members[0]?.at ?? 0;
    this.#notices.push({
      toldAt: (members.at(-1)?.at ?? firstAt) + GROUP_LAG_MS,
      event: {
        kind: "group-crossed",
        source: this.#source,
        seq: 0,
        atMono: this.#context.mono(firstAt),
        cameraId: this.#cameraId,
        lineId: lineId(line),
        direction: direction === "in" ? "in" : "out",
        trackIds: members.map(({ number }) => trackId(number)),
      },
    });
  }

  #tellGhost({ at, door, isIn }: SeenCrossings["ghosts"][number], number: number): void {
    const line = this.#layout.doors[door]?.lineId;
    if (line !== undefined) this.#tellCrossing(at, line, isIn ? "in" : "out", number, false);
  }

  #tellCrossing(
    at: number,
    line: LineId,
    direction: CrossingDirection,
    number: number,
    isChild?: boolean,
  ): void {
    this.#notices.push({
      toldAt: at,
      event: {
        kind: "line-crossed",
        source: this.#source,
        seq: 0,
        atMono: this.#context.mono(at),
        cameraId: this.#cameraId,
        lineId: line,
        trackId: trackId(number),
        direction,
        confidence: 0.9,
        path: NO_PATH,
        isChild,
      },
    });
  }

  #tellStays(track: Track, random: Random): void {
    const { stayMissRatio, stayJitterMs } = this.#sensor;
    for (const stay of staysOf(track)) {
      const zone = this.#layout.zones[stay.zone];
      if (zone === undefined || !this.#plan.zones.has(stay.zone)) continue;
      const from = stay.from + stayJitterMs * normalDraw(random);
      const to = stay.to + (stay.isCut ? 0 : stayJitterMs * normalDraw(random));
      if (chance(random, stayMissRatio) || to - from < ENTER_LAG_MS) continue;
      this.#tellStay(zone.id, track.number, Math.round(from), Math.round(to), stay.isCut);
    }
  }

  #tellStay(zoneId: ZoneId, number: number, from: number, to: number, censored: boolean): void {
    const source = this.#source;
    const cameraId = this.#cameraId;
    const { mono } = this.#context;
    this.#notices.push(
      {
        toldAt: from + ENTER_LAG_MS,
        event: {
          kind: "zone-entered",
          source,
          seq: 0,
          atMono: mono(from),
          cameraId,
          zoneId,
          trackId: trackId(number),
        },
      },
      {
        toldAt: to + EXIT_LAG_MS,
        event: {
          kind: "zone-exited",
          source,
          seq: 0,
          atMono: mono(to),
          cameraId,
          zoneId,
          trackId: trackId(number),
          dwellMs: to - from,
          censored,
        },
      },
    );
  }
}

function piecesByPerson(
  tracks: readonly Track[],
): Map<number, { readonly piece: Piece; readonly track: number }[]> {
  const found = new Map<number, { piece: Piece; track: number }[]>();
  for (const { number, pieces } of tracks)
    for (const piece of pieces) {
      const known = found.get(piece.person.id);
      if (known === undefined) found.set(piece.person.id, [{ piece, track: number }]);
      else known.push({ piece, track: number });
    }
  return found;
}

/** Stays under one number; a zone in which two people are taken for each other is one stay. */
function staysOf({ pieces, isLost }: Track): (TrueStay & { readonly isCut: boolean })[] {
  const stays: { zone: number; from: number; to: number; isCut: boolean }[] = [];
  const endsAt = pieces.at(-1)?.to ?? 0;
  for (const { person, from, to } of pieces)
    for (const stay of person.stays) {
      const [begin, end] = [Math.max(stay.from, from), Math.min(stay.to, to)];
      if (end <= begin) continue;
      const before = stays.findLast((one) => one.zone === stay.zone);
      if (before !== undefined && begin - before.to < 1) before.to = end;
      else stays.push({ zone: stay.zone, from: begin, to: end, isCut: false });
    }
  for (const stay of stays) stay.isCut = isLost && stay.to >= endsAt;
  return stays;
}
