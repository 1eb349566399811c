import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import type { EpochMs } from "../../core/brand.ts";
import { openDatabase } from "../../io/outbox/outbox-file.ts";
import type { BirthMessage } from "../../wire/envelopes.ts";
import { SETTLED_MS } from "../kept-text.ts";
import type {
  AuditEntry,
  CentralStore,
  CommitBatch,
  CommitOutcome,
  DirtyHour,
  DocumentKey,
  EventQuery,
  GatewayRow,
  QuarantineRow,
  RollupQuery,
  RollupRow,
  RollupSum,
  StoredEvent,
  StoreRow,
} from "../repository.ts";
import { DocumentTables, type KeyedDocument } from "./document-tables.ts";
import { EventWriter } from "./event-writer.ts";
import { readGateways, writeBirth } from "./gateway-rows.ts";
import { guarded } from "./guarded.ts";
import { RollupTables } from "./rollup-tables.ts";
import { migrate } from "./schema.ts";

/** Events dropped in one transaction: a commit never waits long for retention. */
const DROPPED_AT_ONCE = 10_000;

/** The central store in one SQLite file: WAL, synchronous FULL; for up to some hundred shops. */
export class SqliteStore implements CentralStore {
  readonly lanes = 1;
  readonly #db: Database.Database;
  readonly #writer: EventWriter;
  readonly #rollups: RollupTables;
  readonly #documents: DocumentTables;
  readonly #page: Database.Statement<unknown[], StoredEvent>;

  /**
   * Opens, creates or brings up to date the file.
   * @throws STORE_UNREADABLE, STORE_VERSION, DISK_FULL, STORE_FAILED when another process holds it
   */
  constructor(path: string) {
    this.#db = guarded(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const db = openDatabase(path);
      try {
        migrate(db);
        return db;
      } catch (error) {
        db.close();
        throw error;
      }
    });
    this.#writer = new EventWriter(this.#db);
    this.#rollups = new RollupTables(this.#db);
    this.#documents = new DocumentTables(this.#db);
    this.#page = this.#db.prepare(
      `SELECT at, id, body FROM event WHERE store_id=? AND (at, id)>(?, ?) AND at<?
       AND (? IS NULL OR type=?) ORDER BY at, id LIMIT ?`,
    );
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

  async quarantine(gatewayId: string, reason: string, body: string, at: EpochMs): Promise<void> {
    this.#write(() => this.#writer.setAside([gatewayId, null, null, null], reason, body, at));
  }

  async quarantined(before: number | null, limit: number): Promise<readonly QuarantineRow[]> {
    return guarded(() =>
      this.#db
        .prepare<[number, number], QuarantineRow>(
          `SELECT n, gateway AS gatewayId, epoch, stream, seq, reason, body, received AS receivedAt
           FROM quarantine WHERE n<? ORDER BY n DESC LIMIT ?`,
        )
        .all(before ?? Number.MAX_SAFE_INTEGER, limit),
    );
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
    this.#write(() => this.#db.prepare("DELETE FROM gap WHERE received<?").run(eventsFrom));
    guarded(() => this.#db.pragma("incremental_vacuum"));
    return dropped;
  }

  async dirtyHours(limit: number): Promise<readonly DirtyHour[]> {
    return guarded(() => this.#rollups.dirtyHours(limit));
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

  async audit(entry: AuditEntry): Promise<void> {
    this.#write(() => this.#documents.log(entry));
  }

  async audits(
    before: number | null,
    limit: number,
  ): Promise<readonly (AuditEntry & { n: number })[]> {
    return guarded(() => this.#documents.entries(before, limit));
  }

  /** "ok", or what SQLite found wrong with the file. */
  integrity(): string {
    return String(this.#db.pragma("integrity_check(1)", { simple: true }));
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #write<T>(run: () => T): T {
    return guarded(() => this.#db.transaction(run)());
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
