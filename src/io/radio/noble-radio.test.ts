import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";
import fc from "fast-check";
import { beaconPacket, createFakeRadio, type FakeRadio } from "../../../test/fakes/fake-radio.ts";
import { GatewayError } from "../../core/errors.ts";
import { openAdapterSocket } from "./hci-socket.ts";

/** Runs the body with a started receiver and disposes of it; nothing may be left on the clock. */
async function withRadio(
  options: Parameters<typeof createFakeRadio>[0],
  body: (fake: FakeRadio) => void | Promise<void>,
): Promise<void> {
  const fake = createFakeRadio(options);
  await fake.radio.start(fake.running.signal);
  await body(fake);
  await fake.radio[Symbol.asyncDispose]();
  await fake.radio[Symbol.asyncDispose]();
  assert.equal(fake.clock.pending, 0);
  assert.equal(fake.socket.scanning, false);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a receiver arms scanning when the adapter is up and sees with the first packet", async () => {
  await withRadio({}, ({ socket, states }) => {
    assert.ok(socket.scanning);
    assert.deepEqual(states, ["starting"]);
    socket.deliver(beaconPacket());
    assert.deepEqual(states, ["starting", "seeing"]);
  });
});

test("an adapter that answers later is set up the same way", async () => {
  await withRadio({ answer: "later" }, async ({ socket }) => {
    for (let i = 0; i < 20 && !socket.scanning; i += 1) await turn();
    assert.ok(socket.scanning);
  });
});

test("a report is stamped on arrival and carries address kind, bytes and strength", async () => {
  await withRadio({}, ({ radio, socket, clock }) => {
    const seen: unknown[] = [];
    radio.onReport = (r) =>
      seen.push([r.atMono, r.address, r.addressKind, r.rssiDbm, r.payload.length]);
    clock.advance(1_234);
    socket.deliver(beaconPacket("4a:02:03:04:05:06", -71));
    socket.deliver(beaconPacket("c1:02:03:04:05:06", 127));
    assert.deepEqual(seen, [
      [1_234, "4a:02:03:04:05:06", "resolvable", -71, 30],
      [1_234, "c1:02:03:04:05:06", "random-static", null, 30],
    ]);
    assert.deepEqual(radio.counts(), {
      packets: 2,
      reports: 2,
      malformed: 0,
      rearms: 0,
      resets: 0,
      drops: 0,
      refusals: 0,
      takeovers: 0,
      scan: { commands: "legacy", style: "passive" },
    });
  });
});

test("an adapter that goes down is blind, and scans again when it comes up", async () => {
  await withRadio({}, ({ socket, clock, states }) => {
    socket.deliver(beaconPacket());
    socket.setUp(false);
    clock.advance(1_000);
    socket.setUp(true);
    assert.equal(socket.scanning, false);
    clock.advance(1_000);
    assert.ok(socket.scanning);
    assert.ok(socket.deliver(beaconPacket()));
    assert.deepEqual(states, [
      "starting",
      "seeing",
      "blind RADIO_ADAPTER_MISSING",
      "starting",
      "seeing",
    ]);
  });
});

test("an adapter that is down from the beginning is waited for", async () => {
  const fake = createFakeRadio();
  fake.socket.setUp(false);
  await fake.radio.start(fake.running.signal);
  assert.deepEqual(fake.states, ["starting", "blind RADIO_ADAPTER_MISSING"]);
  fake.clock.advance(300_000);
  fake.socket.setUp(true);
  fake.clock.advance(1_000);
  assert.ok(fake.socket.scanning);
  await fake.radio[Symbol.asyncDispose]();
});

