import { type EpochMs, epochMs, monoMs, tagId, visitId, zoneId } from "../../src/core/brand.ts";
import type {
  CrossingRecorded,
  JourneyCompleted,
  JourneyEvent,
  JourneyHead,
  ReceiptLine,
  TransactionKind,
} from "../../src/core/events.ts";
import type { FloorZonePlan, SitePlan } from "../../src/core/site.ts";
import { followedShop, VisitMaker } from "./completed-visits.ts";
import { EventMaker } from "./journey-events.ts";
import { QueueMaker } from "./queue-events.ts";

const HOUR_MS = 3_600_000;
const KINDS: readonly TransactionKind[] = ["sale", "sale", "refund", "click-collect", "staff-sale"];
const SQUARE = [
  { x: 0, y: 0 },
  { x: 4, y: 0 },
  { x: 4, y: 4 },
];

const floorZone = (id: string, kind: FloorZonePlan["kind"]): FloorZonePlan => ({
  id: zoneId(id),
  name: id,
  kind,
  polygon: SQUARE,
});

/** The shop whose camera follows visits, with a floor on which tags are located: `table` is in a picture too. */
export function fullShop(changes: Partial<SitePlan> = {}): SitePlan {
  const zones = [floorZone("table", "display"), floorZone("cellar", "display")];
  return followedShop({
    floor: { outline: SQUARE, obstacles: [], zones, doors: [] },
    ...changes,
  });
}

/** Something of everything that metrics are made from, on one trading day, in order of telling. */
export class FullDay {
  readonly #random: () => number;
  readonly #opensAt: EpochMs;
  readonly #maker: EventMaker;
  readonly #visits = new VisitMaker();
  readonly #queues = new QueueMaker();
  readonly #told: { readonly at: number; readonly make: () => JourneyEvent }[] = [];
  readonly #run: string;
  readonly #next = new Map<string, number>();

  /** `run` names the life of the sensors; `opensAt` lies an hour after the day began or later. */
  constructor(run: string, opensAt: EpochMs, random: () => number) {
    this.#run = run;
    this.#opensAt = opensAt;
    this.#random = random;
    this.#maker = new EventMaker(run);
  }

  /** Events of a day with so many visitors. */
  events(people: number): JourneyEvent[] {
    for (const id of ["entrance", "front", "floor"])
      this.#say(this.#opensAt - HOUR_MS, (at) => this.#maker.sensor(at, id));
    const blindAt = this.#opensAt + this.#below(8 * HOUR_MS);
    this.#say(blindAt, (at) => this.#maker.sensor(at, "floor", "blind"));
    this.#say(blindAt + this.#below(HOUR_MS), (at) => this.#maker.sensor(at, "floor"));
    for (let track = 1; track <= people; track += 1) this.#person(track);
    const sorted = this.#told
      .map((one, index) => ({ ...one, index }))
      .sort((a, b) => a.at - b.at || a.index - b.index);
    return sorted.map(({ make }) => make());
  }

