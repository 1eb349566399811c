import { AD_TYPE } from "../ad-structures.ts";
import { byteAt } from "../bytes.ts";

/** The Bluetooth base UUID without the four bytes of a short one, in the order in which it is sent. */
const BASE_SENT = Uint8Array.of(0xfb, 0x34, 0x9b, 0x5f, 0x80, 0, 0, 0x80, 0, 0x10, 0, 0);

/** Bytes of UUID at the start of service data of this AD type: 2, 4 or 16; 0 when it is not service data. Pure. */
export function serviceUuidBytes(adType: number | undefined): number {
  switch (adType) {
    case AD_TYPE.serviceData16:
      return 2;
    case AD_TYPE.serviceData32:
      return 4;
    case AD_TYPE.serviceData128:
      return 16;
    default:
      return 0;
  }
}

/**
 * The assigned 16-bit UUID that service data `[from, end)` begins with, whichever of its three lengths is sent: the
 * padded forms are compared, so 0xfeaa is the same service as 0000feaa-0000-1000-8000-00805f9b34fb. -1 when it is not
 * service data, is cut, or has a UUID of another kind. Pure, allocates nothing.
 * @source Bluetooth Core 5.4, Vol 3 Part B, 2.5.1.
 */
export function shortServiceUuid(
  p: Uint8Array,
  adType: number | undefined,
  from: number,
  end: number,
): number {
  const size = serviceUuidBytes(adType);
  if (size === 0 || end - from < size) return -1;
  if (size === 16)
    for (let i = 0; i < BASE_SENT.length; i += 1) if (p[from + i] !== BASE_SENT[i]) return -1;
  const at = size === 16 ? from + BASE_SENT.length : from;
  if (size > 2 && (p[at + 2] !== 0 || p[at + 3] !== 0)) return -1;
  return byteAt(p, at) | (byteAt(p, at + 1) << 8);
}
