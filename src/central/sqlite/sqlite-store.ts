import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import type { EpochMs } from "../../core/brand.ts";
import type { BirthMessage } from "../../wire/envelopes.ts";
import { SETTLED_MS } from "../kept-text.ts";
import type { EventChange, NameChange, NamedEvent } from "../named-events.ts";
import type {
  AsideLoss,
  AuditEntry,
  CentralStore,
  CommitBatch,
  CommitOutcome,
  DayPairQuery,
  DayPairSum,
  DirtyHour,
  DirtyState,
  DocumentChange,
  DocumentKey,
  EventQuery,
  GapRow,
  GatewayRow,
  QuarantineRow,
  RollupQuery,
  RollupRow,
  RollupSum,
  StoredEvent,
  StorePart,
  StoreRow,
} from "../repository.ts";
import { AsideTables } from "./aside-tables.ts";
import { holdStore, openCentralFile, type StoreRole } from "./central-file.ts";
import { DocumentTables, type KeyedDocument } from "./document-tables.ts";
import { EventWriter } from "./event-writer.ts";
import { readGapsWithin, readGateways, writeBirth } from "./gateway-rows.ts";
import { guarded } from "./guarded.ts";
import { NameTables } from "./name-tables.ts";
import { RollupTables } from "./rollup-tables.ts";
import { migrate } from "./schema.ts";

/** Events dropped in one transaction: a commit never waits long for retention. */
const DROPPED_AT_ONCE = 10_000;

/** The central store in one SQLite file: WAL, synchronous FULL; for up to some hundred shops. */
export class SqliteStore implements CentralStore {
  readonly lanes = 1;
  readonly #db: Database.Database;
  readonly #lock: Database.Database | null;
  readonly #asides: AsideTables;
  readonly #writer: EventWriter;
  readonly #rollups: RollupTables;
  readonly #documents: DocumentTables;
  readonly #names: NameTables;
  readonly #page: Database.Statement<unknown[], StoredEvent>;

