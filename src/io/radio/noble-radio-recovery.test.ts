import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import {
  beaconPacket,
  createFakeRadio,
  extendedBeaconPacket,
  type FakeRadio,
} from "../../../test/fakes/fake-radio.ts";
import type { GatewayError } from "../../core/errors.ts";
import { seededRandom } from "../../core/random.ts";

type Kind = "legacy" | "extended";
const KINDS: readonly Kind[] = ["legacy", "extended"];
const beacon = (kind: Kind): Uint8Array =>
  kind === "legacy" ? beaconPacket() : extendedBeaconPacket();

/** Fake time until the receiver hears a packet again, which comes every 50 ms. */
function recoveryMs({ clock, socket, states }: FakeRadio, kind: Kind, limitMs = 20_000): number {
  for (let passedMs = 0; passedMs < limitMs; passedMs += 50) {
    if (socket.deliver(beacon(kind)) && states.at(-1) === "seeing") return passedMs;
    clock.advance(50);
  }
  return Number.POSITIVE_INFINITY;
}

async function started(kind: Kind): Promise<FakeRadio> {
  const fake = createFakeRadio({ controller: kind });
  await fake.radio.start(fake.running.signal);
  fake.socket.deliver(beacon(kind));
  return fake;
}

for (const kind of KINDS) {
  test(`scanning is back within 3 s after 100 times down and up, however short (${kind})`, async () => {
    const fake = await started(kind);
    const random = seededRandom(4);
    const timers = fake.clock.pending;
    for (let i = 0; i < 100; i += 1) {
      fake.clock.advance(1_000 + Math.floor(700 * random()));
      fake.socket.setUp(false);
      fake.clock.advance(Math.floor((i % 2 === 0 ? 300 : 5_000) * random()));
      fake.socket.setUp(true);
      const tookMs = recoveryMs(fake, kind);
      assert.ok(tookMs < 3_000, `cycle ${i}: ${tookMs} ms`);
    }
    assert.equal(fake.clock.pending, timers);
    await fake.radio[Symbol.asyncDispose]();
    assert.equal(fake.clock.pending, 0);
  });

  test(`scanning is back within 5 s after 100 times Command Disallowed (${kind})`, async () => {
    const fake = await started(kind);
    const random = seededRandom(5);
    for (let i = 0; i < 100; i += 1) {
      // Refused just when it comes up; the refusal ends some time later.
      fake.socket.setUp(false);
      fake.clock.advance(1_500);
      fake.socket.setRefusing(true);
      fake.socket.setUp(true);
      fake.clock.advance(1_000 + Math.floor(8_000 * random()));
      fake.socket.setRefusing(false);
      const tookMs = recoveryMs(fake, kind);
      assert.ok(tookMs < 5_000, `cycle ${i}: ${tookMs} ms`);
    }
    assert.ok((fake.radio.counts().refusals ?? 0) >= 100);
    await fake.radio[Symbol.asyncDispose]();
    assert.equal(fake.clock.pending, 0);
  });
}

test("three adapters live side by side: what happens to one does not touch the others", async () => {
  const clock = new FakeClock();
  const kinds = ["legacy", "extended", "legacy"] as const;
  const fakes = kinds.map((controller, adapter) =>
    createFakeRadio({ id: `r${adapter}`, adapter, clock, controller }),
  );
  for (const { radio, running } of fakes) await radio.start(running.signal);
  const live = (): void => {
    fakes.forEach(({ socket }, i) => {
      socket.deliver(beacon(kinds[i] ?? "legacy"));
    });
    clock.advance(1_000);
  };
  live();
  const before = fakes.map(({ socket }) => socket.scanStarts);
  fakes[1]?.socket.setUp(false);
  for (let second = 0; second < 60; second += 1) live();
  assert.deepEqual(
    fakes.map(({ states }) => states.at(-1)),
    ["seeing", "blind RADIO_ADAPTER_MISSING", "seeing"],
  );
  fakes[2]?.socket.setSilent(true);
  for (let second = 0; second < 60; second += 1) live();
  fakes[1]?.socket.setUp(true);
  for (let second = 0; second < 3; second += 1) live();
  assert.deepEqual(
    fakes.map(({ states }) => states.at(-1)),
    ["seeing", "seeing", "blind RADIO_SILENT"],
  );
  assert.equal(fakes[0]?.socket.scanStarts, before[0]);
  const counts = fakes.map(({ radio }) => radio.counts());
  assert.deepEqual(
    counts.map(({ rearms, resets }) => rearms + resets > 0),
    [false, true, true],
  );
  assert.deepEqual(
    counts.map(({ packets }) => packets),
    [124, 3, 61],
  );
  for (const { radio } of fakes) await radio[Symbol.asyncDispose]();
  assert.equal(clock.pending, 0);
});

