import { type ZoneId, zoneId } from "../../core/brand.ts";
import type { MetricId, MetricMethod, MetricReason, MetricValue } from "../../core/metric-value.ts";
import type { ZonePurpose } from "../../core/site.ts";
import type { Reach } from "../calendar/shop-hours.ts";
import { type DayPart, queuesOf } from "../days/day-book.ts";
import { exponentialMean95, type Interval, wilson95 } from "../estimate/intervals.ts";
import { joinedReasons, type ReasonCode, reason } from "../reasons.ts";
import { RULES } from "../rules.ts";
import {
  type Answer,
  type Figure,
  figure,
  noted,
  type Question,
  type Sight,
  type Sources,
  seenParts,
  totalOf,
  unknown,
  unseen,
} from "../sources.ts";
import { tooFew } from "./door-notes.ts";
import { QUEUE_RULES } from "./queue-rules.ts";
import { placeOf, readZone, readZoneIn, type ZonePlace } from "./zone-place.ts";

const HOUR_MS = 3_600_000;
/** Opening hours as they are: what lies outside of them is in neither sum of a figure per hour. */
const OPEN: Reach = { beforeMs: 0, afterMs: 0 };

/** One queue over an interval. */
interface Queue {
  readonly place: ZonePlace;
  readonly sight: Sight;
  readonly joined: number;
  readonly served: number;
  readonly abandoned: number;
  readonly balked: number;
  /** Left, and how was not seen. */
  readonly unseen: number;
  /** Waited by those who were served. */
  readonly servedMs: number;
  /** Waited by everybody who left, those who turned back before it aside. */
  readonly leftMs: number;
  readonly revision: number;
}

/** Mean number of people in the queue over the time in which the shop was open and the camera saw. */
export function queueLength(sources: Sources, question: Question): MetricValue {
  return aboutQueue(sources, question, (queue) => {
    if (queue.place.method !== "track") return withoutCamera(question, queue);
    const open = seenParts(sources, queue.place.sensors, question, OPEN);
    const ms = readZoneIn(sources, queue.place, open, question.to).presenceMs;
    const seenMs = seenOpenMs(sources, queue.place, question);
    if (seenMs === 0) return unknown(question, queue.sight.share, "no-queue", CLOSED_TEXT);
    return figure(question, {
      ...common(queue),
      value: ms / seenMs,
      n: queue.joined,
      reason: noted(queue.sight, null),
    });
  });
}

/** Mean wait until being served. */
export function queueWaitMean(sources: Sources, question: Question): MetricValue {
  return aboutQueue(sources, question, (queue) => {
    const ended = queue.served + queue.abandoned + queue.unseen;
    if (ended === 0) return nobody(question, queue, "Nobody has left the queue yet.");
    const isBroken = queue.unseen > ended * QUEUE_RULES.maxUnseenRatio;
    if (isBroken && hasServicePoint(sources, queue.place.id))
      return waitByLittle(sources, question, queue, ended);
    // Without a service point in the plan nobody is known to be served: all who left have waited.
    const isServedKnown = queue.served > 0;
    const n = isServedKnown ? queue.served : ended;
    const mean = (isServedKnown ? queue.servedMs : queue.leftMs) / n;
    return figure(question, {
      ...common(queue),
      value: mean,
      n,
      ci95: exponentialMean95(mean, n),
      reason: noted(queue.sight, isServedKnown ? unseenEnds(queue, ended) : null),
      parameters: { basis: isServedKnown ? "served" : "left" },
    });
  });
}

/** People served per hour in which the shop was open and the camera saw. */
export function queueServiceRate(sources: Sources, question: Question): MetricValue {
  return aboutQueue(sources, question, (queue) => {
    if (!hasServicePoint(sources, queue.place.id)) return withoutServicePoint(question, queue);
    const seenMs = seenOpenMs(sources, queue.place, question);
    if (seenMs === 0) return unknown(question, queue.sight.share, "no-queue", CLOSED_TEXT);
    const open = seenParts(sources, queue.place.sensors, question, OPEN);
    const { served, unseen: endsUnseen } = readQueue(open, queue.place);
    const perHour = HOUR_MS / seenMs;
    return figure(question, {
      ...common(queue),
      value: served * perHour,
      n: served,
      ci95: countInterval(served, served + endsUnseen, perHour),
      reason: noted(queue.sight, unseenEnds(queue, queue.joined)),
    });
  });
}

