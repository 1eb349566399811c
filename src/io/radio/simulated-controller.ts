import { HCI_STATUS, OPCODE } from "./hci-commands.ts";

/**
 * What a simulated controller is able to: `legacy` speaks Bluetooth 4 scanning only, `extended` both; a `hollow` one
 * says that it can scan extended and refuses the parameters, as some chips do.
 */
export type ControllerKind = "legacy" | "extended" | "hollow";

type Dialect = "legacy" | "extended";

/** Return parameters after the status byte, per command; the others return the status alone. Version 10 = Bluetooth 5.1. */
const ANSWERS: Readonly<Record<number, readonly number[]>> = {
  [OPCODE.readLocalVersion]: [0x0a, 0, 0, 0x0a, 0x0f, 0, 0, 0],
  [OPCODE.readBdAddr]: [1, 2, 3, 4, 5, 6],
  [OPCODE.readBufferSize]: [0xfb, 0, 0, 8, 0, 0, 0],
  [OPCODE.leReadBufferSize]: [0xfb, 0, 8],
  [OPCODE.readLeHostSupported]: [1, 0],
};
const EXTENDED_ONLY: readonly number[] = [OPCODE.extendedScanParameters, OPCODE.extendedScanEnable];
const KNOWN: ReadonlySet<number> = new Set(Object.values(OPCODE));
/** Length of the parameters of each scan command (with one PHY). */
const PARAMETER_BYTES: Readonly<Record<number, number>> = {
  [OPCODE.scanParameters]: 7,
  [OPCODE.scanEnable]: 2,
  [OPCODE.extendedScanParameters]: 8,
  [OPCODE.extendedScanEnable]: 6,
};
/** Shortest scan interval, 2.5 ms. */
const INTERVAL_MIN = 4;
const PHY_1M = 0x01;
const { done, unknownCommand, disallowed, unsupportedFeature, invalidParameters } = HCI_STATUS;

/**
 * The state of a Bluetooth controller as far as scanning is concerned, and its answers to commands: those of the
 * specification, including that the two dialects of scanning may not be mixed between two resets.
 * @source Bluetooth Core 5.4, Vol 4 Part E, 3.1.1, 7.8.10, 7.8.11, 7.8.64 and 7.8.65.
 */
export class SimulatedController {
  readonly #kind: ControllerKind;
  #dialect: Dialect | null = null;
  #scanning: Dialect | null = null;
  #active = false;
  #hasExtendedMask = false;
  #scanStarts = 0;
  /** Whether "enable scanning" is refused, as while another program is connecting. */
  refusing = false;

  constructor(kind: ControllerKind) {
    this.#kind = kind;
  }

  /** The dialect in which it scans now; null when it does not. */
  get scanning(): Dialect | null {
    return this.#scanning;
  }

  /** Whether it asks devices for scan responses, by the parameters it was given last. */
  get active(): boolean {
    return this.#active;
  }

  /** How often scanning was enabled. */
  get scanStarts(): number {
    return this.#scanStarts;
  }

  /** Whether it would report what comes in this form: a newer controller tells its two forms apart, an old one cannot. */
  reports(isExtended: boolean): boolean {
    if (this.#scanning === null) return false;
    if (this.#kind === "legacy") return true;
    return isExtended
      ? this.#scanning === "extended" && this.#hasExtendedMask
      : this.#scanning === "legacy";
  }

  /** Stops scanning and nothing else, as other programs do. */
  stopScanning(): void {
    this.#scanning = null;
  }

  /** What a reset or a power cycle leaves. */
  reset(): void {
    this.#dialect = null;
    this.#scanning = null;
    this.#active = false;
    this.#hasExtendedMask = false;
  }

  /** Executes a command packet; returns the return parameters, status first. */
  obey(opcode: number, packet: Uint8Array): readonly number[] {
    const isExtended = this.#kind !== "legacy";
    if (!KNOWN.has(opcode)) return [unknownCommand];
    if (EXTENDED_ONLY.includes(opcode) && !isExtended) return [unknownCommand];
    const parameters = packet.subarray(4);
    switch (opcode) {
      case OPCODE.reset:
        this.reset();
        return [done];
      case OPCODE.leSetEventMask:
        this.#hasExtendedMask = ((parameters[1] ?? 0) & 0x10) !== 0;
        return [done];
      case OPCODE.leReadLocalFeatures:
        return [done, 0x01, isExtended ? 0x10 : 0, 0, 0, 0, 0, 0, 0];
      case OPCODE.readLocalCommands:
        return [done, ...Array.from({ length: 64 }, (_, i) => (i === 37 && isExtended ? 0x60 : 0))];
      default:
        return opcode in PARAMETER_BYTES
          ? [this.#scan(opcode, parameters)]
          : [done, ...(ANSWERS[opcode] ?? [])];
    }
  }

  #scan(opcode: number, parameters: Uint8Array): number {
    const dialect: Dialect = EXTENDED_ONLY.includes(opcode) ? "extended" : "legacy";
    if (this.#kind !== "legacy" && this.#dialect !== null && this.#dialect !== dialect)
      return disallowed;
    this.#dialect = dialect;
    const isEnable = opcode === OPCODE.scanEnable || opcode === OPCODE.extendedScanEnable;
    if (!isEnable) return this.#setParameters(opcode, parameters);
    if (parameters.length !== PARAMETER_BYTES[opcode]) return invalidParameters;
    if (parameters[0] !== 1) this.#scanning = null;
    else if (this.refusing) return disallowed;
    else {
      this.#scanning = dialect;
      this.#scanStarts += 1;
    }
    return done;
  }

  #setParameters(opcode: number, parameters: Uint8Array): number {
    if (this.#scanning !== null) return disallowed;
    const isExtended = opcode === OPCODE.extendedScanParameters;
    if (isExtended && this.#kind === "hollow") return unsupportedFeature;
    // This controller has no Coded PHY.
    if (isExtended && parameters[2] !== PHY_1M) return unsupportedFeature;
    if (parameters.length !== PARAMETER_BYTES[opcode]) return invalidParameters;
    const [type = 0, ...timing] = parameters.subarray(isExtended ? 3 : 0);
    const [interval, window] = [wordAt(timing, 0), wordAt(timing, 2)];
    if (type > 1 || interval < INTERVAL_MIN || window < INTERVAL_MIN || window > interval)
      return invalidParameters;
    this.#active = type === 1;
    return done;
  }
}

const wordAt = (bytes: readonly number[], at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
