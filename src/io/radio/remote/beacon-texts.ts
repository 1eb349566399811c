import type { BeaconIdentity } from "../../../core/site.ts";

const WORD = /^\d{1,5}$/;
const HEX = /^[0-9a-f]+$/;

/** A UUID of 32 digits with or without dashes as a site plan has it: lower case with dashes; null when it is none. Pure. */
export function plainUuid(text: string): string | null {
  const hex = text.toLowerCase().replaceAll("-", "");
  if (hex.length !== 32 || !HEX.test(hex)) return null;
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}

/** The iBeacon with these values; null when one of them is out of range. Pure. */
export function ibeaconOf(uuid: string, major: number, minor: number): BeaconIdentity | null {
  const plain = plainUuid(uuid);
  if (plain === null || !isWord(major) || !isWord(minor)) return null;
  return { format: "ibeacon", uuid: plain, major, minor };
}

/** `<uuid>-<major>-<minor>` with decimal numbers. */
export function ibeaconOfText(text: string): BeaconIdentity | null {
  const match = /^(.{32,36})-(\d{1,5})-(\d{1,5})$/.exec(text);
  return match === null ? null : ibeaconOf(match[1] ?? "", Number(match[2]), Number(match[3]));
}

/** `<uuid>-<major>-<minor>`, the three parts of an AltBeacon's 20 bytes. */
export function altbeaconOfText(text: string): BeaconIdentity | null {
  const parts = ibeaconOfText(text);
  if (parts?.format !== "ibeacon") return null;
  const word = (value: number): string => value.toString(16).padStart(4, "0");
  const id = parts.uuid.replaceAll("-", "") + word(parts.major) + word(parts.minor);
  return { format: "altbeacon", id };
}

/**
 * `<namespace>-<instance>` in hexadecimal digits. ESPresense writes the fifth byte of the namespace twice, which is
 * undone: 22 digits of which the repeated pair is equal.
 * @source ESPresense, BleFingerprint.cpp, fingerprintServiceData (service data byte 6 printed twice).
 */
export function eddystoneOfText(text: string): BeaconIdentity | null {
  const [written = "", instance = "", ...rest] = text.toLowerCase().split("-");
  if (rest.length > 0 || !HEX.test(written) || !/^[0-9a-f]{12}$/.test(instance)) return null;
  const isDoubled = written.length === 22 && written.slice(8, 10) === written.slice(10, 12);
  const namespace = isDoubled ? written.slice(0, 10) + written.slice(12) : written;
  return namespace.length === 20 ? { format: "eddystone-uid", namespace, instance } : null;
}

const isWord = (value: number): boolean => WORD.test(String(value)) && value <= 0xffff;
