import type Database from "better-sqlite3";
import type { EpochMs } from "../../core/brand.ts";
import type { TimeFix } from "../../wire/time-fix.ts";
import { concernsClock, type Moved, mendEvents, mendTime, rescueEvent } from "../mend-times.ts";
import type { CommitPlan, PlannedEvent } from "../plan-commit.ts";
import type { CommitBatch } from "../repository.ts";

type Statement = Database.Statement<unknown[]>;

interface UnsyncedRow {
  readonly store_id: string;
  readonly at: EpochMs;
  readonly id: string;
  readonly body: string;
}

interface AsideRow {
  readonly n: number;
  readonly epoch: string;
  readonly stream: string;
  readonly seq: number;
  readonly body: string;
  readonly received: EpochMs;
}

/** Clocks of gateways that were not set, and what became known of them. Methods must run inside a transaction. */
export class ClockFixes {
  readonly #add: Statement;
  readonly #find: Database.Statement<[string, string], TimeFix>;
  readonly #remember: Statement;
  readonly #unsynced: Database.Statement<[string, string], UnsyncedRow>;
  readonly #forget: Statement;
  readonly #move: Statement;
  readonly #drop: Statement;
  readonly #asides: Database.Statement<[string, string], AsideRow>;
  readonly #dropAside: Statement;
  readonly #addEvent: Statement;
  readonly #recount: Statement;

  constructor(db: Database.Database) {
    this.#add = db.prepare("INSERT OR IGNORE INTO time_fix VALUES(?,?,?,?)");
    this.#find = db.prepare(
      'SELECT boot, at, mono AS "monoMs" FROM time_fix WHERE gateway=? AND boot=?',
    );
    this.#remember = db.prepare("INSERT OR IGNORE INTO unsynced VALUES(?,?,?,?,?)");
    this.#unsynced = db.prepare(
      `SELECT u.store_id, u.at, u.id, e.body FROM unsynced u
       JOIN event e ON e.store_id=u.store_id AND e.at=u.at AND e.id=u.id WHERE u.gateway=? AND u.boot=?`,
    );
    this.#forget = db.prepare("DELETE FROM unsynced WHERE gateway=? AND boot=?");
    this.#move = db.prepare(
      "UPDATE OR IGNORE event SET at=?, body=? WHERE store_id=? AND at=? AND id=?",
    );
    this.#drop = db.prepare("DELETE FROM event WHERE store_id=? AND at=? AND id=?");
    this.#asides = db.prepare(
      "SELECT n, epoch, stream, seq, body, received FROM quarantine WHERE gateway=? AND boot=?",
    );
    this.#dropAside = db.prepare("DELETE FROM quarantine WHERE n=?");
    this.#addEvent = db.prepare(
      `INSERT OR IGNORE INTO event(store_id, at, id, gateway, epoch, stream, seq, type, body, received)
       VALUES(?,?,?,?,?,?,?,?,?,?)`,
    );
    this.#recount = db.prepare(
      `UPDATE gateway_cursor SET quarantined=quarantined-1, stored=stored+?, known=known+?
       WHERE gateway=? AND epoch=? AND stream=?`,
    );
  }

  /** The plan with events at the times they really had, and the fixes in it that were not known before. */
  take(
    { gatewayId, receivedAt }: CommitBatch,
    plan: CommitPlan,
  ): { readonly plan: CommitPlan; readonly fixes: readonly TimeFix[] } {
    if (!concernsClock(plan.events)) return { plan, fixes: [] };
    const fixes = plan.events.flatMap(({ record: { fix } }) =>
      fix !== undefined && this.#add.run(gatewayId, fix.boot, fix.at, fix.monoMs).changes > 0
        ? [fix]
        : [],
    );
    const fixOf = (boot: string): TimeFix | null => this.#find.get(gatewayId, boot) ?? null;
    return { plan: { ...plan, events: mendEvents(plan.events, fixOf, receivedAt) }, fixes };
  }

  /** Remembers an event that was stored, if its time is still to be mended. */
  remember(gatewayId: string, { record }: PlannedEvent): void {
    const { unsyncedBoot, storeId, at, id } = record;
    if (unsyncedBoot !== undefined) this.#remember.run(gatewayId, unsyncedBoot, storeId, at, id);
  }

  /** Mends what was stored and what was set aside before its fix came. Call when the plan was written. */
  settle(
    { gatewayId, receivedAt, storeId }: CommitBatch,
    plan: CommitPlan,
    fixes: readonly TimeFix[],
  ): readonly Moved[] {
    const boots = new Set(plan.quarantined.flatMap(({ unsyncedBoot }) => unsyncedBoot ?? []));
    if (fixes.length === 0 && boots.size === 0) return [];
    const late = [...boots].flatMap((boot) => this.#find.get(gatewayId, boot) ?? []);
    const home = storeId ?? "";
    return [
      ...fixes.flatMap((fix) => this.#moveStored(gatewayId, fix, receivedAt)),
      ...[...fixes, ...late].flatMap((fix) => this.#rescue(gatewayId, home, fix, receivedAt)),
    ];
  }

  #moveStored(gatewayId: string, fix: TimeFix, receivedAt: EpochMs): readonly Moved[] {
    const moved: Moved[] = [];
    for (const { store_id: storeId, at: from, id, body } of this.#unsynced.all(
      gatewayId,
      fix.boot,
    )) {
      const mended = mendTime(body, fix, receivedAt);
      if (mended === null) continue;
      const to = mended.at;
      const isMoved = this.#move.run(to, mended.body, storeId, from, id).changes > 0;
      if (!isMoved) this.#drop.run(storeId, from, id);
      moved.push({ storeId, from, to: isMoved ? to : null });
    }
    this.#forget.run(gatewayId, fix.boot);
    return moved;
  }

  /** Events set aside only because a clock that was not set ran ahead. */
  #rescue(gatewayId: string, storeId: string, fix: TimeFix, receivedAt: EpochMs): readonly Moved[] {
    const moved: Moved[] = [];
    for (const row of this.#asides.all(gatewayId, fix.boot)) {
      const event = rescueEvent(row.body, fix, receivedAt, storeId);
      if (event === null) continue;
      const { epoch, stream, seq, received } = row;
      const place = [storeId, event.at, event.id, gatewayId, epoch, stream, seq];
      const isNew = this.#addEvent.run(...place, event.type, event.body, received).changes > 0;
      this.#recount.run(isNew ? 1 : 0, isNew ? 0 : 1, gatewayId, epoch, stream);
      this.#dropAside.run(row.n);
      if (isNew) moved.push({ storeId, from: null, to: event.at });
    }
    return moved;
  }
}
