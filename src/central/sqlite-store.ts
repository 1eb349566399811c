import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import type { EpochMs } from "../core/brand.ts";
import { GatewayError } from "../core/errors.ts";
import { openDatabase } from "../io/outbox/outbox-file.ts";
import type { BirthMessage } from "../wire/envelopes.ts";
import type {
  BatchRecord,
  CommitBatch,
  CommitOutcome,
  EventQuery,
  EventRepository,
  GatewayRow,
  StoredEvent,
  StoreRow,
} from "./repository.ts";
import { readGateways, SCHEMA } from "./sqlite-tables.ts";

interface Tally {
  seq: number;
  stored: number;
  known: number;
  shed: number;
  quarantined: number;
}

const QUARANTINE_ROWS = 10_000;
const QUARANTINE_BYTES = 65_536;

/** The central store in one SQLite file: WAL, synchronous FULL; for up to some hundred shops. */
export class SqliteStore implements EventRepository {
  readonly #db: Database.Database;
  readonly #find: Database.Statement<[string, string, string], Tally>;
  readonly #save: Database.Statement<unknown[]>;
  readonly #positions: Database.Statement<[string, string], { stream: string; seq: number }>;
  readonly #addEvent: Database.Statement<unknown[]>;
  readonly #addGap: Database.Statement<unknown[]>;
  readonly #addQuarantine: Database.Statement<unknown[]>;
  readonly #dropQuarantine: Database.Statement<[number]>;
  readonly #page: Database.Statement<unknown[], StoredEvent>;
  readonly #commit: (batch: CommitBatch) => CommitOutcome;

