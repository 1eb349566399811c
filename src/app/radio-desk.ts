import type { MonoMs } from "../core/brand.ts";
import { epochAt, type TimeAnchor } from "../core/clock.ts";
import type { RadioInput } from "../io/radio/radio-input.ts";
import { RadioTap } from "../io/radio/radio-tap.ts";
import { createBootKey } from "../privacy/boot-key.ts";
import { UnknownDevices, type UnknownDevicesView } from "../radio/unknown-devices.ts";
import type { RecordingHandle } from "../web/dashboard-source.ts";
import { recordRadio } from "./record/radio-recording.ts";

/** What the desk needs. */
export interface RadioDeskDeps {
  /** Whether devices that nobody registered are counted, and the smallest count that is told. */
  readonly unknownDevices: { readonly count: boolean; readonly minGroup: number };
  readonly anchor: () => TimeAnchor;
  /** Fills its argument with random bytes. */
  readonly fill: (bytes: Uint8Array) => void;
}

/** What people may take from the radio: a recording of registered tags, and how crowded the air is. */
export class RadioDesk {
  readonly #tap: RadioTap;
  readonly #unknown: UnknownDevices | null;
  #hasRadio = false;

  constructor({ unknownDevices, anchor, fill }: RadioDeskDeps) {
    this.#tap = new RadioTap((atMono) => epochAt(anchor(), atMono));
    const { count, minGroup } = unknownDevices;
    const veil = createBootKey({ fill });
    this.#unknown = count ? new UnknownDevices({ veil, minGroup }) : null;
  }

  /** Listens to a radio input; once per gateway. Addresses are only read when unknown devices are counted. */
  follow(input: RadioInput): void {
    this.#hasRadio = true;
    input.onTagReport((tag, report) => this.#tap.take(tag, report));
    input.onUnknown((report) => this.#tap.heard(report));
    const unknown = this.#unknown;
    if (unknown !== null) input.onUnknown(({ address, atMono }) => unknown.heard(address, atMono));
  }

  /** Begins a recording of registered tags; null without an adapter of our own. */
  record(onLine: (line: string) => void): RecordingHandle | null {
    return this.#hasRadio ? recordRadio(this.#tap, onLine) : null;
  }

  /** Whether somebody records now. */
  get isRecording(): boolean {
    return this.#tap.listeners > 0;
  }

  /** Forgets devices that have been silent for two minutes. Call about once a second. */
  advance(nowMono: MonoMs): void {
    this.#unknown?.advance(nowMono);
  }

  /** How many unknown devices are near; null when they are not counted. */
  devices(nowMono: MonoMs): UnknownDevicesView | null {
    return this.#unknown?.view(nowMono) ?? null;
  }
}
