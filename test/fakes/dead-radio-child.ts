import { loadGatewayFile } from "../../src/app/config-files.ts";
import { runGateway } from "../../src/app/run-gateway.ts";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { createTerminal, reportFailure } from "../../src/app/terminal.ts";
import { monoMs } from "../../src/core/brand.ts";
import type { Clock } from "../../src/core/clock.ts";
import { HciSocketSim } from "../../src/io/radio/hci-socket-sim.ts";
import { beaconPacket } from "./fake-radio.ts";

/**
 * A gateway whose hours last three seconds, on simulated adapters. Arguments: gateway file, and how its first adapter
 * fares: `dies` (heard once, then never), `absent` (never heard) or `lives`. It leaves as `vitrine run` does; one that
 * stays is asked to stop after an hour and a half and leaves with 0. Prints its minutes at the end.
 */
const [file = "", fate = "dies"] = process.argv.slice(2);
const SPEED = 1200;
const STAY_MS = 90 * 60_000;
/** However long the machine holds this process up, it may not seem to be minutes. */
const LONGEST_STEP_MS = 10;

const system = createSystemClock();
let readMono = system.mono();
let hurriedMs = 0;
const clock: Clock = {
  now: () => system.now(),
  mono: () => {
    const nowMono = system.mono();
    hurriedMs += Math.min(LONGEST_STEP_MS, nowMono - readMono) * SPEED;
    readMono = nowMono;
    return monoMs(hurriedMs);
  },
  after: (delayMs, name, run) => system.after(delayMs / SPEED, name, run),
  every: (periodMs, name, run) => system.every(periodMs / SPEED, name, run),
};
const sockets = new Map<number, HciSocketSim>();
const openSocket = (adapter: number): HciSocketSim => {
  const socket = sockets.get(adapter) ?? new HciSocketSim();
  sockets.set(adapter, socket);
  return socket;
};
const startMono = clock.mono();
let heard = 0;
let isAsked = false;
const air = setInterval(() => {
  if (clock.mono() - startMono > STAY_MS && !isAsked) {
    isAsked = true;
    process.kill(process.pid, "SIGTERM");
  }
  for (const [adapter, socket] of sockets) {
    const isAlive = adapter > 0 || fate === "lives" || (fate === "dies" && heard === 0);
    if (isAlive && socket.deliver(beaconPacket()) && adapter === 0) heard += 1;
  }
}, 5);
const terminal = createTerminal();
try {
  await runGateway(await loadGatewayFile(file), terminal, { clock, openSocket });
} catch (error) {
  process.exitCode = reportFailure(terminal, error);
} finally {
  clearInterval(air);
  console.log(`up=${Math.floor((clock.mono() - startMono) / 60_000)}`);
}
