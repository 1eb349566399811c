import { bytesOfHex } from "../../../radio/bytes.ts";
import { plainUuid } from "./beacon-texts.ts";

const MANUFACTURER = 0xff;
const SERVICE_DATA_16 = 0x16;
const SERVICE_DATA_32 = 0x20;
const SERVICE_DATA_128 = 0x21;
/** An AD structure's length byte counts its type too. */
const LARGEST_VALUE = 254;

/**
 * The AD structure of manufacturer data given in hexadecimal digits, company id first, as it was on the air; null when
 * it is none. Pure. @source Bluetooth Core 5.4, Vol 3 Part C, 11.
 */
export function manufacturerAd(hex: string): Uint8Array | null {
  const bytes = bytesOfHex(hex);
  return bytes === null || bytes.length < 2 ? null : adOf(MANUFACTURER, bytes);
}

/**
 * The AD structure of service data: `uuid` as a scanner writes it (`feaa`, `0xfeaa`, 8 digits, or a whole UUID) and the
 * bytes behind it in hexadecimal digits; null when either is none. Pure.
 */
export function serviceAd(uuid: string, hex: string): Uint8Array | null {
  const bytes = bytesOfHex(hex);
  const short = /^(?:0x)?([0-9a-f]{4}|[0-9a-f]{8})$/i.exec(uuid)?.[1];
  const name = bytesOfHex(short ?? plainUuid(uuid)?.replaceAll("-", "") ?? "");
  if (bytes === null || name === null || name.length === 0) return null;
  const type =
    name.length === 2 ? SERVICE_DATA_16 : name.length === 4 ? SERVICE_DATA_32 : SERVICE_DATA_128;
  // On the air the last byte of the UUID is the first.
  return adOf(type, new Uint8Array([...name.reverse(), ...bytes]));
}

/** The structures one after the other. Pure. */
export function joinedAds(ads: readonly Uint8Array[]): Uint8Array {
  const payload = new Uint8Array(ads.reduce((sum, ad) => sum + ad.length, 0));
  let at = 0;
  for (const ad of ads) {
    payload.set(ad, at);
    at += ad.length;
  }
  return payload;
}

function adOf(type: number, value: Uint8Array): Uint8Array | null {
  if (value.length > LARGEST_VALUE) return null;
  const ad = new Uint8Array(value.length + 2);
  ad[0] = value.length + 1;
  ad[1] = type;
  ad.set(value, 2);
  return ad;
}
