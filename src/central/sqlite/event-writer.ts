import type Database from "better-sqlite3";
import type { EpochMs } from "../../core/brand.ts";
import { keptBody, QUARANTINE_ROWS, storableText } from "../kept-text.ts";
import {
  type CommitPlan,
  NO_TALLY,
  outcomeOf,
  type PlannedEvent,
  planCommit,
  settle,
  storeChanges,
  storeOf,
  type Tally,
} from "../plan-commit.ts";
import type { CommitBatch, CommitOutcome } from "../repository.ts";

type Statement = Database.Statement<unknown[]>;

/** Writes batches into the tables of the stream. Every method must run inside a transaction. */
export class EventWriter {
  readonly #find: Database.Statement<[string, string, string], Tally>;
  readonly #positions: Database.Statement<[string, string], { stream: string; seq: number }>;
  readonly #save: Statement;
  readonly #addHome: Statement;
  readonly #addEvent: Statement;
  readonly #addGap: Statement;
  readonly #addQuarantine: Statement;
  readonly #dropQuarantine: Statement;
  readonly #addToStore: Statement;
  readonly #nextMark: Database.Statement<[], number>;
  readonly #settled: Database.Statement<[], number>;
  readonly #touch: Statement;

  constructor(db: Database.Database) {
    this.#find = db.prepare(
      "SELECT seq, stored, known, shed, quarantined FROM gateway_cursor WHERE gateway=? AND epoch=? AND stream=?",
    );
    this.#positions = db.prepare(
      "SELECT stream, seq FROM gateway_cursor WHERE gateway=? AND epoch=?",
    );
    this.#save = db.prepare("INSERT OR REPLACE INTO gateway_cursor VALUES(?,?,?,?,?,?,?,?,?)");
    this.#addHome = db.prepare("INSERT OR IGNORE INTO gateway_home VALUES(?,?)");
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
    this.#addToStore = db.prepare(
      `INSERT INTO store VALUES(?,?,?,?) ON CONFLICT(store_id) DO UPDATE SET events=events+excluded.events,
       first_at=min(first_at, excluded.first_at), last_at=max(last_at, excluded.last_at)`,
    );
    this.#nextMark = db
      .prepare<[], number>("UPDATE counter SET v=v+1 WHERE k='mark' RETURNING v")
      .pluck();
    this.#settled = db.prepare<[], number>("SELECT v FROM counter WHERE k='settled'").pluck();
    this.#touch = db.prepare("INSERT OR REPLACE INTO dirty_hour VALUES(?,?,?)");
  }

  /** Cursors of one outbox by stream. */
  positions(gatewayId: string, epoch: string): Record<string, number> {
    const rows = this.#positions.all(gatewayId, epoch);
    return Object.fromEntries(rows.map(({ stream, seq }) => [stream, seq]));
  }

  /** Commits batches in their order. */
  take(batches: readonly CommitBatch[]): readonly CommitOutcome[] {
    const fresh: PlannedEvent[] = [];
    const outcomes = batches.map((batch) => this.#takeOne(batch, fresh));
    this.#noteStores(fresh);
    return outcomes;
  }

  /** Sets a text aside; `place` is gateway, epoch, stream and number as far as they are known. */
  setAside(
    place: readonly [string, string | null, string | null, number | null],
    reason: string,
    body: string,
    at: EpochMs,
  ): void {
    const row = this.#addQuarantine.run(...place, storableText(reason), keptBody(body), at);
    this.#dropQuarantine.run(Number(row.lastInsertRowid) - QUARANTINE_ROWS);
  }

  #takeOne(batch: CommitBatch, fresh: PlannedEvent[]): CommitOutcome {
    const { gatewayId, epoch, stream, receivedAt } = batch;
    const cursor = this.#find.get(gatewayId, epoch, stream) ?? NO_TALLY;
    const plan = planCommit(batch, cursor);
    const known = plan.need === null ? this.#write(batch, plan, fresh) : 0;
    if (plan.after.seq > cursor.seq) {
      const { seq, stored, known: seen, shed, quarantined } = settle(plan.after, known);
      const account = [seq, stored, seen, shed, quarantined];
      this.#save.run(gatewayId, epoch, stream, ...account, receivedAt);
      const storeId = cursor === NO_TALLY ? storeOf(batch) : null;
      if (storeId !== null) this.#addHome.run(gatewayId, storeId);
    }
    const positions = { [stream]: plan.after.seq, ...this.positions(gatewayId, epoch) };
    return outcomeOf(plan, known, positions);
  }

  /** Returns how many of the events were known. */
  #write(batch: CommitBatch, plan: CommitPlan, fresh: PlannedEvent[]): number {
    const { gatewayId, epoch, stream, receivedAt } = batch;
    let known = 0;
    for (const event of plan.events) {
      const { storeId, at, id, type, body } = event.record;
      const key = [storeId, at, id, gatewayId, epoch, stream, event.seq];
      if (this.#addEvent.run(...key, type, body, receivedAt).changes === 0) known += 1;
      else fresh.push(event);
    }
    for (const { from, to, n, why } of plan.gaps)
      this.#addGap.run(gatewayId, epoch, stream, from, to, n, why, receivedAt);
    for (const { seq, reason, body } of plan.quarantined)
      this.setAside([gatewayId, epoch, stream, seq], reason, body, receivedAt);
    return known;
  }

  #noteStores(fresh: readonly PlannedEvent[]): void {
    if (fresh.length === 0) return;
    const mark = this.#nextMark.get() ?? 1;
    const settled = this.#settled.get() ?? 0;
    for (const { storeId, hours, events, firstAt, lastAt } of storeChanges(fresh)) {
      for (const hour of hours) if (hour >= settled) this.#touch.run(storeId, hour, mark);
      this.#addToStore.run(storeId, events, firstAt, lastAt);
    }
  }
}
