import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SqliteStore } from "../../src/central/sqlite/sqlite-store.ts";
import { parseSitePlan } from "../../src/config/site.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";
import { createMetrics } from "../../src/metrics/metrics.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import {
  clock,
  crossing,
  startAedes,
  startCentral,
  startGateway,
  tempDir,
  until,
} from "./delivery-rig.ts";

const canMount = process.getuid?.() === 0 && spawnSync("mount", ["--version"]).error === undefined;

test("on a full disk nothing accepted is lost, and refused events are told in a gap", {
  skip: canMount ? false : "run as root: the test mounts a small tmpfs",
}, () => {
  const dir = tempDir();
  const mount = join(dir.path, "small");
  mkdirSync(mount);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", mount]);
  assert.equal(mounted.status, 0, String(mounted.stderr));
  const fake = new FakeClock();
  const options = {
    path: join(mount, "outbox.db"),
    capBytes: 1e9,
    commitMs: 250,
    clock: fake,
    log: SILENT_LOG,
    random: () => 0,
  };
  let outbox = openOutbox(options);
  let accepted = 0;
  const add = (): boolean =>
    outbox.append(
      { stream: "journey", body: "x".repeat(500), urgent: false, receiptId: null },
      () => {
        accepted += 1;
      },
    );
  try {
    const ballast = join(mount, "ballast");
    const { bavail, bsize } = statfsSync(mount);
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 600_000)));
    let produced = 0;
    let refused = 0;
    while (outbox.state.kind === "ok") {
      produced += 1;
      add();
      if (produced % 64 === 0) fake.advance(250);
    }
    assert.equal(outbox.state.code, "DISK_FULL");
    const before = accepted;
    for (let n = 0; n < 5000; n += 1) {
      produced += 1;
      refused += add() ? 0 : 1;
    }
    fake.advance(60_000);
    assert.equal(accepted, before, "nothing is accepted while the disk is full");
    assert.ok(refused > 0);
    rmSync(ballast);
    fake.advance(60_000);
    assert.deepEqual([outbox.state.kind, accepted], ["ok", produced - refused]);
    outbox.close();
    outbox = openOutbox(options);
    const { streams, waiting } = outbox.stats();
    assert.deepEqual(
      [streams.journey.next - 1, streams.journey.shed, waiting],
      [produced, refused, produced - refused],
    );
  } finally {
    outbox.close();
    spawnSync("umount", [mount]);
    dir.remove();
  }
});

test("what a small outbox sheds while offline is accounted for at the centre, to the unit", async () => {
  const dir = tempDir();
  const path = join(dir.path, "outbox.db");
  const server = await startAedes();
  const central = await startCentral(join(dir.path, "central.db"), server.url);
  try {
    const offline = await startGateway({
      path,
      url: "mqtt://127.0.0.1:1",
      boot: "b1",
      capBytes: 400_000,
    });
    for (let n = 0; n < 3000; n += 1) offline.delivery.record(crossing(n, "r1"));
    const shed = offline.outbox.stats().shed;
    await offline.stop();
    assert.ok(shed > 0);
    const gateway = await startGateway({ path, url: server.url, boot: "b2", capBytes: 400_000 });
    await until("all is acknowledged", () => gateway.delivery.status().outboxEvents === 0);
    await gateway.stop();
    await central[Symbol.asyncDispose]();
    const store = new SqliteStore(join(dir.path, "central.db"));
    const [account] = (await store.gateways())[0]?.streams ?? [];
    assert.deepEqual([account?.seq, account?.stored, account?.shed], [3000, 3000 - shed, shed]);
    await store.close();
  } finally {
    await central[Symbol.asyncDispose]();
    await server.stop();
    dir.remove();
  }
});

test("the centre recomputes the day of a shop whose plan it has", async () => {
  const dir = tempDir();
  const server = await startAedes();
  const line = { id: "door-line", name: "Door", role: "door", a: [0.1, 0.5], b: [0.9, 0.5] };
  const plan = parseSitePlan({
    v: 1,
    store: { id: "shop1", name: "Shop", timeZone: "UTC" },
    cameras: [{ id: "door", name: "Door", lines: [line] }],
  });
  assert.ok(plan.ok);
  const central = await startCentral(join(dir.path, "central.db"), server.url, {
    sites: [plan.value],
    metricsOf: (site) => createMetrics({ site }),
  });
  const gateway = await startGateway({ path: join(dir.path, "o.db"), url: server.url, boot: "b1" });
  try {
    const now = clock.now();
    const head = {
      source: "camera:door#r",
      at: now,
      atMono: clock.mono(),
      clock: "synced",
    } as const;
    const sensor = { sensorId: "door", sensorKind: "camera", state: "seeing", code: null } as const;
    gateway.delivery.record({ ...head, kind: "sensor-changed", seq: 0, ...sensor });
    for (let n = 0; n < 30; n += 1) gateway.delivery.record(crossing(n, "run"));
    await until("all is acknowledged", () => gateway.delivery.status().outboxEvents === 0);
    const response = await fetch(`${central.url}/api/v1/stores/shop1/today`);
    const today = (await response.json()) as {
      tiles: { metric: string; n: number; value: number | null }[];
    };
    const direct = createMetrics({ site: plan.value });
    assert.equal(response.status, 200);
    assert.deepEqual(
      today.tiles.map((tile) => tile.metric),
      direct.today(now).tiles.map((tile) => tile.metric),
    );
    assert.equal(today.tiles.find((tile) => tile.metric === "entrants")?.n, 20);
  } finally {
    await gateway.stop();
    await central[Symbol.asyncDispose]();
    await server.stop();
    dir.remove();
  }
});
