import assert from "node:assert/strict";
import test from "node:test";
import {
  beaconPacket,
  createFakeRadio,
  extendedBeaconPacket,
  type FakeRadio,
} from "../../../test/fakes/fake-radio.ts";
import { OPCODE } from "./hci-commands.ts";

type Options = NonNullable<Parameters<typeof createFakeRadio>[0]>;

async function withRadio(
  options: Options,
  body: (fake: FakeRadio) => void | Promise<void>,
): Promise<void> {
  const fake = createFakeRadio(options);
  await fake.radio.start(fake.running.signal);
  await body(fake);
  await fake.radio[Symbol.asyncDispose]();
  assert.equal(fake.clock.pending, 0);
  assert.equal(fake.socket.scanning, false);
}

const turns = async (isTrue: () => boolean): Promise<void> => {
  for (let i = 0; i < 60 && !isTrue(); i += 1) await new Promise((done) => setImmediate(done));
};

test("an adapter of Bluetooth 4 is scanned with its own commands, passively", async () => {
  await withRadio({ controller: "legacy" }, ({ radio, socket }) => {
    assert.equal(socket.scanMode, "legacy passive");
    assert.deepEqual(radio.counts().scan, { commands: "legacy", style: "passive" });
    assert.ok(socket.deliver(beaconPacket()));
    assert.equal(radio.counts().resets, 0);
  });
});

for (const answer of ["at-once", "later"] as const)
  test(`an adapter that can is scanned extended, and its reports come through (answers ${answer})`, async () => {
    await withRadio({ controller: "extended", answer }, async ({ radio, socket, states }) => {
      await turns(() => socket.scanning);
      assert.equal(socket.scanMode, "extended passive");
      assert.deepEqual(radio.counts().scan, { commands: "extended", style: "passive" });
      const seen: unknown[] = [];
      radio.onReport = (r) => seen.push([r.rssiDbm, r.payload.length, r.hci?.extended]);
      assert.ok(socket.deliver(extendedBeaconPacket()));
      assert.deepEqual(seen, [[-70, 30, true]]);
      assert.equal(states.at(-1), "seeing");
      assert.equal(radio.counts().refusals, 0);
    });
  });

test("devices are asked for scan responses only where the configuration says so", async () => {
  for (const [controller, mode] of [
    ["legacy", "legacy active"],
    ["extended", "extended active"],
  ] as const)
    await withRadio({ controller, more: { scan: "active" } }, ({ socket }) => {
      assert.equal(socket.scanMode, mode);
    });
});

test("an adapter that refuses the extended parameters is reset and scanned with the old commands", async () => {
  await withRadio({ controller: "hollow" }, ({ radio, socket, clock }) => {
    clock.advance(2_000);
    assert.equal(socket.scanMode, "legacy passive");
    assert.ok(socket.deliver(beaconPacket()));
    assert.ok(socket.resets >= 1);
    assert.deepEqual(radio.counts().scan, { commands: "legacy", style: "passive" });
  });
});

test("an adapter that scans extended and never gives a packet is tried with the old commands", async () => {
  await withRadio({ controller: "extended" }, ({ socket, clock }) => {
    assert.equal(socket.scanMode, "extended passive");
    clock.advance(32_000);
    assert.equal(socket.scanMode, "legacy passive");
    assert.ok(socket.deliver(beaconPacket()));
  });
});

test("an adapter that gave extended reports stays extended over resets", async () => {
  await withRadio({ controller: "extended" }, ({ socket, clock }) => {
    socket.deliver(extendedBeaconPacket());
    clock.advance(32_000);
    assert.ok(socket.resets >= 1);
    assert.equal(socket.scanMode, "extended passive");
    assert.ok(socket.deliver(extendedBeaconPacket()));
  });
});

test("an adapter on which another program spoke the other dialect is reset after three refusals", async () => {
  const fake = createFakeRadio({ controller: "extended" });
  // The other program was there first; the controller now refuses extended commands until its reset.
  fake.socket.foreign(OPCODE.scanEnable, [0, 0]);
  await fake.radio.start(fake.running.signal);
  assert.equal(fake.socket.scanning, false);
  fake.clock.advance(4_000);
  assert.equal(fake.socket.scanMode, "extended passive");
  assert.equal(fake.radio.counts().refusals, 3);
  await fake.radio[Symbol.asyncDispose]();
});

test("an adapter that says nothing about what it can is scanned with the old commands as soon as it speaks", async () => {
  const fake = createFakeRadio({ controller: "extended" });
  fake.socket.setMute(true);
  await fake.radio.start(fake.running.signal);
  fake.clock.advance(5_000);
  assert.equal(fake.radio.counts().scan, null);
  fake.clock.advance(20_000);
  assert.deepEqual(fake.states, ["starting", "blind RADIO_SILENT"]);
  fake.socket.setMute(false);
  fake.clock.advance(60_000);
  assert.ok(fake.socket.scanning);
  await fake.radio[Symbol.asyncDispose]();
});

test("scanning that another program switches is taken back within two seconds and said once an hour", async () => {
  await withRadio({ controller: "extended" }, ({ radio, socket, clock, lines }) => {
    for (let i = 0; i < 20; i += 1) {
      socket.deliver(extendedBeaconPacket());
      socket.foreign(OPCODE.extendedScanEnable, [0, 0, 0, 0, 0, 0]);
      assert.equal(socket.scanning, false);
      clock.advance(2_000);
      assert.equal(socket.scanMode, "extended passive");
    }
    assert.equal(radio.counts().takeovers, 20);
    const said = lines.filter((line) => line.includes("radio.shared"));
    assert.equal(said.length, 1);
    assert.match(said[0] ?? "", /bluetoothd/);
  });
});

test("answers to other programs do not reach noble", async () => {
  await withRadio({ controller: "extended" }, ({ radio, socket, clock }) => {
    socket.foreign(OPCODE.readLocalCommands, []);
    socket.foreign(OPCODE.readLocalVersion, []);
    socket.foreign(OPCODE.readBdAddr, []);
    const starts = socket.scanStarts;
    clock.advance(5_000);
    assert.equal(socket.scanStarts, starts);
    socket.setSilent(true);
    clock.advance(12_000);
    assert.equal(socket.scanMode, "extended passive");
    assert.equal(radio.counts().refusals, 0);
  });
});

test("an adapter that was reset behind our back is set up anew within two seconds", async () => {
  await withRadio({ controller: "extended" }, ({ radio, socket, clock }) => {
    socket.deliver(extendedBeaconPacket());
    socket.foreign(OPCODE.reset, []);
    assert.equal(socket.scanning, false);
    clock.advance(2_000);
    assert.ok(socket.deliver(extendedBeaconPacket()));
    assert.equal(radio.counts().takeovers, 1);
  });
});

test("the environment variable by which noble would take the adapter from the kernel changes nothing", async (t) => {
  process.env["HCI_CHANNEL_USER"] = "1";
  t.after(() => delete process.env["HCI_CHANNEL_USER"]);
  const bound: string[] = [];
  const openSocket: NonNullable<Options["openSocket"]> = (_n, sim) => {
    const bindRaw = sim.bindRaw.bind(sim);
    sim.bindRaw = (adapter) => {
      bound.push("raw");
      return bindRaw(adapter);
    };
    sim.bindUser = () => assert.fail("bound to the user channel");
    return sim;
  };
  await withRadio({ openSocket }, ({ socket }) => {
    assert.ok(socket.scanning);
    assert.deepEqual(bound, ["raw"]);
  });
});
