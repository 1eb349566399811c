/** Types of AD structures that this gateway reads. @source Bluetooth Assigned Numbers 2.3, Common Data Types. */
export const AD_TYPE = {
  flags: 0x01,
  uuids128More: 0x06,
  uuids128: 0x07,
  serviceData16: 0x16,
  serviceData32: 0x20,
  serviceData128: 0x21,
  manufacturer: 0xff,
} as const;

/**
 * End offset (exclusive) of the AD structure that begins at `at`, or -1 when there is none: the payload ends, the rest
 * is zero padding, or the length byte points past the end. The structure is `[length, type, value...]`: its type stands
 * at `at + 1`, its value at `at + 2` up to the returned offset (a structure of length 1 has an empty value).
 *
 * Walk a payload with `for (let at = 0, end = adEnd(p, 0); end > 0; at = end, end = adEnd(p, at))`: everything before a
 * fault is kept and repeated types all appear. Pure, allocates nothing, never throws.
 * @source Bluetooth Core 5.4, Vol 3 Part C, 11 (a zero length ends the data early).
 */
export function adEnd(payload: Uint8Array, at: number): number {
  const length = payload[at] ?? 0;
  if (length === 0) return -1;
  const end = at + 1 + length;
  return end > payload.length ? -1 : end;
}

/**
 * Whether the payload ends where its structures end: `whole`, or `cut` when a length byte points past the end.
 * Padding after a zero length is not looked at, as the specification says. Pure, allocates nothing.
 */
export function adIntegrity(payload: Uint8Array): "whole" | "cut" {
  let at = 0;
  for (let end = adEnd(payload, 0); end > 0; end = adEnd(payload, at)) at = end;
  return at >= payload.length || payload[at] === 0 ? "whole" : "cut";
}