  #person(track: number): void {
    const enteredAt = this.#opensAt + this.#below(9 * HOUR_MS);
    const lengthMs = 60_000 + this.#below(1_500_000);
    this.#say(enteredAt - 20_000, (at) => this.#maker.crossing(at, "pass-left", "in", { track }));
    const crossing: { event: CrossingRecorded | null } = { event: null };
    this.#say(enteredAt, (at) => {
      crossing.event = this.#maker.crossing(at, "door", "in", { track });
      return crossing.event;
    });
    this.#say(enteredAt + lengthMs, (at) => this.#maker.crossing(at, "door", "out", { track }));
    const isStaff = this.#random() < 0.05;
    if (isStaff)
      this.#say(enteredAt + 90_000, () =>
        this.#maker.staff(crossing.event ?? this.#maker.crossing(epochMs(enteredAt), "door", "in")),
      );
    this.#stays(track, enteredAt, lengthMs);
    const bought = this.#random() < 0.4 ? this.#pay(enteredAt + lengthMs - 10_000) : undefined;
    this.#complete(enteredAt, lengthMs, isStaff, bought);
  }

  #stays(track: number, enteredAt: number, lengthMs: number): void {
    for (const zone of ["table", "shoes", "mirror"]) {
      const from = enteredAt + this.#below(lengthMs);
      const dwellMs = this.#below(120_000);
      const isCensored = this.#random() < 0.1;
      this.#say(from, (at) => this.#maker.zoneEntered(at, zone, track));
      this.#say(from + dwellMs, (at) =>
        this.#maker.zoneExited(at, zone, track, dwellMs, isCensored),
      );
    }
    if (this.#random() < 0.3) this.#tagStay(enteredAt + 1000, this.#below(300_000));
    if (this.#random() < 0.3) {
      const waitMs = this.#below(200_000);
      const joinedAt = enteredAt + this.#below(lengthMs);
      const outcome = this.#random() < 0.8 ? "served" : "abandoned";
      this.#say(joinedAt, (at) => this.#queues.joined(at, track));
      this.#say(joinedAt + waitMs, (at) => this.#queues.left(at, outcome, waitMs, track));
      this.#say(joinedAt, (at) => this.#queues.basket(at, "add", 1 + this.#below(3)));
    }
  }

  #tagStay(from: number, dwellMs: number): void {
    const zone = this.#random() < 0.5 ? "cellar" : "table";
    const tag = {
      tagId: tagId(`basket-${this.#below(5)}`),
      tagKind: "basket" as const,
      zoneId: zoneId(zone),
      confidence: 0.9,
    };
    this.#say(from, (at) => ({ ...this.#head("zones", at), kind: "tag-zone-entered", ...tag }));
    this.#say(from + dwellMs, (at) => ({
      ...this.#head("zones", at),
      kind: "tag-zone-exited",
      ...tag,
      dwellMs,
      censored: false,
    }));
  }

  #pay(at: number): string {
    const kind = KINDS[this.#below(KINDS.length)] ?? "sale";
    const lines: ReceiptLine[] = Array.from({ length: 1 + this.#below(3) }, () => ({
      sku: `sku-${this.#below(9)}`,
      department: this.#random() < 0.5 ? "hats" : null,
      units: 1,
      netMinor: (kind === "refund" ? -1 : 1) * this.#below(5000),
    }));
    const receiptId = `${this.#run}-${this.#told.length}`;
    const netMinor = lines.reduce((sum, line) => sum + line.netMinor, 0);
    this.#say(at, (paidAt) => ({
      ...this.#maker.receipt(paidAt, receiptId, netMinor, kind),
      ...(this.#random() < 0.7 ? { lines, tillId: "till-1" } : {}),
      units: lines.length,
    }));
    return receiptId;
  }

  /** Some visits are corrected afterwards, and a few turn out to be none. */
  #complete(enteredAt: number, lengthMs: number, isStaff: boolean, bought?: string): void {
    const stops = ["table", "shoes", "mirror"]
      .slice(0, this.#below(4))
      .map((zone, i) => [zone, i * 20, 5 + this.#below(60)] as const);
    const visit = this.#visits.visit(epochMs(enteredAt), {
      stops,
      lengthS: Math.floor(lengthMs / 1000),
      isStaff,
      ...(bought === undefined ? {} : { bought }),
      ...(this.#random() < 0.3 ? { tag: `card-${this.#below(6)}` } : {}),
    });
    const told = enteredAt + lengthMs + 20 * 60_000;
    this.#tell(told, visit);
    if (this.#random() > 0.2) return;
    const isWithdrawn = this.#random() < 0.5;
    this.#tell(told + 60_000, {
      ...visit,
      revision: 1,
      isWithdrawn,
      stays: visit.stays.slice(1),
    });
  }

  #tell(at: number, visit: JourneyCompleted): void {
    const name = visitId(`${this.#run}-${visit.visitId}`);
    this.#told.push({
      at,
      make: () => ({ ...visit, ...this.#head("visit", visit.at), visitId: name }),
    });
  }

  #say(at: number, make: (at: EpochMs) => JourneyEvent): void {
    this.#told.push({ at, make: () => make(epochMs(at)) });
  }

  #head(source: string, at: EpochMs): JourneyHead {
    const seq = this.#next.get(source) ?? 0;
    this.#next.set(source, seq + 1);
    return {
      source: `${source}#${this.#run}`,
      seq,
      at,
      atMono: monoMs(at),
      clock: "synced",
    };
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
