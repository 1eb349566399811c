import { createHash } from "node:crypto";
import type { GatewayId, SubjectRef } from "../../core/brand.ts";
import type { Clock, TimeAnchor, Timer } from "../../core/clock.ts";
import type { SensorEvent } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { SitePlan } from "../../core/site.ts";
import type { Link } from "../../io/mqtt/link.ts";
import { loyaltyEpoch } from "../../privacy/beacon-crypto.ts";
import type { ConsentGate } from "../../privacy/consent/consent-gate.ts";
import type { MemberPort } from "../../radio/loyalty/member-port.ts";
import type { LocalMembers } from "../members/local-members.ts";
import { MemberDesk } from "./member-desk.ts";
import { TableKeeper } from "./table-keeper.ts";
import type { TableSource } from "./table-source.ts";

export interface LoyaltyDeps {
  readonly root: string;
  readonly gatewayId: GatewayId;
  /** The group of stores whose members are recognised here. */
  readonly storeGroup: string;
  readonly memberCap?: number;
  /** See `TableKeeperDeps`; absent = up to four minutes, by the gateway's id. */
  readonly nextDelayMs?: number;
  readonly gate: Pick<ConsentGate, "permit">;
  /** The members of a shop without a centre: their tables are made here. Absent or null = the centre is asked. */
  readonly local?: Pick<LocalMembers, "tables"> | null;
  /** See `MemberDeskDeps`. */
  readonly visited?: (subject: SubjectRef) => void;
  readonly site: Pick<SitePlan, "receivers">;
  readonly boot: string;
  readonly anchor: () => TimeAnchor;
  readonly clock: Clock;
  readonly log: Log;
}

/** The recognition of members by what they carry, of one gateway. */
export interface Loyalty extends Service {
  /** For the radio input. */
  readonly members: MemberPort;
  /** What the group of stores calls a member; null: not in the tables. */
  pseudonymOf(subject: SubjectRef): string | null;
  /** Where copies of identifiers are told; call before the radio starts. */
  listen(onEvent: (event: SensorEvent) => void): void;
  /** Listens to the centre; call before the link starts. */
  attach(link: Link): void;
  /** What it has and found, for people; no name of anybody. */
  texts(): readonly (readonly [label: string, text: string])[];
}

const TICK_MS = 1_000;
const SPREAD_MS = 240_000;

/** The same for a gateway every time, and evenly spread over a chain. */
const spreadMs = (id: GatewayId): number =>
  (createHash("sha256").update(id).digest().readUInt32BE() / 2 ** 32) * SPREAD_MS;

/** Wires tables, consent and anomalies. A wall clock that was never set has no epoch: nobody is found then. */
export function openLoyalty(deps: LoyaltyDeps): Loyalty {
  const { gate, site, boot, anchor, clock } = deps;
  const epochNow = (): number | null => {
    const { clock: state, epoch } = anchor();
    return state === "unsynced" ? null : loyaltyEpoch(epoch);
  };
  const { nextDelayMs = spreadMs(deps.gatewayId), local = null } = deps;
  const keeper: TableSource =
    local?.tables({ ...deps, epochNow }) ?? new TableKeeper({ ...deps, nextDelayMs, epochNow });
  const desk = new MemberDesk({
    tables: keeper.tables,
    gate,
    receivers: site.receivers,
    run: boot,
    ...(deps.visited === undefined ? {} : { visited: deps.visited }),
  });
  let timer: Timer | null = null;
  const texts = () => textsOf(keeper, desk);
  return {
    name: "loyalty",
    members: {
      memberOf: (id, heard) => desk.memberOf(id, heard),
      memberNamed: (id) => desk.memberNamed(id),
      mayFollow: (id) => desk.mayFollow(id),
      texts,
    },
    pseudonymOf: (subject) => keeper.tables.pseudonymOf(subject),
    listen: (onEvent) => {
      desk.onAnomaly = onEvent;
    },
    attach: (link) => keeper.attach(link),
    texts,
    async start(signal) {
      await keeper.start(signal);
      timer ??= clock.every(TICK_MS, "loyalty.desk", () => desk.advance(clock.mono()));
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      timer = null;
      await keeper[Symbol.asyncDispose]();
    },
  };
}

function textsOf(
  keeper: TableSource,
  desk: MemberDesk,
): readonly (readonly [label: string, text: string])[] {
  const { members, parts, partsHere, bytes } = keeper.tables.facts();
  const { matched, refused, unsearched, anomaliesUntold } = desk.counts();
  const reasons = [...Object.entries(refused), ...keeper.refused];
  const counted: readonly (readonly [string, number])[] = [
    ...reasons.map(([reason, count]) => [`refused: ${reason}`, count] as const),
    ["members not looked up", unsearched],
    ["anomalies not told", anomaliesUntold],
    ["tags whose clock must be found again", keeper.tagsLeftOut ?? 0],
  ];
  return [
    ["identifiers now", String(members)],
    ["tables", `${partsHere} of ${parts} parts, ${(bytes / 1e6).toFixed(1)} MB`],
    ["frames of members", String(matched)],
    ...counted.flatMap(([label, count]) => (count > 0 ? [[label, String(count)] as const] : [])),
  ];
}