test("silence arms scanning again, then resets the adapter, then opens it anew, over and over", async () => {
  await withRadio({}, ({ radio, socket, clock, states }) => {
    socket.deliver(beaconPacket());
    socket.setSilent(true);
    const starts = socket.scanStarts;
    clock.advance(9_000);
    assert.equal(socket.scanStarts, starts);
    assert.deepEqual(states, ["starting", "seeing"]);
    clock.advance(2_000);
    assert.equal(socket.scanStarts, starts + 1);
    assert.deepEqual(states, ["starting", "seeing", "blind RADIO_SILENT"]);
    clock.advance(20_000);
    assert.equal(socket.resets, 1);
    clock.advance(600_000);
    assert.ok(radio.counts().rearms >= 20 && socket.resets >= 10);
    assert.ok(socket.scanning);
    assert.deepEqual(states, ["starting", "seeing", "blind RADIO_SILENT"]);
    socket.setSilent(false);
    socket.deliver(beaconPacket());
    assert.equal(states.at(-1), "seeing");
  });
});

test("a packet now and then is not silence", async () => {
  await withRadio({}, ({ socket, clock, states }) => {
    const starts = socket.scanStarts;
    for (let i = 0; i < 20; i += 1) {
      socket.deliver(beaconPacket());
      clock.advance(9_000);
    }
    assert.equal(socket.scanStarts, starts);
    assert.deepEqual(states, ["starting", "seeing"]);
  });
});

test("scanning that somebody else switched off is noticed by the silence", async () => {
  await withRadio({}, ({ socket, clock }) => {
    socket.deliver(beaconPacket());
    socket.reset();
    assert.equal(socket.deliver(beaconPacket()), false);
    clock.advance(11_000);
    assert.ok(socket.deliver(beaconPacket()));
  });
});

test("an adapter that refuses to scan is asked again every second", async () => {
  const fake = createFakeRadio();
  fake.socket.setRefusing(true);
  await fake.radio.start(fake.running.signal);
  fake.clock.advance(4_000);
  assert.equal(fake.socket.scanning, false);
  assert.ok(fake.radio.counts().rearms >= 3);
  fake.socket.setRefusing(false);
  fake.clock.advance(2_000);
  assert.ok(fake.socket.scanning);
  await fake.radio[Symbol.asyncDispose]();
});

test("without an adapter the receiver is blind, tries again with growing pauses, and recovers", async () => {
  let asked = 0;
  let present = false;
  const openSocket: NonNullable<Parameters<typeof createFakeRadio>[0]>["openSocket"] = (
    _n,
    sim,
  ) => {
    asked += 1;
    if (!present) throw new GatewayError("RADIO_ADAPTER_MISSING", "there is no adapter hci0");
    return sim;
  };
  await withRadio({ openSocket }, ({ socket, clock, states }) => {
    assert.deepEqual(states, ["starting", "blind RADIO_ADAPTER_MISSING"]);
    clock.advance(600_000);
    assert.ok(asked > 10 && asked < 40, `asked ${asked} times`);
    assert.equal(states.length, 2);
    present = true;
    for (let i = 0; i < 60 && !socket.scanning; i += 1) clock.advance(1_000);
    socket.deliver(beaconPacket());
    assert.deepEqual(states.slice(2), ["starting", "seeing"]);
  });
});

for (const [error, code] of [
  ["ENODEV", "RADIO_ADAPTER_MISSING"],
  ["EPERM", "RADIO_UNAUTHORIZED"],
] as const)
  test(`a socket that fails to bind with ${error} is ${code} until it binds`, async () => {
    const fake = createFakeRadio();
    fake.socket.setBindError(error);
    await fake.radio.start(fake.running.signal);
    assert.deepEqual(fake.states, ["starting", `blind ${code}`]);
    fake.socket.setBindError(null);
    fake.clock.advance(5_000);
    assert.ok(fake.socket.deliver(beaconPacket()));
    assert.deepEqual(fake.states.slice(2), ["starting", "seeing"]);
    await fake.radio[Symbol.asyncDispose]();
  });

test("a socket on which writing is not permitted is RADIO_UNAUTHORIZED, without a word on the console", async (t) => {
  const print = t.mock.method(console, "log", () => undefined);
  await withRadio({}, ({ socket, states, clock }) => {
    socket.fail("EPERM");
    socket.fail("EPERM");
    assert.deepEqual(states, ["starting", "blind RADIO_UNAUTHORIZED"]);
    clock.advance(5_000);
    assert.ok(socket.scanning);
  });
  assert.equal(print.mock.callCount(), 0);
});

