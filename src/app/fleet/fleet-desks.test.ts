import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, test } from "node:test";
import { epochMs, monoMs } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { createSteppedClock } from "../../core/stepped-clock.ts";
import { NO_WISHES, restartBy, type Trial } from "../../fleet/desired-config.ts";
import { CommandDesk } from "./command-desk.ts";
import { FleetMemory } from "./fleet-memory.ts";
import type { FleetPorts } from "./fleet-ports.ts";
import { openGatewayFile } from "./open-gateway.ts";
import { WishDesk } from "./wish-desk.ts";

const NOON = epochMs(Date.UTC(2026, 4, 1, 12));
const HASH = "a".repeat(32);
const SITE = resolve(import.meta.dirname, "../../../config/site.example.json");
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function gatewayFile(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-desks-"));
  folders.push(folder);
  const path = join(folder, "gateway.json");
  const mqtt = { url: "mqtt://127.0.0.1:1", username: "g1" };
  const fleet = { probationMs: 10_000 };
  const document = { gateway: { id: "g1" }, site: SITE, stateDir: "state", mqtt, fleet };
  await writeFile(path, JSON.stringify(document));
  return path;
}

const trialOf = (starts: number, isAcked = true): Trial => ({
  ...{ version: 7, hash: HASH, document: {}, starts },
  baseline: { seeing: [], isAcked },
});

const pending = { version: 7, hash: HASH, status: "pending", errors: [], isTold: false } as const;

async function openDesk(path: string) {
  const opened = await openGatewayFile(path);
  const base = opened.fleet;
  assert.ok(base !== null);
  const clock = createSteppedClock(NOON);
  const world = { isAcked: true, isAwaited: false, left: [] as string[] };
  const status = () => ({ state: world.isAcked ? "acked" : "offline", outboxBytes: 0 }) as const;
  const ports = {
    link: null,
    delivery: { status, announce: () => undefined, record: () => true },
    sensors: () => [],
    restartSensor: () => "unknown",
    notices: () => [],
    isClockAwaited: () => world.isAwaited,
    now: () => ({ epoch: clock.now(), mono: clock.mono(), clock: "synced" }),
  } as unknown as FleetPorts;
  const shared = {
    ...{ ports, clock, log: SILENT_LOG, onNews: () => undefined, setLogLevel: () => undefined },
    leave: (why: string) => world.left.push(why),
  };
  const wishes = new WishDesk({ ...shared, base, loaded: opened.loaded });
  const commands = new CommandDesk({
    ...shared,
    ...{ memory: base.memory, version: "1", tellHealth: () => undefined },
  });
  const later = async (untilMs: number): Promise<void> => {
    for (let ms = clock.mono() + 1000; ms <= untilMs; ms += 1000) {
      clock.advanceTo(monoMs(ms));
      // What a timer began is on the disk before the next one comes.
      await base.memory.update((state) => state);
      await new Promise((done) => setImmediate(done));
    }
  };
  return { base, wishes, commands, world, later };
}

async function withTrial(path: string, trial: Trial): Promise<void> {
  const opened = await openGatewayFile(path);
  await opened.fleet?.memory.update(() => ({ ...NO_WISHES, trial, last: pending }));
}

test("a wish that this life could not take up is neither tried nor accepted", async () => {
  const path = await gatewayFile();
  await withTrial(path, trialOf(0));
  const desk = await openDesk(path);
  const untaken = { ...desk.base, inForce: null };
  const { loaded } = await openGatewayFile(path);
  const clock = createSteppedClock(NOON);
  const wishes = new WishDesk({
    ...{ base: untaken, loaded, clock, log: SILENT_LOG, onNews: () => undefined },
    ports: {
      delivery: { status: () => ({}), announce: () => undefined, record: () => true },
      sensors: () => [],
      now: () => ({ epoch: clock.now(), mono: clock.mono(), clock: "synced" }),
    } as unknown as FleetPorts,
    ...{ leave: () => undefined, setLogLevel: () => undefined },
  });
  await wishes.start();
  clock.advanceTo(monoMs(600_000));
  await wishes.stop();
  assert.equal(wishes.state.trial?.hash, HASH);
  assert.equal(wishes.state.last?.status, "pending");
});

test("a link that is away when the probation ends does not undo a configuration", async () => {
  const path = await gatewayFile();
  await withTrial(path, trialOf(0));
  const { wishes, world, later } = await openDesk(path);
  await wishes.start();
  world.isAcked = false;
  await later(15_000);
  assert.equal(wishes.state.last?.status, "pending");
  world.isAcked = true;
  await later(17_000);
  assert.equal(wishes.state.last?.status, "applied");
  assert.deepEqual(world.left, []);
  await wishes.stop();
});

test("a link that stays away takes the configuration back", async () => {
  const path = await gatewayFile();
  await withTrial(path, trialOf(0));
  const { wishes, world, later } = await openDesk(path);
  await wishes.start();
  world.isAcked = false;
  await later(30_000);
  assert.equal(wishes.state.last?.status, "reverted");
  assert.equal(world.left.length, 1);
  await wishes.stop();
});

test("changes of the memory are made one after the other and none is lost", async () => {
  const { base } = await openDesk(await gatewayFile());
  const wish = { version: 8, hash: HASH, document: {} };
  await Promise.all([
    base.memory.update((state) => ({ ...state, accepted: wish })),
    base.memory.update((state) => restartBy(state, "command-1")),
  ]);
  const again = await FleetMemory.open(join(base.memory.sitePath(HASH), ".."));
  assert.equal(again.state.accepted?.version, 8);
  assert.deepEqual(again.state.restartedBy, ["command-1"]);
});

const restart = (id: string, expiresAt: string): string =>
  JSON.stringify({
    ...{ v: 1, id, at: "2026-05-01T11:00:00Z", expiresAt, command: "restart", arguments: {} },
  });

test("a command waits for the clock to be set, and is late if it then is", async () => {
  const { commands, world, later } = await openDesk(await gatewayFile());
  world.isAwaited = true;
  await commands.take(restart("late", "2026-05-01T11:30:00Z"), false);
  await commands.take(restart("good", "2026-05-01T12:30:00Z"), false);
  await later(5000);
  assert.deepEqual([commands.replies, world.left], [[], []]);
  world.isAwaited = false;
  await later(10_000);
  const told = commands.replies.map(({ id, status }) => `${id} ${status}`).sort();
  assert.deepEqual(told, ["good done", "late expired"]);
  assert.equal(world.left.length, 1);
  commands.stop();
});

test("a clock that nobody sets has commands refused", async () => {
  const { commands, world, later } = await openDesk(await gatewayFile());
  world.isAwaited = true;
  await commands.take(restart("a", "2026-05-01T12:30:00Z"), false);
  await later(700_000);
  assert.deepEqual(
    commands.replies.map(({ status }) => status),
    ["refused"],
  );
  assert.deepEqual(world.left, []);
  commands.stop();
});

test("a restart that cannot be remembered is not done, and that is answered", async () => {
  const { base, commands, world } = await openDesk(await gatewayFile());
  const folder = join(base.memory.sitePath(HASH), "..");
  await rm(folder, { recursive: true });
  await writeFile(folder, await readFile(SITE));
  await commands.take(restart("a", "2026-05-01T12:30:00Z"), false);
  assert.match(`${commands.replies[0]?.status} ${commands.replies[0]?.detail}`, /^failed [A-Z_]+:/);
  assert.deepEqual(world.left, []);
  commands.stop();
});
