import { join } from "node:path";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { openRepository } from "../../src/central/open-repository.ts";
import { eventLines } from "../../src/central/postgres/event-lines.ts";
import type { CentralStore, CommitBatch } from "../../src/central/repository.ts";
import { openCentralFile } from "../../src/central/sqlite/central-file.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { hasPostgres } from "../../test/central/postgres-programs.ts";
import { PostgresServer } from "../../test/central/postgres-server.ts";
import { tempDir } from "../../test/e2e/delivery-rig.ts";
import { COMMIT_EVENTS, commitsOf } from "./central-batches.ts";

export const usage =
  "npm run bench -- ingest [EVENTS] --json   events/s into PostgreSQL and SQLite with dedupe, over bare COPY and INSERT in the same run; 5000000 shows that it stays flat";

const ROUND_EVENTS = 50_000;
/** Rounds of SQLite, and of a gateway that sends everything again under a new epoch. */
const FEW_ROUNDS = 3;
/** As docs/central.md advises for a server of its own. */
const SETTINGS = ["shared_buffers=1GB", "max_wal_size=4GB", "wal_compression=on"];
/** Commits, and bare copies, under way at the same time: the ingest has as many for one server. */
const AT_ONCE = 2;
const BARE_TABLE = `CREATE TABLE bare(store_id text, at bigint, id text, gateway text, epoch text, stream text, seq bigint, type text,
  body text, received bigint)`;