test("an adapter unplugged while it worked is opened anew", async () => {
  await withRadio({}, ({ socket, states, clock }) => {
    socket.deliver(beaconPacket());
    socket.fail("ENODEV");
    assert.equal(states.at(-1), "blind RADIO_ADAPTER_MISSING");
    clock.advance(5_000);
    assert.ok(socket.deliver(beaconPacket()));
    assert.equal(states.at(-1), "seeing");
  });
});

test("neither SIGINT nor the exit of the process is noble's, however often it is opened", async () => {
  const before = [process.listenerCount("SIGINT"), process.listenerCount("exit")];
  const fake = createFakeRadio();
  fake.socket.setSilent(true);
  await fake.radio.start(fake.running.signal);
  fake.clock.advance(3_600_000);
  assert.ok(fake.radio.counts().resets > 50);
  assert.deepEqual([process.listenerCount("SIGINT"), process.listenerCount("exit")], before);
  await fake.radio[Symbol.asyncDispose]();
});

test("any bytes from the socket are survived and do not disturb what follows", async () => {
  await withRadio({}, ({ radio, socket }) => {
    let reports = 0;
    radio.onReport = () => {
      reports += 1;
    };
    const head = fc.constantFrom(
      [],
      [4, 0x0e],
      [4, 0x0f],
      [4, 0x3e],
      [4, 5],
      [2, 0],
      [1, 0x0c, 0x20],
    );
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 60 }), (start, tail) => {
        socket.inject(Uint8Array.from([...start, ...tail]));
      }),
      { numRuns: 10_000 },
    );
    reports = 0;
    assert.ok(socket.deliver(beaconPacket()));
    assert.equal(reports, 1);
    assert.equal(radio.cachedPeripherals, 0);
  });
});

test("answers cut short are counted and do not throw", async () => {
  await withRadio({}, ({ radio, socket }) => {
    const answers = [
      "040e0a0101100",
      "040e0401091000",
      "040e",
      "040e04",
      "040e0c01011000",
      "040f0400",
    ];
    for (const hex of answers) socket.inject(Buffer.from(hex, "hex"));
    assert.equal(radio.counts().malformed, answers.length);
  });
});

test("no address appears in any line of the log, whatever happens to the adapter", async () => {
  await withRadio({}, ({ socket, clock, lines }) => {
    socket.deliver(beaconPacket("c1:de:ad:be:ef:01"));
    socket.setSilent(true);
    clock.advance(100_000);
    socket.setSilent(false);
    socket.deliver(beaconPacket("c1:de:ad:be:ef:01"));
    socket.setUp(false);
    clock.advance(60_000);
    socket.fail("EPERM");
    assert.ok(lines.length > 4);
    assert.doesNotMatch(lines.join("\n"), /de.?ad.?be.?ef/i);
  });
});

test("a receiver can be disposed before it was started, and does not start after", async () => {
  const fake = createFakeRadio();
  await fake.radio[Symbol.asyncDispose]();
  await fake.radio.start(fake.running.signal);
  assert.deepEqual(fake.states, []);
  assert.equal(fake.clock.pending, 0);
});

test("an adapter that this machine does not have is RADIO_ADAPTER_MISSING", () => {
  assert.throws(
    () => openAdapterSocket(15),
    (error) => error instanceof GatewayError && error.code === "RADIO_ADAPTER_MISSING",
  );
});

test("a process ends by itself after its receiver was disposed", () => {
  const child = spawnSync(
    process.execPath,
    ["--import", "tsx", new URL("../../../test/fakes/radio-child.ts", import.meta.url).pathname],
    { encoding: "utf8", timeout: 120_000 },
  );
  assert.equal(child.status, 0, child.stderr);
  assert.equal(child.stdout.trim(), "disposed timers=0");
});
