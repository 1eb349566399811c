import { connectAsync } from "mqtt";
import { openDatabase } from "../../src/io/outbox/open-database.ts";
import type { BareCentreSetup } from "./children.ts";

/**
 * The least that a centre can be, as the peer of the drain benchmark: each message is parsed, its records are inserted
 * in one durable transaction, and how many there are by now is told. It checks nothing and knows nobody twice. Prints
 * `ready` when it listens.
 */
const { file, url } = JSON.parse(process.argv[2] ?? "{}") as BareCentreSetup;
const db = openDatabase(file);
db.exec("CREATE TABLE event(seq INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL)");
const insert = db.prepare<[string, string]>("INSERT INTO event(id, body) VALUES(?, ?)");
const commit = db.transaction((records: readonly { readonly id: string }[]) => {
  for (const record of records) insert.run(record.id, JSON.stringify(record));
});
let stored = 0;
const client = await connectAsync(url, { protocolVersion: 5 });
client.on("message", (_topic, payload) => {
  const records = JSON.parse(payload.toString("utf8")) as readonly { readonly id: string }[];
  commit(records);
  stored += records.length;
  client.publish("bare/ack", String(stored), { qos: 1 });
});
await client.subscribeAsync("bare/ev", { qos: 1 });
console.log("ready");
process.once("SIGTERM", () => {
  db.close();
  client.end(true, () => process.exit(0));
});