async function dying(
  deadAfterMs: number,
  isHeard: boolean,
): Promise<{ readonly fake: FakeRadio; readonly faults: readonly GatewayError[] }> {
  const faults: GatewayError[] = [];
  const onDead = (fault: GatewayError): void => void faults.push(fault);
  const fake = createFakeRadio({ more: { deadAfterMs, onDead } });
  await fake.radio.start(fake.running.signal);
  if (isHeard) fake.socket.deliver(beaconPacket());
  fake.socket.setSilent(true);
  return { fake, faults };
}

test("a radio that was heard is dead when every remedy has failed for the time given, and says so every minute", async () => {
  const { fake, faults } = await dying(600_000, true);
  fake.clock.advance(599_000);
  assert.equal(faults.length, 0);
  assert.ok(fake.socket.resets > 0 && fake.radio.counts().resets > 2);
  fake.clock.advance(2_000);
  assert.equal(faults[0]?.code, "RADIO_DEAD");
  assert.equal(faults[0]?.context["code"], "RADIO_SILENT");
  fake.clock.advance(300_000);
  assert.equal(faults.length, 6);
  fake.socket.setSilent(false);
  fake.socket.deliver(beaconPacket());
  fake.clock.advance(9_000);
  assert.equal(faults.length, 6);
  await fake.radio[Symbol.asyncDispose]();
});

test("a radio that was never heard, or whose restart is switched off, is never dead", async () => {
  for (const [deadAfterMs, isHeard] of [
    [600_000, false],
    [0, true],
  ] as const) {
    const { fake, faults } = await dying(deadAfterMs, isHeard);
    fake.clock.advance(7_200_000);
    assert.equal(faults.length, 0);
    await fake.radio[Symbol.asyncDispose]();
  }
});

test("an adapter that was heard and then pulled out is dead too", async () => {
  const { fake, faults } = await dying(60_000, true);
  fake.socket.setBindError("ENODEV");
  fake.socket.fail("ENODEV");
  fake.clock.advance(120_000);
  assert.equal(faults[0]?.context["code"], "RADIO_ADAPTER_MISSING");
  await fake.radio[Symbol.asyncDispose]();
});

test("a million addresses and a burst of a hundred thousand packets cost less than 20 MB", () => {
  const file = new URL("../../../test/fakes/radio-memory-child.ts", import.meta.url).pathname;
  const child = spawnSync(process.execPath, ["--expose-gc", "--import", "tsx", file], {
    encoding: "utf8",
    timeout: 120_000,
  });
  assert.equal(child.status, 0, child.stderr);
  const figures = JSON.parse(child.stdout) as Readonly<Record<string, number>>;
  assert.equal(figures["addresses"], 1_000_000);
  assert.equal(figures["heard"], figures["sent"]);
  assert.equal(figures["cached"], 0);
  assert.ok((figures["heapGrowthMb"] ?? 99) < 20, child.stdout);
  assert.ok((figures["rssGrowthMb"] ?? 99) < 20, child.stdout);
});