/** What one round took, and how many new events it brought. */
interface Timed {
  readonly ms: number;
  readonly events: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const whole = (value: number): number => Math.round(value);
const share = (value: number): number => Math.round(value * 1000) / 1000;

async function timed(run: () => Promise<number>): Promise<Timed> {
  const startMs = performance.now();
  const events = await run();
  return { events, ms: performance.now() - startMs };
}

const rateOf = ({ events, ms }: Timed): number => (events * 1000) / ms;

/** Figures of rounds of ours and of the bare engine, which were given the same lines. */
function figuresOf(ours: readonly Timed[], bare: readonly Timed[]) {
  return {
    eventsPerSecond: whole(median(ours.map(rateOf))),
    barePerSecond: whole(median(bare.map(rateOf))),
    ratio: share(median(ours.map(({ ms }, round) => (bare[round]?.ms ?? Number.NaN) / ms))),
  };
}

/** Works off a list, so many items at a time. */
async function workOff<T>(
  items: readonly T[],
  run: (item: T, worker: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (_: unknown, index: number): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await run(item, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function commitAll(store: CentralStore, commits: readonly CommitBatch[][]): Promise<Timed> {
  return timed(async () => {
    let stored = 0;
    await workOff(commits, async (commit) => {
      for (const outcome of await store.commit(commit)) stored += outcome.stored + outcome.known;
    });
    return stored;
  });
}

async function bareCopy(
  clients: readonly pg.Client[],
  commits: readonly CommitBatch[][],
): Promise<Timed> {
  const texts = commits.map((commit) =>
    commit.map((batch) => eventLines(batch, plannedOf(batch))).join(""),
  );
  await clients[0]?.query("TRUNCATE bare");
  return timed(async () => {
    await workOff(texts, (text, worker) => copyText(clients[worker], text));
    return commits.flat().reduce((sum, batch) => sum + batch.records.length, 0);
  });
}

function copyText(client: pg.Client | undefined, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client?.query(copyFrom("COPY bare FROM STDIN"));
    stream?.on("finish", resolve);
    stream?.on("error", reject);
    stream?.end(text);
  });
}

function plannedOf(batch: CommitBatch) {
  return batch.records.flatMap((record, index) =>
    record.kind === "event" ? [{ seq: batch.first + index, record }] : [],
  );
}

async function postgres(events: number): Promise<Readonly<Record<string, unknown>>> {
  const server = await PostgresServer.create(SETTINGS);
  const clients = Array.from({ length: AT_ONCE }, () => new pg.Client(server.url()));
  try {
    for (const client of clients) await client.connect();
    await clients[0]?.query(BARE_TABLE);
    const store = await openRepository(await server.createDatabase(), SILENT_LOG);
    const ours: Timed[] = [];
    const bare: Timed[] = [];
    const rounds = Math.ceil(events / ROUND_EVENTS);
    for (let round = 0; round < rounds; round += 1) {
      const commits = commitsOf(round, ROUND_EVENTS);
      bare.push(await bareCopy(clients, commits));
      ours.push(await commitAll(store, commits));
    }
    const again: Timed[] = [];
    for (let round = 0; round < Math.min(FEW_ROUNDS, rounds); round += 1)
      again.push(await commitAll(store, commitsOf(round, ROUND_EVENTS, 1)));
    const rows = (await store.stores()).reduce((sum, row) => sum + row.events, 0);
    await store.close();
    const fifth = Math.max(1, Math.floor(ours.length / 5));
    return {
      ...figuresOf(ours, bare),
      lastFifthOverFirst: share(
        median(ours.slice(-fifth).map(rateOf)) / median(ours.slice(0, fifth).map(rateOf)),
      ),
      knownAgainPerSecond: whole(median(again.map(rateOf))),
      rows,
    };
  } finally {
    for (const client of clients) await client.end();
    await server.remove();
  }
}

async function sqlite(): Promise<Readonly<Record<string, unknown>>> {
  const dir = tempDir();
  try {
    const store = await openRepository(`sqlite:${join(dir.path, "central.db")}`, SILENT_LOG);
    const db = openCentralFile(join(dir.path, "bare.db"));
    db.exec(`CREATE TABLE bare(store_id TEXT, at INTEGER, id TEXT, gateway TEXT, epoch TEXT, stream TEXT, seq INTEGER,
      type TEXT, body TEXT, received INTEGER)`);
    const insert = db.prepare("INSERT INTO bare VALUES(?,?,?,?,?,?,?,?,?,?)");
    const write = db.transaction((commit: readonly CommitBatch[]) => {
      for (const batch of commit)
        for (const { seq, record } of plannedOf(batch)) {
          const { gatewayId, epoch, stream, receivedAt } = batch;
          const key = [record.storeId, record.at, record.id, gatewayId, epoch, stream, seq];
          insert.run(...key, record.type, record.body, receivedAt);
        }
    });
    const ours: Timed[] = [];
    const bare: Timed[] = [];
    for (let round = 0; round < FEW_ROUNDS; round += 1) {
      const commits = commitsOf(round, ROUND_EVENTS);
      const written = await timed(async () => {
        for (const commit of commits) write(commit);
        return commits.flat().reduce((sum, batch) => sum + batch.records.length, 0);
      });
      bare.push(written);
      ours.push(await commitAll(store, commits));
    }
    db.close();
    await store.close();
    return figuresOf(ours, bare);
  } finally {
    dir.remove();
  }
}

/**
 * New events per second through `commit`, one batch in ten sent twice, 1,000 gateways of 50 events a batch, 5,000
 * records a commit; `ratio`: the time of bare COPY over ours for the same lines, encoded beforehand, into a table without any index, on the same
 * server in turns. `knownAgainPerSecond`: everything once more under a new epoch, all of it known.
 */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  if (!hasPostgres()) throw new GatewayError("USAGE", "PostgreSQL is not installed");
  const events = Number(args[0] ?? 500_000);
  const found = await postgres(events);
  const bytes = Buffer.byteLength(eventLines(firstOf(), plannedOf(firstOf())));
  return {
    ...found,
    sqlite: await sqlite(),
    commitEvents: COMMIT_EVENTS,
    bytesPerEvent: whole(bytes / firstOf().records.length),
  };
}

function firstOf(): CommitBatch {
  const [batch] = commitsOf(0, 50).flat();
  if (batch === undefined) throw new TypeError("there are no batches");
  return batch;
}
