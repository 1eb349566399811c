import { type EpochMs, epochMs, type MonoMs, monoMs } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import { seededRandom } from "../../core/random.ts";
import type { FloorPlan, ReceiverPlan, TagPlan } from "../../core/site.ts";
import { DemoWorld } from "./demo-world.ts";
import { HciSocketSim } from "./hci-socket-sim.ts";
import { createNobleRadio, type NobleRadio } from "./noble-radio.ts";
import type { RecordedPacket } from "./recording.ts";

/** What the demonstration's radio needs. */
export interface DemoRadioOptions {
  readonly seed: number;
  readonly tags: readonly TagPlan[];
  readonly receivers: readonly ReceiverPlan[];
  /** Absent: people walk freely around the receivers. */
  readonly floor?: FloorPlan | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Simulated controllers at every receiver of the plan, each driven by real noble. */
export interface DemoRadio extends Service {
  /** One receiver per entry of the plan, to be handed to the radio input before `start`. */
  readonly sources: readonly NobleRadio[];
}

const STEP_MS = 50;
/** A step longer than this means that the machine was asleep: what was sent meanwhile was heard by nobody. */
const ASLEEP_MS = 5_000;

/**
 * Creates the radio of the demonstration: raw HCI packets of a seeded shop floor, delivered in the time of `clock`, into
 * one simulated controller per receiver. The virtual clock of a replay drives it as fast as the machine.
 */
export function createDemoRadio(options: DemoRadioOptions): DemoRadio {
  const { clock, log, seed, tags, receivers, floor } = options;
  const sockets = receivers.map(() => new HciSocketSim());
  const sources = receivers.map((receiver, i) =>
    createNobleRadio({
      receiverId: receiver.id,
      adapter: i,
      clock,
      log,
      random: seededRandom(seed + i),
      openSocket: () => sockets[i] ?? new HciSocketSim(),
    }),
  );
  let timer: Timer | null = null;
  return {
    name: "demo-radio",
    sources,
    async start(signal) {
      if (timer !== null || signal.aborted) return;
      const world = new DemoWorld({ seed, tags, receivers, floor, startMono: clock.mono() });
      let lastMono = clock.mono();
      timer = clock.every(STEP_MS, "demo-radio.step", () => {
        const nowMono = clock.mono();
        if (nowMono - lastMono > ASLEEP_MS) world.skipTo(nowMono);
        lastMono = nowMono;
        world.advance(nowMono, (receiver, packet) => void sockets[receiver]?.deliver(packet));
      });
      for (const source of sources) await source.start(signal);
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      for (const source of sources) await source[Symbol.asyncDispose]();
    },
  };
}

/** The same shop floor as a recording, without a clock: for `vitrine replay`, fixtures and memory runs. */
export function* demoRecording(
  options: Pick<DemoRadioOptions, "seed" | "tags" | "receivers" | "floor"> & {
    readonly from: EpochMs;
    readonly durationMs: number;
  },
): Generator<RecordedPacket> {
  const { receivers, from, durationMs } = options;
  const world = new DemoWorld({ ...options, startMono: monoMs(0) });
  for (let toMs = 0; toMs < durationMs; toMs += 1_000) {
    const heard: RecordedPacket[] = [];
    const toMono: MonoMs = monoMs(Math.min(durationMs, toMs + 1_000));
    world.advance(toMono, (index, packet, atMono) => {
      const receiver = receivers[index];
      if (receiver !== undefined)
        heard.push({ at: epochMs(from + atMono), receiverId: receiver.id, packet });
    });
    yield* heard;
  }
}
