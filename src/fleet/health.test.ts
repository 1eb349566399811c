import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs, monoMs } from "../core/brand.ts";
import { LARGEST_PAYLOAD_BYTES } from "../wire/envelopes.ts";
import { reportedSchema } from "../wire/fleet-messages.ts";
import { healthSchema } from "../wire/health-message.ts";
import { NO_WISHES } from "./desired-config.ts";
import { HealthKeeper, type HealthReading } from "./health.ts";
import { Liveness } from "./liveness.ts";
import { reportedMessage } from "./reported.ts";

const DAY_MS = 86_400_000;
const MIDNIGHT = 20_000 * DAY_MS;

function reading(atMs: number, extra: Partial<HealthReading> = {}): HealthReading {
  return {
    anchor: { epoch: epochMs(MIDNIGHT + atMs), mono: monoMs(atMs), clock: "synced" },
    delivery: {
      ...{ state: "acked", since: epochMs(0), code: null, shedEvents: 0 },
      ...{ outboxEvents: 0, outboxBytes: 4096, outboxCapBytes: 1e9, oldestAgeMs: null },
      lastAckAt: epochMs(MIDNIGHT + atMs - 90_000),
    },
    reconnects: 2,
    linesGivenUp: 1,
    certificateUntil: null,
    commitMs: 12.5,
    streams: [{ stream: "journey", committed: 10, acked: 8, shed: { cap: 0 } }],
    replaced: { at: MIDNIGHT, salvaged: 7, unreadable: 2 },
    sensors: [],
    board: { freeBytes: 1e9, writtenBytes: 5000, temperatureC: 51.5, throttledBits: 0 },
    process: { rssBytes: 9e7, cpuMs: 1500, loopLagMs: 3 },
    ...extra,
  };
}

function keeper(atMs = 0): HealthKeeper {
  const identity = { boot: "b1", storeId: "s", versions: { vitrine: "1" } };
  const start = { epoch: epochMs(MIDNIGHT + atMs), mono: monoMs(atMs), clock: "synced" } as const;
  return new HealthKeeper({ ...identity, configHash: "c", budgetBytes: 1.5e9 }, start);
}

test("the message of any reading is a valid one, and says nothing it does not know", () => {
  const bare = reading(60_000, {
    commitMs: null,
    board: { freeBytes: null, writtenBytes: null, temperatureC: null, throttledBits: null },
    sensors: [
      { id: "door", kind: "camera", state: "blind", code: "CAMERA_FROZEN", vitals: null },
      {
        id: "hall",
        kind: "radio",
        state: "seeing",
        code: null,
        vitals: { kind: "receiver", advertsPerSecond: 31.4, lastHeardAgeMs: 20 },
      },
    ],
  });
  const message = keeper().message(bare);
  assert.deepEqual(healthSchema.parse(message), message);
  assert.deepEqual(message.cameras, [
    {
      id: "door",
      state: "blind",
      code: "CAMERA_FROZEN",
      fps: null,
      lastFrameAgeMs: null,
      isFrozen: true,
    },
  ]);
  assert.equal(message.receivers[0]?.advertsPerSecond, 31.4);
  assert.equal(message.disk.writtenBytes, null);
  assert.equal(message.delivery.linesGivenUp, 1);
  assert.deepEqual(message.outbox.shed, {});
});

test("load is that of the time since the message before", () => {
  const health = keeper();
  const load = (atMs: number, cpuMs: number) =>
    health.message(reading(atMs, { process: { rssBytes: 1, cpuMs, loopLagMs: 0 } })).process
      .cpuShare;
  assert.equal(load(10_000, 5000), 0.5);
  assert.equal(load(20_000, 5300), 0.03);
  assert.equal(load(20_000, 5300), null);
});

