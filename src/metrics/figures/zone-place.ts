import { type EpochMs, epochMs, type ZoneId } from "../../core/brand.ts";
import type { TimeSpan } from "../calendar/shop-hours.ts";
import { SLOT_MS } from "../calendar/slots.ts";
import type { Day, DayPart } from "../days/day-book.ts";
import type { MinutedDuration, ZoneDay } from "../days/zone-day.ts";
import type { ZoneStay } from "../days/zone-stays.ts";
import { sightOfReceivers, tagZonesOf } from "../paths/visit-sample.ts";
import { cameraOfZone, type Sight, type Sources, sightOf, totalOf } from "../sources.ts";
import { ZONE_RULES } from "./zone-rules.ts";

/** A zone as its sensors see it in an interval. */
export interface ZonePlace {
  readonly id: ZoneId;
  /** `track`: everybody, by the zone's camera. `tag`: those who carry a tag, on the floor. */
  readonly method: "track" | "tag";
  /** Ids of the sensors, as coverage knows them. */
  readonly sensors: readonly string[];
  readonly sight: Sight;
}

/** Stays of one zone in an interval. */
export interface ZoneReading {
  /** Visits to the zone that began in the interval, with what is known of their length at its end. */
  readonly visits: number;
  readonly durations: readonly MinutedDuration[];
  /** Time spent in the zone within the interval, by everyone. */
  readonly presenceMs: number;
  readonly revision: number;
}

/** How a zone is seen in an interval; null when nothing sees it: it is in no picture and tags are not located there. */
export function placeOf(sources: Sources, { from, to }: TimeSpan, id: ZoneId): ZonePlace | null {
  const camera = cameraOfZone(sources.site, id);
  if (camera !== null) {
    const sight = sightOf(sources, [camera], from, to);
    return { id, method: "track", sensors: [camera], sight };
  }
  const receivers = sources.site.receivers.map((receiver) => receiver.id);
  if (receivers.length === 0 || !tagZonesOf(sources.site).includes(id)) return null;
  return { id, method: "tag", sensors: receivers, sight: sightOfReceivers(sources, { from, to }) };
}

/** People in the zone at an instant, as far as its sensors tell. */
export function peopleIn(sources: Sources, place: ZonePlace, at: EpochMs): number {
  let people = 0;
  for (const stay of pendingIn(sources, place)) {
    if (stay.start > at) continue;
    const isIn = stay.end === null ? endOfOpen(sources, place, stay, at).isGoingOn : at < stay.end;
    if (isIn) people += 1;
  }
  return people;
}

/** Half-open span of time; ms. */
type Span = readonly [from: number, to: number];

/** What is known of a zone over an interval; slots that overlap it count whole. Shared: not to be changed. */
export const readZone = (sources: Sources, place: ZonePlace, { from, to }: TimeSpan): ZoneReading =>
  sources.memo(
    `zone ${place.method} ${place.id}`,
    () => readWhole(sources, place, from, to),
    `${from} ${to}`,
  );

function readWhole(sources: Sources, place: ZonePlace, from: EpochMs, to: EpochMs): ZoneReading {
  const span: Span = [Math.floor(from / SLOT_MS) * SLOT_MS, Math.ceil(to / SLOT_MS) * SLOT_MS];
  return reading(sources, place, sources.book.parts(from, to), [span], to);
}

/** What is known of a zone over some parts of days, up to an instant. */
export function readZoneIn(
  sources: Sources,
  place: ZonePlace,
  covered: readonly DayPart[],
  to: EpochMs,
): ZoneReading {
  const spans = covered.map(
    ({ day, range }): Span => [
      day.span.start + range.from * SLOT_MS,
      day.span.start + range.to * SLOT_MS,
    ],
  );
  return reading(sources, place, covered, spans, to);
}

/** Settled stays of the parts, and stays that are not final yet, cut at the same borders. */
function reading(
  sources: Sources,
  place: ZonePlace,
  covered: readonly DayPart[],
  spans: readonly Span[],
  to: EpochMs,
): ZoneReading {
  const durations: MinutedDuration[] = [];
  const sum = (read: (zone: ZoneDay, part: DayPart) => number): number =>
    totalOf(covered, (part) => {
      const zone = zoneDayOf(part.day, place);
      return zone === undefined ? 0 : read(zone, part);
    });
  for (const { day, range } of covered)
    zoneDayOf(day, place)?.collect(range, Math.floor(day.span.start / SLOT_MS), durations);
  let visits = sum((zone, { range }) => zone.visits(range));
  let presenceMs = sum((zone, { range }) => zone.presenceMs(range));
  let revision = sum((zone, { range }) => zone.revision(range));
  for (const stay of pendingIn(sources, place)) {
    const { end, isGoingOn } = endOfOpen(sources, place, stay, to);
    for (const [begin, finish] of spans)
      presenceMs += Math.max(0, Math.min(end, finish) - Math.max(stay.start, begin));
    const ms = end - stay.start;
    const isIn = spans.some(([begin, finish]) => stay.start >= begin && stay.start < finish);
    if (!isIn || ms < ZONE_RULES.minDwellMs) continue;
    visits += 1;
    revision += Number(stay.isLate);
    const minute = Math.floor(stay.start / SLOT_MS);
    durations.push({ ms, isCensored: stay.isCensored || isGoingOn, minute });
  }
  return { visits, durations, presenceMs, revision };
}

const zoneDayOf = (day: Day, { id, method }: ZonePlace): ZoneDay | undefined =>
  (method === "track" ? day.zones : day.tagZones).get(id);

const pendingIn = (sources: Sources, { id, method }: ZonePlace): readonly ZoneStay[] =>
  (method === "track" ? sources.stays : sources.tagStays).pending(id);

/** When a stay ended; an open one goes on until `to`, or until its sensor stopped seeing. */
function endOfOpen(
  sources: Sources,
  { method, sensors }: ZonePlace,
  stay: ZoneStay,
  to: EpochMs,
): { readonly end: EpochMs; readonly isGoingOn: boolean } {
  if (stay.end !== null) return { end: stay.end, isGoingOn: false };
  const camera = method === "track" ? (sensors[0] ?? "") : "";
  const unseenAt = sources.coverage.firstUnseenAfter(camera, stay.start, to);
  if (unseenAt !== null) return { end: unseenAt, isGoingOn: false };
  return { end: epochMs(Math.max(stay.start, to)), isGoingOn: true };
}