  /**
   * Opens, creates or brings up to date the file.
   * @throws STORE_UNREADABLE, STORE_VERSION, DISK_FULL, STORE_FAILED when another centre holds it
   */
  constructor(path: string, role: StoreRole = "centre") {
    const { db, lock } = guarded(() => openFile(path, role));
    this.#db = db;
    this.#lock = lock;
    this.#asides = new AsideTables(this.#db);
    this.#writer = new EventWriter(this.#db, this.#asides);
    this.#rollups = new RollupTables(this.#db);
    this.#documents = new DocumentTables(this.#db);
    this.#names = new NameTables(this.#db);
    this.#page = this.#db.prepare(
      `SELECT at, id, body FROM event WHERE store_id=? AND (at, id)>(?, ?) AND at<?
       AND (? IS NULL OR type=?) ORDER BY at, id LIMIT ?`,
    );
  }

  parts(): readonly StorePart[] {
    return [this];
  }

  laneOf(_storeId: string): number {
    return 0;
  }

  async commit(batches: readonly CommitBatch[]): Promise<readonly CommitOutcome[]> {
    return this.#write(() => this.#writer.take(batches));
  }

  async positions(gatewayId: string, epoch: string): Promise<Readonly<Record<string, number>>> {
    return guarded(() => this.#writer.positions(gatewayId, epoch));
  }

  async home(gatewayId: string): Promise<string | null> {
    return guarded(() => this.#home(gatewayId));
  }

  async claimHome(gatewayId: string, storeId: string): Promise<string> {
    return this.#write(() => {
      this.#db.prepare("INSERT OR IGNORE INTO gateway_home VALUES(?,?)").run(gatewayId, storeId);
      return this.#home(gatewayId) ?? storeId;
    });
  }

  async recordBirth(gatewayId: string, birth: BirthMessage, at: EpochMs): Promise<void> {
    this.#write(() => writeBirth(this.#db, gatewayId, birth, at));
  }

  async quarantine(
    gatewayId: string,
    reason: string,
    body: string,
    at: EpochMs,
    likeness?: string,
  ): Promise<void> {
    this.#write(() => this.#asides.addMessage(gatewayId, reason, body, at, likeness));
  }

  async quarantined(before: number | null, limit: number): Promise<readonly QuarantineRow[]> {
    return guarded(() => this.#asides.page(before, limit));
  }

  async asideLosses(): Promise<readonly AsideLoss[]> {
    return guarded(() => this.#asides.losses());
  }

  async gateways(): Promise<readonly GatewayRow[]> {
    return guarded(() => readGateways(this.#db));
  }

  async stores(): Promise<readonly StoreRow[]> {
    return guarded(() =>
      this.#db
        .prepare<[], StoreRow>(
          `SELECT store_id AS storeId, events, first_at AS firstAt, last_at AS lastAt
           FROM store WHERE events>0 ORDER BY store_id`,
        )
        .all(),
    );
  }

  async events(query: EventQuery): Promise<readonly StoredEvent[]> {
    const { storeId, from, to, type, limit, after } = query;
    const [at, id] = after === null || after.at < from ? [from, ""] : [after.at, after.id];
    return guarded(() => this.#page.all(storeId, at, id, to, type, type, limit));
  }

  async retain(eventsFrom: EpochMs): Promise<number> {
    this.#write(() => this.#settle(eventsFrom + SETTLED_MS));
    const drop = this.#db.prepare(
      "DELETE FROM event WHERE n IN (SELECT n FROM event WHERE store_id=? AND at<? LIMIT ?)",
    );
    let dropped = 0;
    for (const { storeId } of await this.stores()) {
      for (let more = true; more; ) {
        const { changes } = this.#write(() => drop.run(storeId, eventsFrom, DROPPED_AT_ONCE));
        dropped += changes;
        more = changes === DROPPED_AT_ONCE;
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.#write(() => this.#recount(storeId));
    }
    this.#write(() => {
      this.#db.prepare("DELETE FROM gap WHERE received<?").run(eventsFrom);
      this.#db.prepare("DELETE FROM unsynced WHERE at<?").run(eventsFrom);
      const old = "DELETE FROM quarantine WHERE coalesce(last_received, received)<?";
      this.#db.prepare(old).run(eventsFrom);
    });
    guarded(() => this.#db.pragma("incremental_vacuum"));
    return dropped;
  }

  async dirtyHours(limit: number, storeId?: string): Promise<readonly DirtyHour[]> {
    return guarded(() => this.#rollups.dirtyHours(limit, storeId));
  }

  async dirtyState(): Promise<DirtyState> {
    return guarded(() => this.#rollups.dirtyState());
  }

  /** One centre holds the file, so all its stores are its own. */
  async claimStore(_storeId: string, _holder: string, _forMs: number): Promise<boolean> {
    return true;
  }

  async releaseStore(_storeId: string, _holder: string): Promise<void> {
    // Nobody waits for it.
  }

  async lostSince(from: EpochMs): Promise<readonly { gatewayId: string; n: number }[]> {
    const sums = `SELECT gateway AS gatewayId, sum(n) AS n FROM gap WHERE received>=? GROUP BY gateway`;
    return guarded(() =>
      this.#db.prepare<[number], { gatewayId: string; n: number }>(sums).all(from),
    );
  }

  async gapsWithin(storeId: string, from: EpochMs, to: EpochMs): Promise<readonly GapRow[]> {
    return guarded(() => readGapsWithin(this.#db, storeId, from, to));
  }

  async saveRollups(
    storeId: string,
    rows: readonly RollupRow[],
    done: readonly DirtyHour[],
  ): Promise<void> {
    this.#write(() => this.#rollups.save(storeId, rows, done));
  }

  async rollups(query: RollupQuery): Promise<readonly RollupRow[]> {
    return guarded(() => this.#rollups.read(query));
  }

  async dayPairs(query: DayPairQuery): Promise<readonly DayPairSum[]> {
    return guarded(() => this.#rollups.dayPairs(query));
  }

  async sums(query: RollupQuery): Promise<readonly RollupSum[]> {
    return guarded(() => this.#rollups.sums(query));
  }

  async document(key: DocumentKey): Promise<{ text: string; at: EpochMs } | null> {
    return guarded(() => this.#documents.read(key));
  }

  async documents(kind: string, owner: string | null): Promise<readonly KeyedDocument[]> {
    return guarded(() => this.#documents.list(kind, owner));
  }

  async saveDocument(key: DocumentKey, text: string | null, at: EpochMs): Promise<void> {
    this.#write(() => this.#documents.save(key, text, at));
  }

  async changeDocument(
    key: DocumentKey,
    change: DocumentChange,
    entry: AuditEntry,
  ): Promise<boolean> {
    return this.#write(() => this.#documents.change(key, change, entry));
  }

  async audit(entry: AuditEntry): Promise<void> {
    this.#write(() => this.#documents.log(entry));
  }

  async audits(
    before: number | null,
    limit: number,
  ): Promise<readonly (AuditEntry & { n: number })[]> {
    return guarded(() => this.#documents.entries(before, limit));
  }

  async namedEvents(
    storeIds: readonly string[],
    name: string,
    limit: number,
  ): Promise<readonly NamedEvent[]> {
    return guarded(() => this.#names.find(storeIds, name, limit));
  }

  async changeEvents(changes: readonly EventChange[]): Promise<number> {
    return this.#write(() => this.#names.change(changes));
  }

  async renameAsides(changes: readonly NameChange[]): Promise<number> {
    let [sum, after] = [0, 0];
    for (;;) {
      const from = after;
      const { count, last } = this.#write(() => this.#names.renameAsides(changes, from));
      sum += count;
      if (last === null) return sum;
      after = last;
      // Commits have their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async renameAudits(target: string, to: string): Promise<number> {
    return this.#write(() => this.#names.renameAudits(target, to));
  }

  /** "ok", or what SQLite found wrong with the file. */
  integrity(): string {
    return String(this.#db.pragma("integrity_check(1)", { simple: true }));
  }

  async close(): Promise<void> {
    this.#db.close();
    this.#lock?.close();
  }

  /** At once with the right to write: what is read in it is still true when it is written. */
  #write<T>(run: () => T): T {
    return guarded(() => this.#db.transaction(run).immediate());
  }

  #home(gatewayId: string): string | null {
    const found = this.#db
      .prepare<[string], string>("SELECT store_id FROM gateway_home WHERE gateway=?")
      .pluck()
      .get(gatewayId);
    return found ?? null;
  }

  #settle(before: number): void {
    this.#db.prepare("UPDATE counter SET v=max(v, ?) WHERE k='settled'").run(before);
    this.#db.prepare("DELETE FROM dirty_hour WHERE hour<?").run(before);
  }

  #recount(storeId: string): void {
    this.#db
      .prepare(
        `UPDATE store SET events=(SELECT count(*) FROM event WHERE store_id=store.store_id),
         first_at=coalesce((SELECT min(at) FROM event WHERE store_id=store.store_id), first_at) WHERE store_id=?`,
      )
      .run(storeId);
  }
}

function openFile(
  path: string,
  role: StoreRole,
): { readonly db: Database.Database; readonly lock: Database.Database | null } {
  const isFile = path !== ":memory:";
  if (isFile) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = openCentralFile(path, role);
  let lock: Database.Database | null = null;
  try {
    if (isFile && role === "centre") lock = holdStore(path);
    migrate(db);
    return { db, lock };
  } catch (error) {
    db.close();
    lock?.close();
    throw error;
  }
}
