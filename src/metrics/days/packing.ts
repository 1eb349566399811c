/**
 * Numbers as plain JSON, small: whole numbers as base64 of one variable-length code after the other (7 bits a byte,
 * lowest first, sign in the lowest bit), anything else as they are.
 */
export type Packed = string | readonly number[];

/** Characters are made of so many bytes at a time, since a call takes only so many arguments. */
const CHUNK_BYTES = 8192;
/** The code of a number is its double, plus one when negative: both must stay exact. */
const MAX_PACKED = 2 ** 52 - 1;

/** Packs numbers; NaN and infinities are not allowed in JSON and throw a TypeError. Pure. */
export function packNumbers(numbers: readonly number[]): Packed {
  const bytes: number[] = [];
  for (const value of numbers) {
    if (!Number.isFinite(value)) throw new TypeError(`not a number to keep: ${value}`);
    if (!Number.isInteger(value) || Math.abs(value) > MAX_PACKED) return [...numbers];
    pushCode(bytes, value);
  }
  let text = "";
  for (let i = 0; i < bytes.length; i += CHUNK_BYTES)
    text += String.fromCharCode(...bytes.slice(i, i + CHUNK_BYTES));
  return btoa(text);
}

/** Unpacks what `packNumbers` packed. Throws a RangeError when it is anything else. Pure. */
export function unpackNumbers(packed: Packed): readonly number[] {
  if (typeof packed !== "string") {
    if (!Array.isArray(packed) || !packed.every(Number.isFinite)) throw broken();
    return packed;
  }
  const text = decoded(packed);
  const numbers: number[] = [];
  let code = 0;
  let scale = 1;
  for (let i = 0; i < text.length; i += 1) {
    const byte = text.charCodeAt(i);
    code += (byte & 127) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    if (code > Number.MAX_SAFE_INTEGER) throw broken();
    numbers.push(code % 2 === 0 ? code / 2 : -(code + 1) / 2);
    code = 0;
    scale = 1;
  }
  if (scale !== 1) throw broken();
  return numbers;
}

const broken = (): RangeError => new RangeError("not a list of packed numbers");

function decoded(text: string): string {
  try {
    return atob(text);
  } catch {
    // Whatever stands there is no base64, and so not what was packed.
    throw broken();
  }
}

function pushCode(bytes: number[], value: number): void {
  let code = value >= 0 ? value * 2 : -value * 2 - 1;
  while (code >= 128) {
    bytes.push((code % 128) + 128);
    code = Math.floor(code / 128);
  }
  bytes.push(code);
}
