import { createSystemClock } from "../../src/app/system-clock.ts";
import { receiverId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import { HciSocketSim } from "../../src/io/radio/hci-socket-sim.ts";
import { createNobleRadio } from "../../src/io/radio/noble-radio.ts";

/**
 * A process with a receiver on the real clock, for the test that it can end: it starts, is disposed at once, prints
 * `disposed`, and must then leave by itself with exit code 0.
 */
const radio = createNobleRadio({
  receiverId: receiverId("door"),
  adapter: 0,
  clock: createSystemClock(),
  log: SILENT_LOG,
  random: seededRandom(1),
  openSocket: () => new HciSocketSim("later"),
});
await radio.start(new AbortController().signal);
await new Promise((resolve) => setImmediate(resolve));
await radio[Symbol.asyncDispose]();
const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout");
console.log(`disposed timers=${timers.length}`);