/** Share of those who joined that left without reaching the service point. */
export function queueAbandonment(sources: Sources, question: Question): MetricValue {
  return aboutQueue(sources, question, (queue) => {
    if (!hasServicePoint(sources, queue.place.id)) return withoutServicePoint(question, queue);
    return share(question, queue, queue.abandoned, queue.joined, queue.unseen);
  });
}

/** Share of those who came up to the queue that turned back before joining. */
export function queueBalking(sources: Sources, question: Question): MetricValue {
  return aboutQueue(sources, question, (queue) => {
    if (purposeOf(sources, queue.place.id)?.approach === undefined)
      return unknown(
        question,
        queue.sight.share,
        "not-identifiable",
        "The plan names no approach to this queue, so turning back is not seen.",
      );
    return share(question, queue, queue.balked, queue.joined + queue.balked, 0);
  });
}

const CLOSED_TEXT = "The shop was not open, or the queue was not seen, in this interval.";

function aboutQueue(
  sources: Sources,
  question: Question,
  answer: (queue: Queue) => MetricValue,
): MetricValue {
  const { scope } = question;
  const id = zoneId(scope.kind === "zone" ? scope.id : "");
  const place = queuesOf(sources.site).includes(id) ? placeOf(sources, question, id) : null;
  if (place === null) return unknown(question, 0, "unknown-scope", "This is not measured here.");
  const blind = unseen(sources, question, place.sight);
  const parts = sources.book.parts(question.from, question.to);
  return blind ?? answer(readQueue(parts, place));
}

function readQueue(parts: readonly DayPart[], place: ZonePlace): Queue {
  const left = (outcome: "served" | "abandoned" | "balked" | "unknown"): number =>
    totalOf(parts, ({ day, range }) => day.queues.get(place.id)?.left(outcome, range) ?? 0);
  const waited = (outcome: "served" | "abandoned" | "unknown"): number =>
    totalOf(parts, ({ day, range }) => day.queues.get(place.id)?.waitMs(outcome, range) ?? 0);
  return {
    place,
    sight: place.sight,
    joined: totalOf(parts, ({ day, range }) => day.queues.get(place.id)?.joined(range) ?? 0),
    served: left("served"),
    abandoned: left("abandoned"),
    balked: left("balked"),
    unseen: left("unknown"),
    servedMs: waited("served"),
    leftMs: waited("served") + waited("abandoned") + waited("unknown"),
    revision: totalOf(parts, ({ day, range }) => day.queues.get(place.id)?.revision(range) ?? 0),
  };
}

/**
 * Little's law: people present over people joining. A track that breaks joins again, so joining counts some people
 * twice; the interval reaches to what the ends that were seen say.
 */
function waitByLittle(
  sources: Sources,
  question: Question,
  queue: Queue,
  ended: number,
): MetricValue {
  if (queue.place.method !== "track") return withoutCamera(question, queue);
  const { joined } = queue;
  if (joined === 0) return nobody(question, queue, "Nobody was seen joining the queue yet.");
  const presenceMs = readZone(sources, queue.place, question).presenceMs;
  const mean = presenceMs / joined;
  const known = Math.max(1, ended - queue.unseen);
  const low = exponentialMean95(mean, joined);
  const high = exponentialMean95(Math.max(mean, presenceMs / known), known);
  return figure(question, {
    ...common(queue),
    method: "little-closure",
    value: mean,
    n: joined,
    ci95: low === null || high === null ? null : [low[0], high[1]],
    reason: noted(
      queue.sight,
      reason(
        "tracks-break",
        `${queue.unseen} of ${ended} tracks broke in the queue: the wait follows from people present and people joining.`,
      ),
    ),
    parameters: { basis: "presence / joined" },
  });
}

