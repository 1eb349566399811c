import type Database from "better-sqlite3";
import type { EpochMs } from "../core/brand.ts";
import type { GapRow, GatewayRow, StreamAccount } from "./repository.ts";

/** Tables of the central store in SQLite. The key of an event admits each event once, whatever epoch it comes by. */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS event(n INTEGER PRIMARY KEY, store_id TEXT NOT NULL, at INTEGER NOT NULL,
  id TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL,
  type TEXT NOT NULL, body TEXT NOT NULL, received INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS event_key ON event(store_id, at, id);
CREATE TABLE IF NOT EXISTS gateway_cursor(gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL,
  seq INTEGER NOT NULL, stored INTEGER NOT NULL, known INTEGER NOT NULL, shed INTEGER NOT NULL,
  quarantined INTEGER NOT NULL, updated INTEGER NOT NULL, PRIMARY KEY(gateway, epoch, stream)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gap(gateway TEXT NOT NULL, epoch TEXT NOT NULL, stream TEXT NOT NULL,
  from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL, n INTEGER NOT NULL, why TEXT NOT NULL,
  received INTEGER NOT NULL, PRIMARY KEY(gateway, epoch, stream, from_seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gateway(gateway TEXT PRIMARY KEY, store_id TEXT NOT NULL, online INTEGER NOT NULL,
  session TEXT NOT NULL, boot TEXT NOT NULL, epoch TEXT NOT NULL, versions TEXT NOT NULL,
  schema_hash TEXT NOT NULL, sensors TEXT NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS quarantine(n INTEGER PRIMARY KEY AUTOINCREMENT, gateway TEXT NOT NULL, epoch TEXT,
  stream TEXT, seq INTEGER, reason TEXT NOT NULL, body TEXT NOT NULL, received INTEGER NOT NULL);
`;

interface GatewayTableRow {
  readonly gateway: string;
  readonly store_id: string | null;
  readonly online: number | null;
  readonly session: string | null;
  readonly versions: string | null;
  readonly sensors: string | null;
  readonly seen: EpochMs | null;
}

type CursorRow = StreamAccount & { readonly gateway: string };

const SHOWN_GAPS = 20;

/** Every gateway that ever sent a birth or an event, with its accounts and latest gaps. */
export function readGateways(db: Database.Database): GatewayRow[] {
  const cursors = db
    .prepare<[], CursorRow>(
      `SELECT gateway, epoch, stream, seq, stored, known, shed, quarantined, updated AS updatedAt
       FROM gateway_cursor ORDER BY gateway, updated DESC, stream`,
    )
    .all();
  const gaps = db.prepare<[string, number], GapRow>(
    `SELECT epoch, stream, from_seq AS "from", to_seq AS "to", n, why, received AS receivedAt
     FROM gap WHERE gateway=? ORDER BY received DESC, from_seq DESC LIMIT ?`,
  );
  const rows = db
    .prepare<[], GatewayTableRow>(
      `SELECT ids.gateway, store_id, online, session, versions, sensors, seen FROM
       (SELECT gateway FROM gateway UNION SELECT gateway FROM gateway_cursor) AS ids
       LEFT JOIN gateway USING(gateway) ORDER BY ids.gateway`,
    )
    .all();
  return rows.map((row) => {
    const streams = cursors
      .filter((cursor) => cursor.gateway === row.gateway)
      .map(({ gateway: _, ...account }) => account);
    return {
      gatewayId: row.gateway,
      storeId: row.store_id,
      online: row.online === 1,
      session: row.session,
      versions: JSON.parse(row.versions ?? "{}"),
      sensors: JSON.parse(row.sensors ?? "[]"),
      lastSeenAt: newest([row.seen, ...streams.map((account) => account.updatedAt)]),
      streams,
      gaps: gaps.all(row.gateway, SHOWN_GAPS),
    };
  });
}

function newest(times: readonly (EpochMs | null)[]): EpochMs {
  return times.reduce<EpochMs>((best, at) => (at !== null && at > best ? at : best), 0 as EpochMs);
}
