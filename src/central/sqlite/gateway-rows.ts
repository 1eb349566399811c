import type Database from "better-sqlite3";
import type { EpochMs } from "../../core/brand.ts";
import type { BirthMessage } from "../../wire/envelopes.ts";
import type { GapRow, GatewayRow, StreamAccount } from "../repository.ts";

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
const MOST_GAPS = 5000;
const GAP = `epoch, stream, from_seq AS "from", to_seq AS "to", n, why, first_at AS firstAt, last_at AS lastAt,
  received AS receivedAt`;

/** Gaps of a store's gateways that may overlap an interval, newest first. */
export function readGapsWithin(
  db: Database.Database,
  storeId: string,
  from: EpochMs,
  to: EpochMs,
): readonly GapRow[] {
  return db
    .prepare<[string, number, number, number], GapRow>(
      `SELECT ${GAP} FROM gap WHERE gateway IN (SELECT gateway FROM gateway_home WHERE store_id=?)
       AND coalesce(last_at, received)>=? AND coalesce(first_at, last_at, received)<?
       ORDER BY received DESC LIMIT ?`,
    )
    .all(storeId, from, to, MOST_GAPS);
}

/** Every gateway that ever sent a birth or an event, with its accounts and latest gaps. */
export function readGateways(db: Database.Database): GatewayRow[] {
  const accounts = new Map<string, StreamAccount[]>();
  const cursors = db.prepare<[], CursorRow>(
    `SELECT gateway, epoch, stream, seq, stored, known, shed, quarantined, updated AS updatedAt, last_at AS lastAt
     FROM gateway_cursor ORDER BY gateway, updated DESC, stream`,
  );
  for (const { gateway, ...account } of cursors.iterate()) {
    const known = accounts.get(gateway);
    if (known === undefined) accounts.set(gateway, [account]);
    else known.push(account);
  }
  const gaps = db.prepare<[string, number], GapRow>(
    `SELECT ${GAP} FROM gap WHERE gateway=? ORDER BY received DESC, from_seq DESC LIMIT ?`,
  );
  const rows = db
    .prepare<[], GatewayTableRow>(
      `SELECT ids.gateway, coalesce(home.store_id, gateway.store_id) AS store_id, online, session, versions,
         sensors, seen FROM
       (SELECT gateway FROM gateway UNION SELECT gateway FROM gateway_cursor) AS ids
       LEFT JOIN gateway USING(gateway) LEFT JOIN gateway_home AS home USING(gateway) ORDER BY ids.gateway`,
    )
    .all();
  return rows.map((row) => {
    const streams = accounts.get(row.gateway) ?? [];
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

/** Notes who is there; a farewell counts only for the session that is known. */
export function writeBirth(
  db: Database.Database,
  gatewayId: string,
  birth: BirthMessage,
  at: EpochMs,
): void {
  const { storeId, session, boot, epoch, versions, schemaHash, sensors } = birth;
  if (!birth.online) {
    db.prepare("UPDATE gateway SET online=0, seen=? WHERE gateway=? AND session=?").run(
      at,
      gatewayId,
      session,
    );
    return;
  }
  db.prepare("INSERT OR IGNORE INTO gateway_home VALUES(?,?)").run(gatewayId, storeId);
  const texts = [JSON.stringify(versions), schemaHash, JSON.stringify(sensors)];
  db.prepare("INSERT OR REPLACE INTO gateway VALUES(?,?,1,?,?,?,?,?,?,?)").run(
    gatewayId,
    storeId,
    session,
    boot,
    epoch,
    ...texts,
    at,
  );
}

function newest(times: readonly (EpochMs | null)[]): EpochMs {
  return times.reduce<EpochMs>((best, at) => (at !== null && at > best ? at : best), 0 as EpochMs);
}