test("what was written counts from midnight", () => {
  const health = keeper(DAY_MS - 120_000);
  const written = (atMs: number, writtenBytes: number) =>
    health.message(reading(atMs, { board: { ...reading(0).board, writtenBytes } })).disk
      .writtenBytes;
  assert.equal(written(DAY_MS - 60_000, 5000), 5000);
  assert.equal(written(DAY_MS + 1000, 7000), 0);
  assert.equal(written(DAY_MS + 60_000, 9500), 2500);
});

test("a quiet hour is no lag, and what waits is not longer late than it is old", () => {
  const lag = (outboxEvents: number, oldestAgeMs: number | null, lastAckAgeMs: number) => {
    const base = reading(7_200_000).delivery;
    const lastAckAt = epochMs(MIDNIGHT + 7_200_000 - lastAckAgeMs);
    const delivery = { ...base, outboxEvents, oldestAgeMs, lastAckAt };
    return keeper().message(reading(7_200_000, { delivery })).delivery.ackLagMs;
  };
  assert.equal(lag(0, null, 3_600_000), 0);
  assert.equal(lag(3, 40, 3_600_000), 40);
  assert.equal(lag(3, 90_000, 8000), 8000);
});

test("a wall clock that was set shows as offset", () => {
  const anchor = {
    epoch: epochMs(MIDNIGHT + 3_660_000),
    mono: monoMs(60_000),
    clock: "synced",
  } as const;
  assert.equal(keeper().message(reading(0, { anchor })).clock.offsetMs, 3_600_000);
});

test("signs of life stop when the loop stood still or nothing gets to a disk that takes it", () => {
  const fine = { pending: 0, committed: 5, mayCommit: true };
  const late = new Liveness(10_000);
  assert.equal(late.judge(monoMs(0), fine), null);
  assert.equal(late.judge(monoMs(14_000), fine), null);
  assert.equal(late.judge(monoMs(30_000), fine), "late");
  const stuck = new Liveness(10_000);
  const waiting = { pending: 3, committed: 5, mayCommit: true };
  const times = [0, 10_000, 20_000, 30_000].map((at) => stuck.judge(monoMs(at), waiting));
  assert.deepEqual(times, [null, null, "stuck", "stuck"]);
  assert.equal(stuck.judge(monoMs(40_000), { ...waiting, committed: 8 }), null);
  const full = new Liveness(10_000);
  const refused = { ...waiting, mayCommit: false };
  for (const at of [0, 10_000, 20_000, 30_000]) assert.equal(full.judge(monoMs(at), refused), null);
});

test("the report holds the plan without beacons, and leaves it out rather than being too large", () => {
  const plan = {
    ...{
      v: 1,
      store: { id: "s" },
      tags: [{ id: "t", beacon: { format: "x", uuid: "secret-uuid" } }],
    },
    survey: [{ xM: 1 }],
    receivers: [{ id: "hall", xM: 1, beacon: { uuid: "secret-box" } }],
  };
  const report = (site: Record<string, unknown>, replies: number) =>
    reportedMessage({
      ...{ at: epochMs(MIDNIGHT), storeId: "s", state: NO_WISHES, ignored: null },
      ...{ configHash: "c", sitePlanHash: "p", site },
      commands: Array.from({ length: replies }, (_, n) => ({
        ...{
          id: `c${n}`,
          command: "support-summary",
          status: "done",
          at: "2026-05-01T10:00:00.000Z",
        },
        ...{ detail: "", result: { text: "x".repeat(6000) } },
      })),
    });
  const small = report(plan, 1);
  assert.deepEqual(reportedSchema.parse(small), small);
  assert.ok(!JSON.stringify(small).includes("secret"));
  assert.deepEqual(small.site, { v: 1, store: { id: "s" }, receivers: [{ id: "hall", xM: 1 }] });
  const wordy = report(plan, 16);
  assert.ok(wordy.site !== null && wordy.commands.length === 16);
  const large = report({ ...plan, note: "ø".repeat(40_000) }, 16);
  assert.equal(large.site, null);
  for (const one of [small, wordy, large])
    assert.ok(Buffer.byteLength(JSON.stringify(one)) <= LARGEST_PAYLOAD_BYTES);
});
