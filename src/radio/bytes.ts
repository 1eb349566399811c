/**
 * Little readers over a Uint8Array that return 0 outside it, so that a caller which checked the length once needs no
 * second check and nothing can throw. All are pure and allocate nothing unless they return text.
 */

/** Unsigned byte. */
export const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

/** Signed byte (two's complement). */
export const signedByteAt = (bytes: Uint8Array, at: number): number =>
  (byteAt(bytes, at) << 24) >> 24;

/** Unsigned 16 bits, most significant byte first. */
export const uint16At = (bytes: Uint8Array, at: number): number =>
  (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1);

/** Unsigned 32 bits, most significant byte first. */
export const uint32At = (bytes: Uint8Array, at: number): number =>
  uint16At(bytes, at) * 65536 + uint16At(bytes, at + 2);

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));

/** Two lower-case digits per byte of `[from, to)`. Allocates the text. */
export function hexText(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = "";
  for (let i = from; i < to; i += 1) text += HEX[byteAt(bytes, i)] ?? "";
  return text;
}

/** Bytes of a text of hexadecimal digits; null when it is not one (odd length or another character). Pure. */
export function bytesOfHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1)
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
