import type Database from "better-sqlite3";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { type Moved, moveChanges, touches } from "../mend-times.ts";
import {
  type CommitPlan,
  lastRepeated,
  NO_TALLY,
  outcomeOf,
  type PlannedEvent,
  planCommit,
  settle,
  storeChanges,
  storeOf,
  strayPlan,
  type Tally,
} from "../plan-commit.ts";
import type { CommitBatch, CommitOutcome } from "../repository.ts";
import type { AsideTables } from "./aside-tables.ts";
import { ClockFixes } from "./clock-fixes.ts";

type Statement = Database.Statement<unknown[]>;

/** Writes batches into the tables of the stream. Every method must run inside a transaction. */
export class EventWriter {
  readonly #find: Database.Statement<[string, string, string], Tally>;
  readonly #positions: Database.Statement<[string, string], { stream: string; seq: number }>;
  readonly #has: Database.Statement<[string, number, string], number>;
  readonly #save: Statement;
  readonly #addHome: Statement;
  readonly #addEvent: Statement;
  readonly #addGap: Statement;
  readonly #asides: AsideTables;
  readonly #addToStore: Statement;
  readonly #nextMark: Database.Statement<[], number>;
  readonly #settled: Database.Statement<[], number>;
  readonly #touch: Statement;
  readonly #recount: Statement;
  readonly #clocks: ClockFixes;

  constructor(db: Database.Database, asides: AsideTables) {
    this.#asides = asides;
    this.#clocks = new ClockFixes(db);
    this.#find = db.prepare(
      "SELECT seq, stored, known, shed, quarantined, last_at AS lastAt FROM gateway_cursor WHERE gateway=? AND epoch=? AND stream=?",
    );
    this.#positions = db.prepare(
      "SELECT stream, seq FROM gateway_cursor WHERE gateway=? AND epoch=?",
    );
    this.#has = db.prepare("SELECT 1 FROM event WHERE store_id=? AND at=? AND id=?");
    this.#save = db.prepare("INSERT OR REPLACE INTO gateway_cursor VALUES(?,?,?,?,?,?,?,?,?,?)");
    this.#addHome = db.prepare("INSERT OR IGNORE INTO gateway_home VALUES(?,?)");
    this.#addEvent = db.prepare(
      `INSERT OR IGNORE INTO event(store_id, at, id, gateway, epoch, stream, seq, type, body, received)
       VALUES(?,?,?,?,?,?,?,?,?,?)`,
    );
    this.#addGap = db.prepare("INSERT INTO gap VALUES(?,?,?,?,?,?,?,?,?,?)");
    this.#addToStore = db.prepare(
      `INSERT INTO store VALUES(?,?,?,?) ON CONFLICT(store_id) DO UPDATE SET events=events+excluded.events,
       first_at=min(first_at, excluded.first_at), last_at=max(last_at, excluded.last_at)`,
    );
    this.#nextMark = db
      .prepare<[], number>("UPDATE counter SET v=v+1 WHERE k='mark' RETURNING v")
      .pluck();
    this.#settled = db.prepare<[], number>("SELECT v FROM counter WHERE k='settled'").pluck();
    this.#touch = db.prepare(
      `INSERT INTO dirty_hour VALUES(?,?,?,?)
       ON CONFLICT(store_id, hour) DO UPDATE SET mark=max(mark, excluded.mark)`,
    );
    this.#recount = db.prepare(
      `UPDATE store SET events=events+?,
       first_at=coalesce((SELECT min(at) FROM event WHERE store_id=store.store_id), first_at),
       last_at=coalesce((SELECT max(at) FROM event WHERE store_id=store.store_id), last_at) WHERE store_id=?`,
    );
  }

  /** Cursors of one outbox by stream. */
  positions(gatewayId: string, epoch: string): Record<string, number> {
    const rows = this.#positions.all(gatewayId, epoch);
    return Object.fromEntries(rows.map(({ stream, seq }) => [stream, seq]));
  }

  /** Commits batches in their order. */
  take(batches: readonly CommitBatch[]): readonly CommitOutcome[] {
    const fresh: PlannedEvent[] = [];
    const moved: Moved[] = [];
    const outcomes = batches.map((batch) => this.#takeOne(batch, fresh, moved));
    const at = epochMs(batches.reduce((latest, one) => Math.max(latest, one.receivedAt), 0));
    this.#noteStores(fresh, at);
    this.#noteMoves(moved, at);
    this.#asides.trim();
    return outcomes;
  }

  #takeOne(batch: CommitBatch, fresh: PlannedEvent[], moved: Moved[]): CommitOutcome {
    const { gatewayId, epoch, stream, receivedAt } = batch;
    const cursor = this.#find.get(gatewayId, epoch, stream) ?? NO_TALLY;
    const repeated = lastRepeated(batch, cursor);
    if (
      repeated !== null &&
      this.#has.get(repeated.storeId, repeated.at, repeated.id) === undefined
    )
      return {
        ...outcomeOf(strayPlan(cursor), 0, this.positions(gatewayId, epoch)),
        isStray: true,
      };
    const { plan, fixes } = this.#clocks.take(batch, planCommit(batch, cursor));
    const known = plan.need === null ? this.#write(batch, plan, fresh) : 0;
    if (plan.after.seq > cursor.seq) {
      const { seq, stored, known: seen, shed, quarantined, lastAt } = settle(plan.after, known);
      const account = [seq, stored, seen, shed, quarantined];
      this.#save.run(gatewayId, epoch, stream, ...account, receivedAt, lastAt);
      const storeId = cursor === NO_TALLY ? storeOf(batch) : null;
      if (storeId !== null) this.#addHome.run(gatewayId, storeId);
      moved.push(...this.#clocks.settle(batch, plan, fixes));
      if (plan.gaps.length > 0) moved.push(...touches(storeOf(batch) ?? "", plan.gaps));
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
      else {
        fresh.push(event);
        this.#clocks.remember(gatewayId, event);
      }
    }
    for (const { from, to, n, why, firstAt, lastAt } of plan.gaps)
      this.#addGap.run(gatewayId, epoch, stream, from, to, n, why, receivedAt, firstAt, lastAt);
    for (const { seq, reason, body, unsyncedBoot } of plan.quarantined) {
      const place = [gatewayId, epoch, stream, seq] as const;
      this.#asides.add(place, reason, body, receivedAt, unsyncedBoot, null);
    }
    return known;
  }

  #noteStores(fresh: readonly PlannedEvent[], at: EpochMs): void {
    if (fresh.length === 0) return;
    const mark = this.#nextMark.get() ?? 1;
    const settled = this.#settled.get() ?? 0;
    for (const { storeId, hours, events, firstAt, lastAt } of storeChanges(fresh)) {
      for (const hour of hours) if (hour >= settled) this.#touch.run(storeId, hour, mark, at);
      this.#addToStore.run(storeId, events, firstAt, lastAt);
    }
  }

  #noteMoves(moved: readonly Moved[], at: EpochMs): void {
    if (moved.length === 0) return;
    const mark = this.#nextMark.get() ?? 1;
    const settled = this.#settled.get() ?? 0;
    for (const { storeId, hours, events } of moveChanges(moved)) {
      for (const hour of hours) if (hour >= settled) this.#touch.run(storeId, hour, mark, at);
      this.#recount.run(events, storeId);
    }
  }
}