/** A share of a queue; `open` more may have been hits, since how they left was not seen. */
function share(
  question: Question,
  queue: Queue,
  hits: number,
  n: number,
  open: number,
): MetricValue {
  if (n === 0) return nobody(question, queue, "Nobody has joined the queue yet.");
  const surplus =
    hits > n
      ? reason(
          "more-left-than-joined",
          `${hits} left so, but only ${n} came: some joined before the interval, or were not seen joining.`,
        )
      : null;
  const low = wilson95(hits, n);
  const high = wilson95(Math.min(n, hits + open), n);
  const ci95: Interval | null = low === null || high === null ? null : [low[0], high[1]];
  const answer = { ...common(queue), n, ci95 };
  if (ci95 !== null && n < RULES.minN)
    return figure(question, { ...answer, value: null, reason: tooFew(n) });
  const unseenNote = open > 0 ? unseenEnds(queue, n) : null;
  return figure(question, {
    ...answer,
    value: hits / n,
    reason: noted(queue.sight, joinedReasons(surplus, unseenNote)),
  });
}

/** 95 % interval of a number of events per hour of which between `low` and `high` happened. */
function countInterval(low: number, high: number, perHour: number): Interval {
  // Garwood's exact limits by Wilson and Hilferty's cube root, good to 1 % from one event on.
  const lower = low === 0 ? 0 : low * (1 - 1 / (9 * low) - 1.96 / (3 * Math.sqrt(low))) ** 3;
  const next = high + 1;
  const upper = next * (1 - 1 / (9 * next) + 1.96 / (3 * Math.sqrt(next))) ** 3;
  return [Math.max(0, lower) * perHour, upper * perHour];
}

function unseenEnds(queue: Queue, all: number): MetricReason | null {
  if (queue.unseen === 0) return null;
  const text = `How ${queue.unseen} of ${Math.max(all, queue.unseen)} left the queue was not seen.`;
  return reason("ends-unseen", text);
}

/** Time of the interval in which the shop was open and the queue's sensors saw. */
function seenOpenMs(sources: Sources, place: ZonePlace, { from, to }: Question): number {
  const seen = sources.coverage.seen(place.sensors, from, to);
  return sources.hours
    .openWithin(from, to)
    .reduce((sum, open) => sum + seen.lengthWithin(open.from, open.to), 0);
}

const common = (
  queue: Queue,
): Pick<Answer, "coverage" | "revision"> & { method: MetricMethod } => ({
  method: queue.place.method,
  coverage: queue.sight.share,
  revision: queue.revision + queue.sight.corrections,
});

const nobody = (question: Question, queue: Queue, text: string): MetricValue =>
  unknown(question, queue.sight.share, "no-queue", text);

function withoutCamera(question: Question, queue: Queue): MetricValue {
  const text = "No camera watches this queue: tags tell of some of the people only.";
  return unknown(question, queue.sight.share, "not-identifiable", text);
}

function withoutServicePoint(question: Question, queue: Queue): MetricValue {
  const code: ReasonCode = "not-identifiable";
  const text = "The plan names neither a service point of this queue nor a till.";
  return unknown(question, queue.sight.share, code, text);
}

/** Whether it can be seen that somebody is served: at the service point that the plan names, else at any till. */
const hasServicePoint = (sources: Sources, id: ZoneId): boolean =>
  purposeOf(sources, id)?.servedAt !== undefined ||
  zonesOf(sources).some((zone) => zone.kind === "till");

const zonesOf = ({
  site,
}: Sources): readonly (ZonePurpose & { readonly id: ZoneId; readonly kind: string })[] => [
  ...site.cameras.flatMap((camera) => camera.zones),
  ...(site.floor?.zones ?? []),
];

const purposeOf = (sources: Sources, id: ZoneId): ZonePurpose | undefined =>
  zonesOf(sources).find(
    (zone) => zone.id === id && (zone.servedAt !== undefined || zone.approach !== undefined),
  );

/** Figures by metric. */
export const QUEUE_FIGURES = {
  "queue-length": queueLength,
  "queue-wait-mean": queueWaitMean,
  "queue-service-rate": queueServiceRate,
  "queue-abandonment": queueAbandonment,
  "queue-balking": queueBalking,
} as const satisfies Partial<Record<MetricId, Figure>>;
