import { byteAt, signedByteAt, uint16At } from "../bytes.ts";

/** Company id of Ruuvi Innovations. */
export const RUUVI_COMPANY = 0x0499;

/** What both formats tell; a field is null when the tag marks it as not available or sends what cannot be. */
interface RuuviSensors {
  readonly temperatureC: number | null;
  /** Relative, 0..1; a wet sensor tells up to 1.64. */
  readonly humidityRatio: number | null;
  readonly pressurePa: number | null;
  /** Axes x, y, z in thousandths of g. */
  readonly accelerationMg: readonly [number | null, number | null, number | null];
  readonly batteryMv: number | null;
}

/** Data format 3 (RAWv1). */
export interface Ruuvi3Frame extends RuuviSensors {
  readonly format: "ruuvi-3";
}

/** Data format 5 (RAWv2). The address at its end is not read. */
export interface Ruuvi5Frame extends RuuviSensors {
  readonly format: "ruuvi-5";
  readonly txPowerDbm: number | null;
  /** Motions felt, 0..254; begins anew behind that. */
  readonly movementCount: number | null;
  /** Measurements made, 0..65534: two frames with the same number hold the same measurement. */
  readonly sequence: number | null;
}

const PRESSURE_FROM_PA = 50_000;
const RAW1_BYTES = 14;
const RAW2_BYTES = 24;
/** Bytes before the data format: the company id. */
const HEAD_BYTES = 2;

/**
 * The RuuviTag frame in manufacturer data `[from, end)`, or null when it is of another maker, another format or cut.
 * Pure, never throws.
 * @source docs.ruuvi.com, Bluetooth advertisements, data formats 3 and 5
 */
export function readRuuvi(
  p: Uint8Array,
  from: number,
  end: number,
): Ruuvi3Frame | Ruuvi5Frame | null {
  if ((byteAt(p, from) | (byteAt(p, from + 1) << 8)) !== RUUVI_COMPANY) return null;
  const at = from + HEAD_BYTES;
  if (p[at] === 3 && end - at >= RAW1_BYTES) return readRaw1(p, at);
  return p[at] === 5 && end - at >= RAW2_BYTES ? readRaw2(p, at) : null;
}

/** Format 3 has no mark for "not available" but zero, which only of the battery cannot be a measurement. */
function readRaw1(p: Uint8Array, at: number): Ruuvi3Frame {
  const humidity = byteAt(p, at + 1);
  const whole = byteAt(p, at + 2);
  const hundredths = byteAt(p, at + 3);
  const size = (whole & 0x7f) + hundredths / 100;
  const batteryMv = uint16At(p, at + 12);
  return {
    format: "ruuvi-3",
    temperatureC: hundredths > 99 ? null : whole > 0x7f ? 0 - size : size,
    humidityRatio: humidity > 200 ? null : humidity / 200,
    pressurePa: uint16At(p, at + 4) + PRESSURE_FROM_PA,
    accelerationMg: [signed(p, at + 6), signed(p, at + 8), signed(p, at + 10)],
    batteryMv: batteryMv === 0 ? null : batteryMv,
  };
}

/** Not available is the largest unsigned and the smallest signed number. */
function readRaw2(p: Uint8Array, at: number): Ruuvi5Frame {
  const temperature = signed(p, at + 1);
  const humidity = unsigned(p, at + 3);
  const pressure = unsigned(p, at + 5);
  const power = uint16At(p, at + 13);
  const movements = byteAt(p, at + 15);
  return {
    format: "ruuvi-5",
    temperatureC: temperature === null ? null : temperature / 200,
    humidityRatio: humidity === null ? null : humidity / 40_000,
    pressurePa: pressure === null ? null : pressure + PRESSURE_FROM_PA,
    accelerationMg: [signed(p, at + 7), signed(p, at + 9), signed(p, at + 11)],
    batteryMv: power >> 5 === 0x7ff ? null : 1600 + (power >> 5),
    txPowerDbm: (power & 0x1f) === 0x1f ? null : 2 * (power & 0x1f) - 40,
    movementCount: movements === 0xff ? null : movements,
    sequence: unsigned(p, at + 16),
  };
}

function signed(p: Uint8Array, at: number): number | null {
  const value = signedByteAt(p, at) * 256 + byteAt(p, at + 1);
  return value === -0x8000 ? null : value;
}

function unsigned(p: Uint8Array, at: number): number | null {
  const value = uint16At(p, at);
  return value === 0xffff ? null : value;
}
