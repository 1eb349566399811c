import type { EpochMs } from "../../core/brand.ts";
import { AUDIT_ROWS, storableText } from "../kept-text.ts";
import type { AuditEntry, DocumentKey } from "../repository.ts";
import type { NodePool } from "./node-pool.ts";

/** A document with its key. */
export interface KeyedDocument {
  readonly key: DocumentKey;
  readonly text: string;
  readonly at: EpochMs;
}

/** Entries of the audit log between two looks at how many there are. */
const TRIM_EVERY = 1000;

/** Small documents by key, and the log of who did what, of one node. */
export class DocumentQueries {
  readonly #pool: NodePool;

  constructor(pool: NodePool) {
    this.#pool = pool;
  }

  async read({ kind, owner, part }: DocumentKey): Promise<{ text: string; at: EpochMs } | null> {
    const [row] = await this.#pool.query<{ text: string; at: EpochMs }>(
      "SELECT text, at FROM document WHERE kind=$1 AND owner=$2 AND part=$3",
      [kind, owner, part],
    );
    return row ?? null;
  }

  async list(kind: string, owner: string | null): Promise<readonly KeyedDocument[]> {
    const rows = await this.#pool.query<DocumentKey & { text: string; at: EpochMs }>(
      `SELECT kind, owner, part, text, at FROM document WHERE kind=$1 AND ($2::text IS NULL OR owner=$2)
       ORDER BY owner, part`,
      [kind, owner],
    );
    return rows.map(({ text, at, ...key }) => ({ key, text, at }));
  }

  async save({ kind, owner, part }: DocumentKey, text: string | null, at: EpochMs): Promise<void> {
    if (text === null) {
      await this.#pool.query("DELETE FROM document WHERE kind=$1 AND owner=$2 AND part=$3", [
        kind,
        owner,
        part,
      ]);
      return;
    }
    await this.#pool.query(
      `INSERT INTO document(kind, owner, part, text, at) VALUES($1,$2,$3,$4,$5)
       ON CONFLICT (kind, owner, part) DO UPDATE SET text=excluded.text, at=excluded.at`,
      [kind, owner, part, storableText(text), at],
    );
  }

  async log({ at, actor, action, target, detail }: AuditEntry): Promise<void> {
    const texts = [actor, action, target, detail].map(storableText);
    const [row] = await this.#pool.query<{ n: number }>(
      "INSERT INTO audit(at, actor, action, target, detail) VALUES($1,$2,$3,$4,$5) RETURNING n",
      [at, ...texts],
    );
    if (row === undefined || row.n % TRIM_EVERY !== 0) return;
    await this.#pool.query("DELETE FROM audit WHERE n<=$1", [row.n - AUDIT_ROWS]);
  }

  entries(before: number | null, limit: number): Promise<(AuditEntry & { n: number })[]> {
    return this.#pool.query(
      `SELECT n, at, actor, action, target, detail FROM audit WHERE n<$1 ORDER BY n DESC LIMIT $2`,
      [before ?? Number.MAX_SAFE_INTEGER, limit],
    );
  }
}
