import { BoundedMap } from "../../core/bounded-map.ts";
import type { GatewayId, MonoMs, SubjectRef } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { Service } from "../../core/lifecycle.ts";
import type { Link } from "../../io/mqtt/link.ts";
import { loyaltyEpoch } from "../../privacy/beacon-crypto.ts";
import type { PartName } from "../../privacy/loyalty/table-layout.ts";
import type { MadeIds, MemberKeys } from "../../privacy/loyalty/table-rows.ts";
import { type Shelf, type ShelfPart, TableShelf } from "../../privacy/loyalty/table-shelf.ts";
import {
  LOYALTY_MESSAGE_BYTES,
  type LoyaltyCatalogueMessage,
  type LoyaltyPartMessage,
  type LoyaltyRequest,
  loyaltyRequestSchema,
} from "../../wire/loyalty-messages.ts";
import { fleetFilter, parseTopic, plainTopic } from "../../wire/topics.ts";

export interface TableDeskDeps {
  readonly root: string;
  /** Which group of stores a gateway belongs to; null: none. A gateway gets the tables of its own group only. */
  readonly groupOf: (gateway: GatewayId) => string | null;
  /** The key for pseudonyms of the tenant whose group it is, 32 bytes or more; null: there is no such group. */
  readonly pseudonymKeyOf: (storeGroup: string) => Uint8Array | null;
  readonly clock: Clock;
}

/** Requests that were not answered, by reason. */
export interface TableDeskCounts {
  readonly unreadable: number;
  /** Of a gateway that asked for another group than its own. */
  readonly foreign: number;
  /** Faster than parts are handed out. */
  readonly flooded: number;
}

/** Some segments of 4 ms each in every tick: the centre goes on meanwhile, and 100,000 members take seconds. */
const TICK_MS = 50;
const SEGMENTS_PER_TICK = 4;
/** Gateways that hear at once when members came or went; others hear when they ask. */
const LISTENERS = 10_000;
const LISTENING_MS = 600_000;
const PARTS_PER_SECOND = 256;

interface Listener {
  readonly storeGroup: string;
  secondMono: number;
  parts: number;
}

/**
 * Hands out tables of members' identifiers. It holds the keys of members who agreed (`put`, `remove` by whoever keeps the
 * register) and makes the tables of three epochs, a slice at a time; a gateway asks and gets what it has not. Nothing that
 * leaves holds a key.
 */