  /** Opens or creates the file. @throws STORE_FAILED */
  constructor(path: string) {
    this.#db = guarded(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const db = openDatabase(path);
      db.exec(SCHEMA);
      return db;
    });
    const db = this.#db;
    this.#find = db.prepare(
      "SELECT seq, stored, known, shed, quarantined FROM gateway_cursor WHERE gateway=? AND epoch=? AND stream=?",
    );
    this.#save = db.prepare("INSERT OR REPLACE INTO gateway_cursor VALUES(?,?,?,?,?,?,?,?,?)");
    this.#positions = db.prepare(
      "SELECT stream, seq FROM gateway_cursor WHERE gateway=? AND epoch=?",
    );
    this.#addEvent = db.prepare(
      `INSERT OR IGNORE INTO event(store_id, at, id, gateway, epoch, stream, seq, type, body, received)
       VALUES(?,?,?,?,?,?,?,?,?,?)`,
    );
    this.#addGap = db.prepare("INSERT INTO gap VALUES(?,?,?,?,?,?,?,?)");
    this.#addQuarantine = db.prepare(
      `INSERT INTO quarantine(gateway, epoch, stream, seq, reason, body, received)
       VALUES(?,?,?,?,?,?,?)`,
    );
    this.#dropQuarantine = db.prepare("DELETE FROM quarantine WHERE n<=?");
    this.#page = db.prepare(
      `SELECT at, id, body FROM event WHERE store_id=? AND (at, id)>(?, ?) AND at<?
       AND (? IS NULL OR type=?) ORDER BY at, id LIMIT ?`,
    );
    this.#commit = db.transaction((batch) => this.#take(batch));
  }

  async commit(batch: CommitBatch): Promise<CommitOutcome> {
    return guarded(() => this.#commit(batch));
  }

  async positions(gatewayId: string, epoch: string): Promise<Readonly<Record<string, number>>> {
    return guarded(() => this.#readPositions(gatewayId, epoch));
  }

  async recordBirth(gatewayId: string, birth: BirthMessage, at: EpochMs): Promise<void> {
    guarded(() => {
      if (birth.online) {
        const { storeId, session, boot, epoch, versions, schemaHash, sensors } = birth;
        this.#db
          .prepare("INSERT OR REPLACE INTO gateway VALUES(?,?,1,?,?,?,?,?,?,?)")
          .run(
            gatewayId,
            storeId,
            session,
            boot,
            epoch,
            JSON.stringify(versions),
            schemaHash,
            JSON.stringify(sensors),
            at,
          );
      } else {
        this.#db
          .prepare("UPDATE gateway SET online=0, seen=? WHERE gateway=? AND session=?")
          .run(at, gatewayId, birth.session);
      }
    });
  }

  async quarantine(gatewayId: string, reason: string, body: string, at: EpochMs): Promise<void> {
    guarded(() => this.#setAside([gatewayId, null, null, null], reason, body, at));
  }

  async gateways(): Promise<readonly GatewayRow[]> {
    return guarded(() => readGateways(this.#db));
  }

  async stores(): Promise<readonly StoreRow[]> {
    return guarded(() =>
      this.#db
        .prepare<[], StoreRow>(
          `SELECT store_id AS storeId, count(*) AS events, min(at) AS firstAt, max(at) AS lastAt
           FROM event GROUP BY store_id ORDER BY store_id`,
        )
        .all(),
    );
  }

  async events(query: EventQuery): Promise<readonly StoredEvent[]> {
    const { storeId, from, to, type, limit, after } = query;
    const [at, id] = after === null || after.at < from ? [from, ""] : [after.at, after.id];
    return guarded(() => this.#page.all(storeId, at, id, to, type, type, limit));
  }

  /** "ok", or what SQLite found wrong with the file. */
  integrity(): string {
    return String(this.#db.pragma("integrity_check(1)", { simple: true }));
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #readPositions(gatewayId: string, epoch: string): Record<string, number> {
    const rows = this.#positions.all(gatewayId, epoch);
    return Object.fromEntries(rows.map(({ stream, seq }) => [stream, seq]));
  }

  /** Runs inside a transaction: cursor check, insertion of the part behind it, new cursor. */
  #take(batch: CommitBatch): CommitOutcome {
    const { gatewayId, epoch, stream, first, records, receivedAt } = batch;
    const before = this.#find.get(gatewayId, epoch, stream);
    const tally: Tally = before ?? { seq: 0, stored: 0, known: 0, shed: 0, quarantined: 0 };
    const start = { ...tally };
    const need = first > tally.seq + 1 ? tally.seq + 1 : null;
    if (need === null) {
      let seq = first;
      for (const record of records) seq = this.#takeRecord(batch, record, seq, tally);
      this.#save.run(
        gatewayId,
        epoch,
        stream,
        tally.seq,
        tally.stored,
        tally.known,
        tally.shed,
        tally.quarantined,
        receivedAt,
      );
    }
    return {
      need,
      positions: { [stream]: tally.seq, ...this.#readPositions(gatewayId, epoch) },
      stored: tally.stored - start.stored,
      known: tally.known - start.known,
      shed: tally.shed - start.shed,
      quarantined: tally.quarantined - start.quarantined,
    };
  }

  /** Takes one record with number `seq` when it lies behind the cursor; returns the number of the next record. */
  #takeRecord(batch: CommitBatch, record: BatchRecord, seq: number, tally: Tally): number {
    const { gatewayId, epoch, stream, receivedAt } = batch;
    const last = record.kind === "gap" ? record.to : seq;
    if (last <= tally.seq) return last + 1;
    switch (record.kind) {
      case "event": {
        const { storeId, at, id, type, body } = record;
        const { changes } = this.#addEvent.run(
          storeId,
          at,
          id,
          gatewayId,
          epoch,
          stream,
          seq,
          type,
          body,
          receivedAt,
        );
        tally.stored += changes;
        tally.known += 1 - changes;
        break;
      }
      case "gap": {
        // Part of the gap may have arrived as events before it was shed; only the rest is missing.
        const from = Math.max(record.from, tally.seq + 1);
        const n = record.to - from + 1;
        this.#addGap.run(gatewayId, epoch, stream, from, record.to, n, record.why, receivedAt);
        tally.shed += n;
        break;
      }
      case "quarantined":
        this.#setAside([gatewayId, epoch, stream, seq], record.reason, record.body, receivedAt);
        tally.quarantined += 1;
        break;
    }
    tally.seq = last;
    return last + 1;
  }

  #setAside(
    place: readonly [string, string | null, string | null, number | null],
    reason: string,
    body: string,
    at: EpochMs,
  ): void {
    const row = this.#addQuarantine.run(...place, reason, body.slice(0, QUARANTINE_BYTES), at);
    this.#dropQuarantine.run(Number(row.lastInsertRowid) - QUARANTINE_ROWS);
  }
}

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    throw new GatewayError("STORE_FAILED", "the central database failed", { cause: error });
  }
}
