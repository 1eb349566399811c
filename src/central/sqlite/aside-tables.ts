import type Database from "better-sqlite3";
import type { EpochMs } from "../../core/brand.ts";
import {
  ASIDES_OF_ONE,
  asideHash,
  keptBody,
  QUARANTINE_ROWS,
  storableText,
  TRIM_EVERY,
} from "../kept-text.ts";
import type { AsideLoss, QuarantineRow } from "../repository.ts";

/** Where a record set aside stood; null: not known. */
export type AsidePlace = readonly [string, string | null, string | null, number | null];

/** What was set aside, with the caps on it. Every method that writes must run inside a transaction. */
export class AsideTables {
  readonly #add: Database.Statement<unknown[]>;
  readonly #count: Database.Statement<unknown[]>;
  readonly #gone: Database.Statement<[number, number], AsideLoss>;
  readonly #drop: Database.Statement<[number, number]>;
  readonly #note: Database.Statement<[string, number]>;
  readonly #page: Database.Statement<[number, number], QuarantineRow>;
  readonly #losses: Database.Statement<[], AsideLoss>;
  #untrimmed = TRIM_EVERY;

  constructor(db: Database.Database) {
    this.#add = db.prepare(
      `INSERT INTO quarantine(gateway, epoch, stream, seq, reason, body, received, boot, hash)
       VALUES(?,?,?,?,?,?,?,?,?)`,
    );
    this.#count = db.prepare(
      "UPDATE quarantine SET times=times+1, last_received=? WHERE gateway=? AND hash=?",
    );
    // The newest of every gateway; when those are too many, as many of each.
    const beyond = `SELECT n, gateway FROM (SELECT n, gateway, rank, row_number() OVER (ORDER BY rank, n DESC) AS place
      FROM (SELECT n, gateway, row_number() OVER (PARTITION BY gateway ORDER BY n DESC) AS rank FROM quarantine))
      WHERE rank>? OR place>?`;
    this.#gone = db.prepare(
      `SELECT gateway AS gatewayId, count(*) AS dropped FROM (${beyond}) GROUP BY gateway`,
    );
    this.#drop = db.prepare(`DELETE FROM quarantine WHERE n IN (SELECT n FROM (${beyond}))`);
    this.#note = db.prepare(
      "INSERT INTO aside_loss VALUES(?,?) ON CONFLICT(gateway) DO UPDATE SET n=n+excluded.n",
    );
    this.#page = db.prepare(
      `SELECT n, gateway AS gatewayId, epoch, stream, seq, reason, body, received AS receivedAt, times,
         coalesce(last_received, received) AS lastReceivedAt
       FROM quarantine WHERE n<? ORDER BY n DESC LIMIT ?`,
    );
    this.#losses = db.prepare(
      "SELECT gateway AS gatewayId, n AS dropped FROM aside_loss ORDER BY gateway",
    );
  }

  /** Keeps a record, or a message when it has a `hash`. */
  add(
    place: AsidePlace,
    reason: string,
    body: string,
    at: EpochMs,
    boot: string | null,
    hash: string | null,
  ): void {
    this.#add.run(...place, storableText(reason), keptBody(body), at, boot, hash);
    this.#untrimmed += 1;
  }

  /** Keeps a whole message, or counts it when one of that likeness is there. */
  addMessage(
    gatewayId: string,
    reason: string,
    body: string,
    at: EpochMs,
    likeness: string | undefined,
  ): void {
    const hash = asideHash(reason, likeness ?? body);
    if (this.#count.run(at, gatewayId, hash).changes > 0) return;
    this.add([gatewayId, null, null, null], reason, body, at, null, hash);
    this.trim();
  }

  /** Drops what is beyond the caps, once in a while, and counts it. */
  trim(): void {
    if (this.#untrimmed < TRIM_EVERY) return;
    this.#untrimmed = 0;
    const caps = [ASIDES_OF_ONE, QUARANTINE_ROWS] as const;
    const losses = this.#gone.all(...caps);
    if (losses.length === 0) return;
    this.#drop.run(...caps);
    for (const { gatewayId, dropped } of losses) this.#note.run(gatewayId, dropped);
  }

  page(before: number | null, limit: number): readonly QuarantineRow[] {
    return this.#page.all(before ?? Number.MAX_SAFE_INTEGER, limit);
  }

  losses(): readonly AsideLoss[] {
    return this.#losses.all();
  }
}
