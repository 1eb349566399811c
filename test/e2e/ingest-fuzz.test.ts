import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Ingest } from "../../src/central/ingest.ts";
import { SqliteStore } from "../../src/central/sqlite/sqlite-store.ts";
import { gatewayId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import type { Link, MessageHandler } from "../../src/io/mqtt/link.ts";
import { topicMatches } from "../../src/io/mqtt/link.ts";
import { plainTopic } from "../../src/wire/topics.ts";
import { type HostileMessage, hostileMessages } from "../rig/hostile-payloads.ts";
import { clock } from "./delivery-rig.ts";

const MESSAGES = 50_000;
const SEED = 6;
const GATEWAYS = Array.from({ length: 16 }, (_, n) => `gw-${n}`);

/** A line that hands messages over as the broker's would, one gateway's after the other. */
function handedLine(): { link: Link; hand: (message: HostileMessage) => Promise<void> } {
  const handlers: { filter: string; handler: MessageHandler }[] = [];
  const link: Link = {
    state: { kind: "offline", since: clock.now(), code: null },
    publish: (_topic, _text, _options, onDone) => onDone?.(null),
    subscribe: (filter, handler) => void handlers.push({ filter, handler }),
    onState: () => undefined,
  };
  const hand = async ({ gateway, channel, payload }: HostileMessage): Promise<void> => {
    const topic = plainTopic("vitrine", gatewayId(gateway), channel);
    const message = { topic, text: payload.toString("utf8"), retained: false };
    for (const { filter, handler } of handlers)
      if (topicMatches(filter, topic)) await handler(message);
  };
  return { link, hand };
}

test(`${MESSAGES} hostile messages: none harms the ingest, and each is accepted or set aside`, async (t) => {
  // In memory where there is such a folder: some 30,000 commits, and durability is not what is asked here.
  const dir = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "vitrine-fuzz-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const store = new SqliteStore(join(dir, "central.db"));
  const { link, hand } = handedLine();
  let setAside = 0;
  let births = 0;
  const ingest = new Ingest({
    repository: {
      lanes: store.lanes,
      laneOf: (storeId) => store.laneOf(storeId),
      home: (id) => store.home(id),
      claimHome: (id, storeId) => store.claimHome(id, storeId),
      positions: (id, epoch) => store.positions(id, epoch),
      commit: (batches) => store.commit(batches),
      recordBirth: async (...birth) => {
        await store.recordBirth(...birth);
        births += 1;
      },
      quarantine: async (...row) => {
        await store.quarantine(...row);
        setAside += 1;
      },
    },
    link,
    root: "vitrine",
    clock,
    log: SILENT_LOG,
    random: () => 0.5,
    quota: { bytesPerSecond: 1e12, burstBytes: 1e12, asidesAtOnce: 1e9 },
  });
  const queues = new Map<string, Promise<void>>(GATEWAYS.map((id) => [id, Promise.resolve()]));
  let silent = 0;
  let records = 0;
  let n = 0;
  for (const message of hostileMessages(MESSAGES, SEED, GATEWAYS)) {
    // An empty birth takes a retained one back: there is nothing to accept or to set aside.
    if (message.channel === "up/birth" && message.payload.length === 0) silent += 1;
    records += message.records ?? 0;
    const before = queues.get(message.gateway) ?? Promise.resolve();
    queues.set(
      message.gateway,
      before.then(() => hand(message)),
    );
    n += 1;
    if (n % 512 === 0) await Promise.all(queues.values());
  }
  await Promise.all(queues.values());
  const { batches, refused, deferred, flooded } = ingest.counts;
  assert.equal(batches + births + setAside + silent, MESSAGES, "every message is accounted for");
  assert.deepEqual([deferred, flooded], [0, 0]);
  const streams = (await store.gateways()).flatMap((row) => row.streams);
  const journeys = streams.filter(({ stream }) => stream === "journey");
  const sum = (pickOne: (account: (typeof streams)[number]) => number): number =>
    journeys.reduce((total, account) => total + pickOne(account), 0);
  assert.equal(
    sum((account) => account.seq),
    records,
    "every record took its number",
  );
  assert.equal(
    sum((account) => account.stored + account.quarantined),
    records,
    "accepted + quarantined = sent",
  );
  const stored = sum((account) => account.stored);
  t.diagnostic(
    `${records} records: ${stored} stored, ${records - stored} set aside; ${setAside} messages set aside, ${refused} refused with a hole`,
  );
  assert.ok(stored > 5000 && records - stored > 5000 && setAside > 5000, "both sides were tried");
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  await store.close();
});