export class TableDesk implements Service {
  readonly name = "loyalty-tables";
  readonly #deps: TableDeskDeps;
  readonly #shelves = new Map<string, TableShelf>();
  readonly #told = new Map<string, string>();
  readonly #listeners = new BoundedMap<GatewayId, Listener>({
    cap: LISTENERS,
    idleMs: LISTENING_MS,
  });
  readonly #counts = { unreadable: 0, foreign: 0, flooded: 0 };
  #link: Link | null = null;
  #timer: Timer | null = null;

  constructor(deps: TableDeskDeps) {
    this.#deps = deps;
  }

  get counts(): TableDeskCounts {
    return { ...this.#counts };
  }

  /** Puts a member with a live consent in, or what the member carries now. False: no such group, or no room. */
  put(storeGroup: string, member: MemberKeys): boolean {
    return this.#shelfOf(storeGroup)?.put(member) ?? false;
  }

  /** Takes a member out of a group's tables; false when she was not in. */
  remove(storeGroup: string, subject: SubjectRef): boolean {
    return this.#shelves.get(storeGroup)?.remove(subject) ?? false;
  }

  /** Tags of a group's members that are in no table: their clocks must be found again. */
  tagsLeftOut(storeGroup: string): number {
    return this.#shelves.get(storeGroup)?.tagsLeftOut ?? 0;
  }

  /** Listens to the gateways; call once, before the link starts. */
  attach(link: Link): void {
    this.#link = link;
    link.subscribe(fleetFilter(this.#deps.root, "up/loyalty"), ({ topic, text }) =>
      this.answer(topic, text),
    );
  }

  start(signal: AbortSignal): Promise<void> {
    if (this.#timer === null && !signal.aborted)
      this.#timer = this.#deps.clock.every(TICK_MS, "loyalty.tables", () => this.advance());
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    return Promise.resolve();
  }

  /** Turns the tables with the clock, makes some of what is missing, and tells who listens when all is made. */
  advance(): void {
    const { clock } = this.#deps;
    const epoch = loyaltyEpoch(clock.now());
    let left = SEGMENTS_PER_TICK;
    for (const [storeGroup, tables] of this.#shelves) {
      tables.turnTo(epoch);
      while (left > 0 && tables.work()) left -= 1;
      const { shelf } = tables;
      if (shelf !== null && this.#told.get(storeGroup) !== shelf.digest) {
        this.#told.set(storeGroup, shelf.digest);
        this.#tellAll(storeGroup, shelf);
      }
    }
    this.#listeners.expire(clock.mono());
  }

  /** Takes the text of `up/loyalty`. */
  answer(topic: string, text: string): void {
    const gateway = parseTopic(this.#deps.root, topic)?.gatewayId;
    const request = requestOf(text);
    if (gateway === undefined || request === null) {
      this.#counts.unreadable += 1;
      return;
    }
    const { storeGroup, catalogue, want } = request;
    if (this.#deps.groupOf(gateway) !== storeGroup) {
      this.#counts.foreign += 1;
      return;
    }
    const listener = this.#listenerOf(gateway, storeGroup);
    const shelf = this.#shelfOf(storeGroup)?.shelf ?? null;
    if (shelf === null) return;
    if (catalogue !== shelf.digest) this.#sendCatalogue(gateway, storeGroup, shelf);
    else for (const name of want) this.#sendPart(gateway, listener, name);
  }

  #shelfOf(storeGroup: string): TableShelf | null {
    const known = this.#shelves.get(storeGroup);
    if (known !== undefined) return known;
    const pseudonymKey = this.#deps.pseudonymKeyOf(storeGroup);
    if (pseudonymKey === null) return null;
    const made = new TableShelf({ storeGroup, pseudonymKey });
    this.#shelves.set(storeGroup, made);
    return made;
  }

  #listenerOf(gateway: GatewayId, storeGroup: string): Listener {
    const nowMono: MonoMs = this.#deps.clock.mono();
    const known = this.#listeners.get(gateway, nowMono);
    if (known?.storeGroup === storeGroup) return known;
    const listener: Listener = { storeGroup, secondMono: nowMono, parts: 0 };
    this.#listeners.set(gateway, listener, nowMono);
    return listener;
  }

  #tellAll(storeGroup: string, shelf: Shelf): void {
    for (const [gateway, listener] of this.#listeners.entries())
      if (listener.storeGroup === storeGroup) this.#sendCatalogue(gateway, storeGroup, shelf);
  }

  #sendCatalogue(gateway: GatewayId, storeGroup: string, { digest, catalogue }: Shelf): void {
    const { rolls, ids } = catalogue;
    const message: LoyaltyCatalogueMessage = { v: 1, storeGroup, digest, rolls, ids };
    const topic = plainTopic(this.#deps.root, gateway, "down/loyalty");
    this.#link?.publish(topic, JSON.stringify(message), { qos: 1, retain: false });
  }

  #sendPart(gateway: GatewayId, listener: Listener, name: PartName): void {
    const { storeGroup } = listener;
    const part = this.#shelves.get(storeGroup)?.part(name) ?? null;
    const of = this.#shelves.get(storeGroup)?.shelf?.catalogue.rolls.length ?? 0;
    if (part === null) return;
    if (!this.#hasRoom(listener)) {
      this.#counts.flooded += 1;
      return;
    }
    const ids = isIds(part) ? part : null;
    const message: LoyaltyPartMessage = {
      v: 1,
      storeGroup,
      segment: part.segment,
      of,
      epoch: ids?.epoch ?? null,
      roll: ids?.roll ?? null,
      rows: base64(part.rows),
      eids: ids === null ? "" : base64(ids.eids),
      digest: part.digest,
    };
    const topic = plainTopic(this.#deps.root, gateway, "down/loyalty-part");
    this.#link?.publish(topic, JSON.stringify(message), { qos: 0, retain: false });
  }

  #hasRoom(listener: Listener): boolean {
    const nowMono = this.#deps.clock.mono();
    if (nowMono - listener.secondMono >= 1000) {
      listener.secondMono = nowMono;
      listener.parts = 0;
    }
    listener.parts += 1;
    return listener.parts <= PARTS_PER_SECOND;
  }
}

const isIds = (part: ShelfPart): part is MadeIds => "eids" in part;

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");

function requestOf(text: string): LoyaltyRequest | null {
  if (text.length > LOYALTY_MESSAGE_BYTES) return null;
  try {
    const parsed = loyaltyRequestSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    // No JSON is no request.
    return null;
  }
}
