import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import {
  type EpochMs,
  epochMs,
  type SubjectRef,
  subjectRef,
  type TenantId,
  tenantId,
} from "../../core/brand.ts";
import { guarded } from "../sqlite/guarded.ts";
import type { HookEvent } from "./loyalty-config.ts";

/** Something that a receiver is to be told, and about whom; what the receiver reads is made when it is sent. */
export interface HookJob {
  /** Same for the same event and receiver, so that it is told once. */
  readonly id: string;
  readonly tenantId: TenantId;
  readonly hookId: string;
  readonly event: HookEvent;
  readonly subject: SubjectRef;
  /** Fields of the event as JSON, without anything about who it is. */
  readonly body: string;
  readonly at: EpochMs;
}

/** A job with what became of it so far. */
export interface WaitingJob extends HookJob {
  readonly tries: number;
  /** 0: at once, whatever the clock of the gateway says about when it happened. */
  readonly dueAt: EpochMs;
}

/** Jobs since the file was opened; `full`: dropped since the queue was full, the oldest of the receiver first. */
export interface QueueCounts {
  readonly waiting: number;
  readonly added: number;
  readonly known: number;
  readonly full: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS job(id TEXT PRIMARY KEY, tenant TEXT NOT NULL, hook TEXT NOT NULL, event TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS job_due ON job(tenant, hook, due);
  CREATE INDEX IF NOT EXISTS job_age ON job(tenant, hook, at);
  CREATE INDEX IF NOT EXISTS job_subject ON job(subject);
  CREATE TABLE IF NOT EXISTS told(subject TEXT NOT NULL, tenant TEXT NOT NULL, hook TEXT NOT NULL, event TEXT NOT NULL,
    n INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(subject, tenant, hook, event))
    STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS done(n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE) STRICT;`;
/** Jobs that wait for one receiver: half a day of a chain that it cannot be told. */
const JOBS = 10_000;
/** Ids of jobs that are over, so that an event that comes again is not told again. */
const DONE = 50_000;

/** What a receiver was told of a member: how often, and when the first and the last happened. */
export interface ToldRow {
  readonly receiver: string;
  readonly event: string;
  readonly count: number;
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
}

interface JobRow {
  readonly id: string;
  readonly tenant: string;
  readonly hook: string;
  readonly event: HookEvent;
  readonly subject: string;
  readonly body: string;
  readonly at: number;
  readonly tries: number;
  readonly due: number;
}

/**
 * Jobs of all receivers on disk (SQLite, WAL, synchronous FULL, mode 0600), across restarts. Bounded per receiver: beyond
 * 10,000 the oldest go, since what just happened is worth most to whoever waits in a shop; how many went is counted.
 */
export class WebhookQueue {
  readonly #db: Database.Database;
  readonly #cap: number;
  readonly #counts = new Map<TenantId, { added: number; known: number; full: number }>();
  readonly #noteTold: Database.Statement<unknown[]>;

  /** Opens or begins the file. @throws STORE_FAILED, STORE_UNREADABLE, DISK_FULL */
  constructor(path: string, cap: number = JOBS) {
    this.#cap = cap;
    this.#db = guarded(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      closeSync(openSync(path, "a", 0o600));
      const db = new Database(path);
      db.pragma("journal_mode=WAL");
      db.pragma("synchronous=FULL");
      db.pragma("secure_delete=ON");
      db.exec(SCHEMA);
      return db;
    });
    this.#noteTold = this.#db.prepare(
      `INSERT INTO told VALUES(?,?,?,?,1,?,?) ON CONFLICT(subject, tenant, hook, event)
       DO UPDATE SET n=n+1, first=min(first, excluded.first), last=max(last, excluded.last)`,
    );
  }

  /** Jobs of one tenant. @throws as the constructor */
  countsOf(tenant: TenantId): QueueCounts {
    const count = "SELECT count(*) FROM job WHERE tenant=?";
    const waiting = guarded(() => this.#db.prepare(count).pluck().get(tenant));
    return { waiting: Number(waiting), ...this.#countOf(tenant) };
  }

  /**
   * Takes jobs, durably; those that were here before are counted and left. Returns the requests to erase that found no
   * room, since nothing but such requests waits: bring them again. @throws as the constructor; then none was taken
   */
  add(jobs: readonly HookJob[]): readonly HookJob[] {
    if (jobs.length === 0) return [];
    return guarded(() =>
      this.#db.transaction(() => jobs.filter((job) => !this.#add(job))).immediate(),
    );
  }

  /** Drops what waits for receivers that are not told anything any more; returns how many. @throws as the constructor */
  keepOnly(hooks: readonly Pick<HookJob, "tenantId" | "hookId">[]): number {
    const kept = JSON.stringify(hooks.map(({ tenantId: tenant, hookId }) => [tenant, hookId]));
    const drop = `DELETE FROM job WHERE (tenant, hook) NOT IN
      (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))`;
    return guarded(() => this.#db.prepare(drop).run(kept).changes);
  }

  /** Jobs of a receiver that are due, the longest waiting first. */
  due(tenant: TenantId, hookId: string, now: EpochMs, limit: number): readonly WaitingJob[] {
    const rows = guarded(() =>
      this.#db
        .prepare<[string, string, number, number], JobRow>(
          "SELECT * FROM job WHERE tenant=? AND hook=? AND due<=? ORDER BY due, at LIMIT ?",
        )
        .all(tenant, hookId, now, limit),
    );
    return rows.map(jobOf);
  }

  /** Puts a job off after a try that failed. */
  putOff(id: string, dueAt: EpochMs): void {
    guarded(() =>
      this.#db.prepare("UPDATE job SET tries=tries+1, due=? WHERE id=?").run(dueAt, id),
    );
  }

  /** Ends a job: it is not to be told any more. */
  end(id: string): void {
    guarded(() => this.#db.transaction(() => this.#end(id)).immediate());
  }

  /** Ends a job that was told, and notes that it was, unless the member was forgotten while it was on its way. */
  told({ id, subject, tenantId: tenant, hookId, event, at }: HookJob): void {
    guarded(() =>
      this.#db
        .transaction(() => {
          const wasHere = this.#end(id);
          // Whom a request to erase is about is not noted: that is what it asks for.
          if (wasHere && event !== "member.erased")
            this.#noteTold.run(subject, tenant, hookId, event, at, at);
        })
        .immediate(),
    );
  }

  /** What was told of a member, and to whom. */
  toldOf(subject: SubjectRef): readonly ToldRow[] {
    const rows = `SELECT hook AS receiver, event, n AS count, first AS firstAt, last AS lastAt FROM told
      WHERE subject=? ORDER BY hook, event`;
    return guarded(() => this.#db.prepare<[string], ToldRow>(rows).all(subject));
  }

  /** Forgets what was told of a member. */
  forgetTold(subject: SubjectRef): void {
    guarded(() => this.#db.prepare("DELETE FROM told WHERE subject=?").run(subject));
  }

  /** Forgets everything about a member that was not told yet, but for requests to erase; returns how many. */
  forget(subject: SubjectRef): number {
    return guarded(() =>
      this.#db
        .transaction(() => {
          const ids = this.#db
            .prepare<[string], string>(
              "SELECT id FROM job WHERE subject=? AND event<>'member.erased'",
            )
            .pluck()
            .all(subject);
          for (const id of ids) this.#end(id);
          return ids.length;
        })
        .immediate(),
    );
  }

  close(): void {
    this.#db.close();
  }

  /** False for a request to erase that finds no room. */
  #add({ id, tenantId: tenant, hookId, event, subject, body, at }: HookJob): boolean {
    const counts = this.#countOf(tenant);
    const isKnown =
      this.#db.prepare("SELECT 1 FROM job WHERE id=?").get(id) !== undefined ||
      this.#db.prepare("SELECT 1 FROM done WHERE id=?").get(id) !== undefined;
    if (isKnown) {
      counts.known += 1;
      return true;
    }
    const count = this.#db
      .prepare<[string, string], number>("SELECT count(*) FROM job WHERE tenant=? AND hook=?")
      .pluck()
      .get(tenant, hookId);
    if ((count ?? 0) >= this.#cap) {
      const isDropped = this.#dropOldest(tenant, hookId);
      if (!isDropped && event === "member.erased") return false;
      counts.full += 1;
      if (!isDropped) return true;
    }
    this.#db
      .prepare("INSERT INTO job VALUES(?,?,?,?,?,?,?,0,0)")
      .run(id, tenant, hookId, event, subject, body, at);
    counts.added += 1;
    return true;
  }

  #countOf(tenant: TenantId): { added: number; known: number; full: number } {
    const counts = this.#counts.get(tenant) ?? { added: 0, known: 0, full: 0 };
    this.#counts.set(tenant, counts);
    return counts;
  }

  /** Requests to erase are not dropped: false when nothing else waits. */
  #dropOldest(tenant: string, hookId: string): boolean {
    const oldest = this.#db
      .prepare<[string, string], string>(
        "SELECT id FROM job WHERE tenant=? AND hook=? AND event<>'member.erased' ORDER BY at LIMIT 1",
      )
      .pluck()
      .get(tenant, hookId);
    if (oldest === undefined) return false;
    return this.#end(oldest);
  }

  /** Whether there was such a job. */
  #end(id: string): boolean {
    const { changes } = this.#db.prepare("DELETE FROM job WHERE id=?").run(id);
    if (changes === 0) return false;
    const { lastInsertRowid } = this.#db
      .prepare("INSERT OR IGNORE INTO done(id) VALUES(?)")
      .run(id);
    this.#db.prepare("DELETE FROM done WHERE n<=?").run(Number(lastInsertRowid) - DONE);
    return true;
  }
}

const jobOf = ({ id, tenant, hook, event, subject, body, at, tries, due }: JobRow): WaitingJob => ({
  ...{ id, tenantId: tenantId(tenant), hookId: hook, event, subject: subjectRef(subject), body },
  ...{ at: epochMs(at), tries, dueAt: epochMs(due) },
});
