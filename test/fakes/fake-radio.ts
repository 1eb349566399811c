import { receiverId } from "../../src/core/brand.ts";
import type { Log } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import {
  extendedReportPacket,
  ibeaconPayload,
  type LegacyReport,
  legacyReportPacket,
} from "../../src/io/radio/hci-packets.ts";
import type { HciSocket } from "../../src/io/radio/hci-socket.ts";
import { type AnswerTime, HciSocketSim } from "../../src/io/radio/hci-socket-sim.ts";
import {
  createNobleRadio,
  type NobleRadio,
  type NobleRadioOptions,
} from "../../src/io/radio/noble-radio.ts";
import type { ControllerKind } from "../../src/io/radio/simulated-controller.ts";
import type { ReceiverState } from "../../src/radio/source.ts";
import { FakeClock } from "./fake-clock.ts";

/** A receiver on a simulated adapter and a fake clock, with everything it says written down. */
export interface FakeRadio {
  readonly radio: NobleRadio;
  readonly socket: HciSocketSim;
  readonly clock: FakeClock;
  readonly log: Log;
  /** States so far, e.g. `blind RADIO_SILENT`. */
  readonly states: string[];
  /** Lines of the log as JSON, for the tests that look for what must not be in it. */
  readonly lines: string[];
  readonly running: AbortController;
}

export function createFakeRadio(
  options: {
    readonly id?: string;
    readonly clock?: FakeClock;
    readonly answer?: AnswerTime;
    readonly controller?: ControllerKind;
    readonly adapter?: number;
    readonly more?: Partial<Pick<NobleRadioOptions, "scan" | "deadAfterMs" | "onDead">>;
    readonly openSocket?: (adapter: number, sim: HciSocketSim) => HciSocket;
  } = {},
): FakeRadio {
  const clock = options.clock ?? new FakeClock();
  const socket = new HciSocketSim(options.answer, options.controller);
  const lines: string[] = [];
  const states: string[] = [];
  const write = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    lines.push(JSON.stringify({ ...fields, message }));
  };
  const log: Log = { error: write, warn: write, info: write, debug: write };
  const { openSocket } = options;
  const radio = createNobleRadio({
    receiverId: receiverId(options.id ?? "door"),
    adapter: options.adapter ?? 0,
    clock,
    log,
    random: seededRandom(1),
    openSocket: (adapter) => openSocket?.(adapter, socket) ?? socket,
    ...options.more,
  });
  radio.onState = (state: ReceiverState) => {
    states.push(state.kind === "blind" ? `blind ${state.code}` : state.kind);
  };
  return { radio, socket, clock, log, states, lines, running: new AbortController() };
}

const IDENTITY = Uint8Array.from({ length: 20 }, (_, i) => i);

/** An advertisement of a beacon with this address and strength, as a raw HCI packet. */
export function beaconPacket(address = "c1:02:03:04:05:06", rssiDbm = -70): Uint8Array {
  return legacyReportPacket([beaconReport(address, rssiDbm)]);
}

/** The same as a controller reports it that scans extended. */
export function extendedBeaconPacket(address = "c1:02:03:04:05:06", rssiDbm = -70): Uint8Array {
  return extendedReportPacket({
    ...beaconReport(address, rssiDbm),
    eventType: 0x10,
    txPowerDbm: 127,
  });
}

function beaconReport(address: string, rssiDbm: number): LegacyReport {
  const bytes = Uint8Array.from(address.split(":"), (part) => Number.parseInt(part, 16));
  const payload = ibeaconPayload(IDENTITY, -59);
  return { eventType: 3, addressType: 1, address: bytes, payload, rssiDbm };
}
