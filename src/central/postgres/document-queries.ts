import type { EpochMs } from "../../core/brand.ts";
import { AUDIT_ROWS, storableText } from "../kept-text.ts";
import type { AuditEntry, DocumentChange, DocumentKey } from "../repository.ts";
import type { Connection, NodePool } from "./node-pool.ts";

/** A document with its key. */
export interface KeyedDocument {
  readonly key: DocumentKey;
  readonly text: string;
  readonly at: EpochMs;
}

/** Entries of the audit log between two looks at how many there are. */
const TRIM_EVERY = 1000;

type Asking = Pick<Connection, "query">;

/** Whether a document was what it was said to be; the statement waits for others that change it. */
async function replaced(
  connection: Asking,
  { kind, owner, part }: DocumentKey,
  was: string | null,
  text: string | null,
  at: EpochMs,
): Promise<boolean> {
  const key = [kind, owner, part];
  const given = text === null ? null : storableText(text);
  const add = `INSERT INTO document(kind, owner, part, text, at) VALUES($1,$2,$3,$4,$5)
     ON CONFLICT DO NOTHING RETURNING 1`;
  const remove =
    "DELETE FROM document WHERE kind=$1 AND owner=$2 AND part=$3 AND text=$4 RETURNING 1";
  const write = `UPDATE document SET text=$4, at=$5 WHERE kind=$1 AND owner=$2 AND part=$3 AND text=$6
     RETURNING 1`;
  if (was === null && given === null) return true;
  if (was === null) return (await connection.query(add, [...key, given, at])).length === 1;
  if (given === null) return (await connection.query(remove, [...key, was])).length === 1;
  return (await connection.query(write, [...key, given, at, was])).length === 1;
}

async function logged(
  connection: Asking,
  { at, actor, action, target, detail }: AuditEntry,
): Promise<void> {
  const texts = [actor, action, target, detail].map(storableText);
  const [row] = await connection.query<{ n: number }>(
    "INSERT INTO audit(at, actor, action, target, detail) VALUES($1,$2,$3,$4,$5) RETURNING n",
    [at, ...texts],
  );
  if (row === undefined || row.n % TRIM_EVERY !== 0) return;
  await connection.query("DELETE FROM audit WHERE n<=$1", [row.n - AUDIT_ROWS]);
}

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

  change(key: DocumentKey, { was, text }: DocumentChange, entry: AuditEntry): Promise<boolean> {
    return this.#pool.transaction(async (connection) => {
      if (!(await replaced(connection, key, was, text, entry.at))) return false;
      await logged(connection, entry);
      return true;
    });
  }

  log(entry: AuditEntry): Promise<void> {
    return logged(this.#pool, entry);
  }

  entries(before: number | null, limit: number): Promise<(AuditEntry & { n: number })[]> {
    return this.#pool.query(
      `SELECT n, at, actor, action, target, detail FROM audit WHERE n<$1 ORDER BY n DESC LIMIT $2`,
      [before ?? Number.MAX_SAFE_INTEGER, limit],
    );
  }
}
