import Database from "better-sqlite3";

/**
 * Who opens a central store. The `centre` keeps others of its kind away; a `command`, and the thread that makes the
 * `figures`, work beside it.
 */
export type StoreRole = "centre" | "command" | "figures";

const JOURNAL_BYTES = 4_194_304;
/** How long a write waits for another's to end. */
const BUSY_MS = 5000;
const HELD_MS = 250;

/**
 * Opens the file of a central store: WAL, synchronous FULL (NORMAL loses acknowledged rows at a power cut), bounded
 * journal, freed pages can be given back. Others may open it as well. Figures are made again from the hours that are still
 * dirty if a power cut takes the last of them: they need not hold up commits while the disk is written. SQLite's errors
 * pass through.
 */
export function openCentralFile(path: string, role: StoreRole = "centre"): Database.Database {
  const db = new Database(path, { timeout: BUSY_MS });
  try {
    db.pragma("auto_vacuum=INCREMENTAL");
    db.pragma("journal_mode=WAL");
    db.pragma(`synchronous=${role === "figures" ? "NORMAL" : "FULL"}`);
    // What is taken out of a page is overwritten where the page is written anyway: no name stays behind.
    db.pragma("secure_delete=FAST");
    db.pragma(`journal_size_limit=${JOURNAL_BYTES}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Holds a store for one centre as long as the answer is open: an exclusive lock on an empty database beside it, which ends
 * with the process however that ends. @throws SQLite's SQLITE_BUSY when another centre holds it
 */
export function holdStore(path: string): Database.Database {
  const lock = new Database(`${path}-centre`, { timeout: HELD_MS });
  try {
    lock.pragma("journal_mode=MEMORY");
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}
