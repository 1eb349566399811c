import { type MonoMs, monoMs, type ReceiverId } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import { seededRandom } from "../../core/random.ts";
import type { TagPlan } from "../../core/site.ts";
import type { SteppedClock } from "../../core/stepped-clock.ts";
import type { Sighting, SightingSource } from "../../radio/sighting.ts";
import { HciSocketSim } from "./hci-socket-sim.ts";
import { createNobleRadio, type NobleRadio } from "./noble-radio.ts";
import { createRadioInput, type RadioInput, type RadioInputOptions } from "./radio-input.ts";
import { mergeRecordings, type RecordedPacket } from "./recording.ts";

/** What a replay of the radio needs. The clock is shared with the other inputs of the replay. */
export interface RadioReplayOptions extends Pick<RadioInputOptions, "plan" | "lagMs" | "learned"> {
  readonly tags: readonly TagPlan[];
  /** Name of the run; the same name and recording give the same events with the same ids. */
  readonly run: string;
  readonly clock: SteppedClock;
  readonly log: Log;
  readonly onEvent: (event: SensorEvent) => void;
}

/** The radio chain on recorded packets: the same noble, reader and presence as live, in virtual time. */
export interface RadioReplay {
  /**
   * Goes to `atMono` on the clock and hands the packet to its receiver, which is made when it first appears. Call in
   * order of time; a time that lies back counts as now.
   */
  feed(recorded: RecordedPacket, atMono: MonoMs): void;
  /**
   * The same for what a remote scanner told: goes to `atMono`, when its message came, and hands the sighting on, which
   * has a time of its own. Call in order of `atMono`, also with `feed`.
   */
  sight(sighting: Sighting, atMono: MonoMs): void;
  /**
   * Tells what is still to be told and stops the receivers; their last event says `stopped`. Tags that are present stay
   * so: that the recording ended does not mean that they left. Idempotent.
   */
  finish(): Promise<void>;
  readonly input: RadioInput;
}

interface Receiver {
  readonly radio: NobleRadio;
  readonly socket: HciSocketSim;
}

/** Creates a replay. Everything happens within `feed` and `finish`; no timer of the machine is used. */
export function createRadioReplay(options: RadioReplayOptions): RadioReplay {
  const { clock } = options;
  const input = createRadioInput({ ...options, sources: [] });
  const receivers = new Map<ReceiverId, Receiver>();
  const scanners = new Map<ReceiverId, SightingSource>();
  const running = new AbortController().signal;
  let begun = false;
  let over = false;
  const goTo = (atMono: MonoMs): void => {
    clock.advanceTo(atMono);
    if (!begun) void input.start(running);
    begun = true;
  };
  const receiverOf = (receiverId: ReceiverId): Receiver => {
    const known = receivers.get(receiverId);
    if (known !== undefined) return known;
    const made = createReceiver(receiverId, options);
    receivers.set(receiverId, made);
    input.add(made.radio);
    void made.radio.start(running);
    return made;
  };
  const scannerOf = (receiverId: ReceiverId): SightingSource => {
    const known = scanners.get(receiverId);
    if (known !== undefined) return known;
    const made = createScanner(receiverId);
    scanners.set(receiverId, made);
    input.addRemote(made);
    made.onState({ kind: "seeing" });
    return made;
  };
  return {
    input,
    feed(recorded, atMono) {
      goTo(atMono);
      receiverOf(recorded.receiverId).socket.deliver(recorded.packet);
    },
    sight(sighting, atMono) {
      goTo(atMono);
      scannerOf(sighting.receiverId).onSighting(sighting);
    },
    async finish() {
      if (over) return;
      over = true;
      for (const { radio } of receivers.values()) await radio[Symbol.asyncDispose]();
      input.advance(clock.mono());
      await input[Symbol.asyncDispose]();
    },
  };
}

/** A scanner whose sightings are recorded: always there, and nothing went wrong. */
function createScanner(receiverId: ReceiverId): SightingSource {
  return {
    receiverId,
    onSighting: () => undefined,
    onState: () => undefined,
    counts: () => ({ packets: 0, reports: 0, malformed: 0, rearms: 0, resets: 0 }),
    factTexts: () => [],
  };
}

function createReceiver(receiverId: ReceiverId, options: RadioReplayOptions): Receiver {
  const socket = new HciSocketSim();
  const radio = createNobleRadio({
    receiverId,
    adapter: 0,
    clock: options.clock,
    log: options.log,
    random: seededRandom(1),
    openSocket: () => socket,
  });
  return { radio, socket };
}

/** What a replay did. */
export interface RadioReplayOutcome {
  readonly packets: number;
  readonly reports: number;
  readonly malformed: number;
}

/**
 * Replays whole recordings, merged by time, each packet at the wall-clock time it was recorded with. `clock` has to be
 * at or before the first packet's time (`epochAtZero` = 0 makes both the same number). For a replay together with other
 * inputs use `createRadioReplay` and merge by time outside.
 * @throws INPUT_INVALID from the readers.
 */
export async function replayRadio(
  options: RadioReplayOptions & { readonly recordings: readonly AsyncIterable<RecordedPacket>[] },
): Promise<RadioReplayOutcome> {
  const replay = createRadioReplay(options);
  const shiftMs = options.clock.now() - options.clock.mono();
  let packets = 0;
  for await (const recorded of mergeRecordings(options.recordings)) {
    packets += 1;
    replay.feed(recorded, monoMs(recorded.at - shiftMs));
  }
  const facts = replay.input.facts();
  await replay.finish();
  const sum = (of: (f: (typeof facts)[number]) => number): number =>
    facts.reduce((total, f) => total + of(f), 0);
  return {
    packets,
    reports: sum((f) => f.tagReports + f.otherReports),
    malformed: sum((f) => f.malformed),
  };
}
