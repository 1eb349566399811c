import { createInterface } from "node:readline";
import { loadGatewayFile } from "../../src/app/config-files.ts";
import { runGateway } from "../../src/app/run-gateway.ts";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { createTerminal, reportFailure } from "../../src/app/terminal.ts";
import { epochMs, monoMs } from "../../src/core/brand.ts";
import { HciSocketSim } from "../../src/io/radio/hci-socket-sim.ts";
import { FakeFaceChain, FakeStationCamera } from "./fake-face-chain.ts";
import { advertPacket } from "./planted-addresses.ts";

/**
 * A whole gateway on simulated adapters, a station whose camera always shows the same person, and a clock that a time
 * server vouches for; until it is asked to stop. Argument: gateway file. Standard input takes lines of JSON:
 * `{"air": [{"address", "payload"}]}` says in hexadecimal digits what is on the air from now on, `{"skipMs"}` lets both
 * clocks leap ahead.
 */
const [file = ""] = process.argv.slice(2);
const PERSON = 1;
const shown = Array.from({ length: 40 }, () => ({ person: PERSON, live: 0.9 }));
const sockets = new Map<number, HciSocketSim>();
let air: readonly { readonly address: string; readonly payload: string }[] = [];
let skippedMs = 0;
const system = createSystemClock();
const clock = {
  ...system,
  now: () => epochMs(system.now() + skippedMs),
  mono: () => monoMs(system.mono() + skippedMs),
};
const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  const order = JSON.parse(line) as { readonly air?: typeof air; readonly skipMs?: number };
  air = order.air ?? air;
  skippedMs += order.skipMs ?? 0;
});
let tick = 0;
const heard = setInterval(() => {
  tick += 1;
  for (const [adapter, socket] of sockets)
    for (const { address, payload } of air) {
      const bytes = Uint8Array.from(Buffer.from(payload, "hex"));
      socket.deliver(advertPacket(address, 1, bytes, -50 - 6 * adapter - (tick % 3)));
    }
}, 100);
const terminal = createTerminal();
try {
  await runGateway(await loadGatewayFile(file), terminal, {
    clock,
    clockSigns: async () => ({ setAt: clock.now(), isInStep: true, isServed: true }),
    openSocket: (adapter) => {
      const socket = sockets.get(adapter) ?? new HciSocketSim();
      sockets.set(adapter, socket);
      return socket;
    },
    station: {
      camera: new FakeStationCamera(shown.length),
      openChain: async () => new FakeFaceChain(shown),
    },
  });
} catch (error) {
  process.exitCode = reportFailure(terminal, error);
} finally {
  clearInterval(heard);
  input.close();
}
