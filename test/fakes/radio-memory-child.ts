import { receiverId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import { extendedReportPacket } from "../../src/io/radio/hci-packets.ts";
import { HciSocketSim } from "../../src/io/radio/hci-socket-sim.ts";
import { createNobleRadio } from "../../src/io/radio/noble-radio.ts";
import { createRadioInput } from "../../src/io/radio/radio-input.ts";
import { FakeClock } from "./fake-clock.ts";
import { beaconPacket } from "./fake-radio.ts";

/**
 * What a million addresses leave behind, in a process of its own started with `--expose-gc`: whole reports and first
 * fragments whose rest never comes, through noble, reader, decoder and presence; then a hundred thousand packets within
 * one millisecond. Prints one JSON object of figures.
 */
const ADDRESSES = 1_000_000;
const BURST = 100_000;

const clock = new FakeClock();
const socket = new HciSocketSim();
const radio = createNobleRadio({
  receiverId: receiverId("door"),
  adapter: 0,
  clock,
  log: SILENT_LOG,
  random: seededRandom(1),
  openSocket: () => socket,
});
const input = createRadioInput({
  sources: [radio],
  tags: [],
  run: "memory",
  clock,
  onEvent: () => undefined,
});
await radio.start(new AbortController().signal);

const whole = Buffer.from(beaconPacket());
const fragment = Buffer.from(
  extendedReportPacket({
    eventType: 0x20,
    addressType: 1,
    address: new Uint8Array(6),
    payload: Uint8Array.from([2, 1, 6, 20, 255]),
    rssiDbm: -60,
    txPowerDbm: 0,
    setId: 1,
  }),
);
let sent = 0;
let begun = 0;

/** Each address is drawn by its number, so that all differ. */
function hear(from: number, to: number): void {
  for (let n = from; n < to; n += 1) {
    const isFragment = n % 10 === 0;
    const packet = isFragment ? fragment : whole;
    const at = isFragment ? 8 : 7;
    packet.writeUInt32LE(n, at);
    packet.writeUInt16LE(0x4000 | (n & 0x3fff), at + 4);
    if (socket.deliver(packet)) sent += isFragment ? 0 : 1;
    if (isFragment) begun += 1;
    if (n % 20 === 0) clock.advance(1);
  }
}

const collect = (globalThis as { readonly gc?: () => void }).gc ?? (() => undefined);
const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;

hear(0, 100_000);
collect();
const before = process.memoryUsage();
hear(100_000, ADDRESSES);
for (let n = 0; n < BURST; n += 1) if (socket.deliver(whole)) sent += 1;
collect();
const after = process.memoryUsage();
const { reports, drops = 0 } = radio.counts();
console.log(
  JSON.stringify({
    addresses: ADDRESSES,
    sent,
    heard: reports,
    begun,
    drops,
    cached: radio.cachedPeripherals,
    heapGrowthMb: megabytes(after.heapUsed - before.heapUsed),
    rssGrowthMb: megabytes(after.rss - before.rss),
  }),
);
await radio[Symbol.asyncDispose]();
await input[Symbol.asyncDispose]();
