import { epochMs, type TagId } from "../../../core/brand.ts";
import { insidePolygon, type Point } from "../../../core/geometry.ts";
import { normalDraw } from "../../../core/random.ts";
import type { ReceiverPlan, SitePlan, TagPlan } from "../../../core/site.ts";
import {
  eddystoneUidPayload,
  ibeaconPayload,
  legacyReportPacket,
} from "../../../io/radio/hci-packets.ts";
import { jsonlLine } from "../../../io/radio/recording.ts";
import { EDDYSTONE_FIRST_METRE_DB } from "../../../radio/formats/eddystone.ts";
import { identityBytes } from "../../../radio/tag-registry.ts";
import { chance, type Random } from "../draws.ts";
import type { ShopLayout } from "../layout.ts";
import type { SensorModel } from "../model.ts";
import type { ShopTags } from "../sense/tags.ts";
import type { TrueDay, TrueVisit } from "../true-day.ts";
import { type Spot, spotAt } from "../walk.ts";

/** How tags send: often in somebody's hand, seldom at rest. */
const CARRIED_MS = 1_000;
const RESTING_MS = 5_000;
/** Path loss of a shop floor, and what a reading varies by; a tag is carried at a metre. */
const POWER_1M_DBM = -59;
const LOSS_EXPONENT = 2.1;
const SCATTER_DB = 5;
const WALL_DB = 6;
const SENSITIVITY_DBM = -96;
const CARRIED_M = 1;

/** A tag on somebody's way, or at the rack. */
interface Sender {
  readonly tag: TagPlan;
  readonly from: number;
  readonly to: number;
  readonly everyMs: number;
  readonly path: readonly Spot[];
}

/** What to record of a day. */
export interface PacketPlan {
  readonly day: TrueDay;
  readonly site: SitePlan;
  readonly layout: ShopLayout;
  readonly tags: ShopTags;
  readonly sensor: SensorModel;
  readonly span: { readonly from: number; readonly to: number };
}

/** A day as recorded HCI packets of all receivers, in time, as `vitrine replay --radio` reads them. */
export function* packetLines(plan: PacketPlan, random: Random): Generator<string> {
  const senders = sendersOf(plan, random);
  // In time: each sender's next instant, the earliest first.
  const due = senders.map((sender) => ({ sender, at: sender.from + sender.everyMs * random() }));
  due.sort((a, b) => a.at - b.at);
  while (due.length > 0) {
    const first = due.shift();
    if (first === undefined || first.at >= plan.span.to) break;
    yield* heard(plan, first.sender, first.at, random);
    const at = first.at + first.sender.everyMs + 10 * random();
    if (at < first.sender.to) insert(due, { sender: first.sender, at });
  }
}

function insert(
  due: { readonly sender: Sender; readonly at: number }[],
  one: { readonly sender: Sender; readonly at: number },
): void {
  let low = 0;
  let high = due.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((due[middle]?.at ?? 0) <= one.at) low = middle + 1;
    else high = middle;
  }
  due.splice(low, 0, one);
}

function* heard(
  { site, sensor, span }: PacketPlan,
  { tag, path }: Sender,
  at: number,
  random: Random,
): Generator<string> {
  const place = spotAt(path, at);
  if (place === null || at < span.from) return;
  const wallDb = isIndoors(site, place) ? 0 : WALL_DB;
  for (const receiver of site.receivers) {
    const rssiDbm = levelAt(receiver, place, random) - wallDb;
    if (chance(random, sensor.packetLossRatio) || rssiDbm < SENSITIVITY_DBM) continue;
    const report = {
      eventType: 3,
      addressType: 1,
      address: addressOf(tag),
      payload: payloadOf(tag),
    };
    const packet = legacyReportPacket([{ ...report, rssiDbm }]);
    yield jsonlLine({ at: epochMs(Math.floor(at)), receiverId: receiver.id, packet });
  }
}

function levelAt({ xM, yM, zM }: ReceiverPlan, { x, y }: Point, random: Random): number {
  const distanceM = Math.max(1, Math.hypot(xM - x, yM - y, zM - CARRIED_M));
  const lossDb = 10 * LOSS_EXPONENT * Math.log10(distanceM);
  return Math.min(-25, Math.round(POWER_1M_DBM - lossDb + SCATTER_DB * normalDraw(random)));
}

function isIndoors({ floor }: SitePlan, place: Point): boolean {
  const outline = (floor?.outline ?? []).flatMap(({ x, y }) => [x, y]);
  return insidePolygon(outline, place.x, place.y);
}

function sendersOf(
  { day, site, layout, tags, sensor, span }: PacketPlan,
  random: Random,
): Sender[] {
  const planOf = new Map(site.tags.map((tag) => [tag.id, tag]));
  const senders: Sender[] = [];
  const add = (id: TagId | undefined, sender: Omit<Sender, "tag">): void => {
    const tag = id === undefined ? undefined : planOf.get(id);
    if (tag !== undefined && sender.to > sender.from) senders.push({ tag, ...sender });
  };
  const wear = (id: TagId | undefined, { path }: TrueVisit): void => {
    const from = path[0]?.at ?? 0;
    add(id, { from, to: path.at(-1)?.at ?? from, everyMs: CARRIED_MS, path });
  };
  for (const visit of day.visits) {
    const isForgotten = visit.staff !== null && chance(random, sensor.forgottenRatio);
    if (visit.staff !== null && !isForgotten) wear(tags.staff[visit.staff - 1], visit);
    if (visit.card !== null) wear(tags.cardOf(visit.card), visit);
  }
  tags.baskets.forEach(({ id }, number) => {
    let restsFrom = span.from;
    const rack: readonly Spot[] = [{ at: span.from, ...layout.rack }];
    for (const { basket, path } of takersOf(day, number)) {
      const { takenAt, returnedAt } = basket;
      add(id, { from: restsFrom, to: takenAt, everyMs: RESTING_MS, path: rack });
      add(id, { from: takenAt, to: returnedAt, everyMs: CARRIED_MS, path });
      restsFrom = returnedAt;
    }
    add(id, { from: restsFrom, to: span.to, everyMs: RESTING_MS, path: rack });
  });
  return senders;
}

function takersOf(
  { visits }: TrueDay,
  tag: number,
): { readonly basket: NonNullable<TrueVisit["basket"]>; readonly path: readonly Spot[] }[] {
  const found = visits.flatMap(({ basket, path }) =>
    basket?.tag === tag ? [{ basket, path }] : [],
  );
  return found.sort((a, b) => a.basket.takenAt - b.basket.takenAt);
}

function payloadOf({ beacon }: TagPlan): Uint8Array {
  const identity = identityBytes(beacon);
  return beacon.format === "eddystone-uid"
    ? eddystoneUidPayload(identity, POWER_1M_DBM + EDDYSTONE_FIRST_METRE_DB)
    : ibeaconPayload(identity, POWER_1M_DBM);
}

/** A static random address of the simulation's own making. */
function addressOf({ id }: TagPlan): Uint8Array {
  let hash = 7;
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash, 31) + id.charCodeAt(i);
  return Uint8Array.of(0xc2, 0, 0, (hash >> 16) & 255, (hash >> 8) & 255, hash & 255);
}
