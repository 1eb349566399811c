/** What a tag of the demonstration with an accelerometer says of itself. */
export interface MotionTelemetry {
  readonly temperatureC: number;
  readonly batteryMv: number;
  /** Motions felt, modulo 255. */
  readonly motions: number;
  /** Number of the measurement, modulo 65535. */
  readonly measurement: number;
}

const NOT_MEASURED_U16 = 0xffff;
const NOT_MEASURED_I16 = 0x8000;
/** Battery in the upper 11 bits, above 1600 mV; transmit power 4 dBm in the lower 5. */
const TX_POWER_4_DBM = 22;

/**
 * Payload of a RuuviTag in format 5 with flags, 31 bytes. The address that the format can hold is left out.
 * @source ruuvi/ruuvi-sensor-protocols, dataformat 5 (RAWv2).
 */
export function ruuvi5Payload(telemetry: MotionTelemetry): Uint8Array {
  const fields = new DataView(new ArrayBuffer(24));
  fields.setUint8(0, 5);
  fields.setInt16(1, Math.round(telemetry.temperatureC / 0.005));
  fields.setUint16(3, NOT_MEASURED_U16);
  fields.setUint16(5, NOT_MEASURED_U16);
  for (const at of [7, 9, 11]) fields.setUint16(at, NOT_MEASURED_I16);
  fields.setUint16(13, ((telemetry.batteryMv - 1_600) << 5) | TX_POWER_4_DBM);
  fields.setUint8(15, telemetry.motions % 255);
  fields.setUint16(16, telemetry.measurement % 65_535);
  for (let at = 18; at < 24; at += 1) fields.setUint8(at, 0xff);
  const head = [0x02, 0x01, 0x06, 0x1b, 0xff, 0x99, 0x04];
  return Uint8Array.from([...head, ...new Uint8Array(fields.buffer)]);
}
