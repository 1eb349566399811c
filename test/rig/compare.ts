import { readFileSync } from "node:fs";
import Database from "better-sqlite3";
import pg from "pg";

/** One stored event: its id, and the number under which it came. */
export interface StoredKey {
  readonly id: string;
  /** Epoch, stream and sequence number as one text. */
  readonly number: string;
}

/** The exact comparison of what was accepted at the gateway with what lies in the central store. */
export interface Comparison {
  /** Events whose commit the gateway reported. */
  readonly produced: number;
  /** Rows in the central store. */
  readonly stored: number;
  /** Produced, but not stored. */
  readonly lost: number;
  /** Rows beyond the first with the same id or the same number. */
  readonly duplicated: number;
  /** Stored, but never produced. */
  readonly unexpected: number;
}

/** Compares by id; nothing is estimated. Pure. */
export function compare(produced: ReadonlySet<string>, stored: readonly StoredKey[]): Comparison {
  const ids = new Set(stored.map(({ id }) => id));
  const numbers = new Set(stored.map(({ number }) => number));
  let lost = 0;
  for (const id of produced) if (!ids.has(id)) lost += 1;
  let unexpected = 0;
  for (const id of ids) if (!produced.has(id)) unexpected += 1;
  return {
    produced: produced.size,
    stored: stored.length,
    lost,
    duplicated: stored.length - Math.min(ids.size, numbers.size),
    unexpected,
  };
}

/** Ids of a journal; a last line cut off by a kill is left out, since its write had not ended. */
export function readJournal(path: string): Set<string> {
  const lines = readFileSync(path, "utf8").split("\n");
  lines.pop();
  return new Set(lines);
}

const KEYS = "SELECT id, epoch || ' ' || stream || ' ' || seq AS number FROM";

/** All stored events of a central store that nobody uses any more, read without the product's code. */
export async function readStored(store: string): Promise<readonly StoredKey[]> {
  if (!store.startsWith("sqlite:")) return readPostgres(store);
  const db = new Database(store.slice("sqlite:".length), { readonly: true });
  try {
    return db.prepare<[], StoredKey>(`${KEYS} event`).all();
  } finally {
    db.close();
  }
}

async function readPostgres(store: string): Promise<readonly StoredKey[]> {
  const client = new pg.Client({ connectionString: store });
  await client.connect();
  try {
    return (await client.query<StoredKey>(`${KEYS} vitrine.event`)).rows;
  } finally {
    await client.end();
  }
}

/** `ok`, or what SQLite found wrong in a file. */
export function integrityOf(path: string): string {
  const db = new Database(path, { readonly: true });
  try {
    return String(db.pragma("integrity_check(1)", { simple: true }));
  } finally {
    db.close();
  }
}
