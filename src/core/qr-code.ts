/**
 * QR codes with error correction M: digits, capital letters and a few signs packed tightly, any other text as UTF-8. The
 * smallest of the sizes 2 to 18 is taken that holds the text: 25 x 25 modules for a claim code, 89 x 89 for a long address.
 * @source ISO/IEC 18004:2015
 */

/** Longest text that is surely drawn, bytes of UTF-8. */
export const QR_BYTES = 560;
/** Sizes that are drawn; a version has 17 + 4 * version modules along a side. */
const VERSIONS = { least: 2, most: 18 } as const;
/** Bytes of correction in a block, and blocks, by version from 2; level M. */
const CHECK_BYTES = [16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26] as const;
const BLOCKS = [1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13] as const;
const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
/** Level M, mask 0 (row plus column even), with its own check bits and the fixed mask on top. */
const FORMAT = 0b101010000010010;
const VERSION_GENERATOR = 0x1f25;
/** Versions from here on tell their number beside two of the corners. */
const NUMBERED = 7;

/** How a text begins: its kind, and its length in so many bits, in more from version 10 on. */
const PACKED = { mark: "0010", lengthBits: 9, longerBits: 11 } as const;
const PLAIN = { mark: "0100", lengthBits: 8, longerBits: 16 } as const;

/** What a version holds. */
interface Shape {
  readonly version: number;
  readonly side: number;
  readonly blocks: number;
  readonly checkBytes: number;
  readonly dataBytes: number;
}

/** Whether each module is dark, row by row from the top, without the quiet zone of four. Too long a text throws a RangeError. Pure. */
export function qrModules(text: string): readonly (readonly boolean[])[] {
  const { shape, data } = encoded(text);
  const modules = Array.from({ length: shape.side }, () =>
    Array<boolean | null>(shape.side).fill(null),
  );
  drawPatterns(modules, shape);
  drawData(modules, interleaved(data, shape));
  return modules.map((row) => row.map((isDark) => isDark === true));
}

function shapeOf(version: number): Shape {
  const side = 17 + 4 * version;
  const aligned = alignmentsOf(version).length;
  const patterns = 3 * 64 + 2 * (side - 16) + 31 + 25 * (aligned ** 2 - 3) - 10 * (aligned - 2);
  const numbers = version >= NUMBERED ? 36 : 0;
  const all = Math.floor((side * side - patterns - numbers) / 8);
  const blocks = BLOCKS[version - VERSIONS.least] ?? 1;
  const checkBytes = CHECK_BYTES[version - VERSIONS.least] ?? 0;
  return { version, side, blocks, checkBytes, dataBytes: all - blocks * checkBytes };
}

/** Where the middles of the small squares are, along both sides. */
function alignmentsOf(version: number): readonly number[] {
  const count = Math.floor(version / 7) + 2;
  const last = 10 + 4 * version;
  const step = 2 * Math.ceil((last - 6) / (2 * (count - 1)));
  return [6, ...Array.from({ length: count - 1 }, (_, i) => last - (count - 2 - i) * step)];
}

function encoded(text: string): { readonly shape: Shape; readonly data: readonly number[] } {
  const isPacked = [...text].every((symbol) => ALPHANUMERIC.includes(symbol));
  const kind = isPacked ? PACKED : PLAIN;
  const body = isPacked ? packed(text) : plain(text);
  const units = isPacked ? text.length : body.length / 8;
  for (let version: number = VERSIONS.least; version <= VERSIONS.most; version += 1) {
    const shape = shapeOf(version);
    const lengthBits = version < 10 ? kind.lengthBits : kind.longerBits;
    const bits = kind.mark + binary(units, lengthBits) + body;
    if (units < 2 ** lengthBits && bits.length <= shape.dataBytes * 8)
      return { shape, data: filled(bits, shape.dataBytes) };
  }
  throw new RangeError("no text for a QR code: too long");
}

function packed(text: string): string {
  const values = [...text].map((symbol) => ALPHANUMERIC.indexOf(symbol));
  let bits = "";
  for (let i = 0; i + 1 < values.length; i += 2)
    bits += binary((values[i] ?? 0) * 45 + (values[i + 1] ?? 0), 11);
  return values.length % 2 === 1 ? bits + binary(values.at(-1) ?? 0, 6) : bits;
}

const plain = (text: string): string =>
  [...new TextEncoder().encode(text)].map((byte) => binary(byte, 8)).join("");

const binary = (value: number, length: number): string => value.toString(2).padStart(length, "0");

/** Ends the text and fills what is left. */
function filled(bits: string, length: number): readonly number[] {
  const ended = `${bits}0000`.slice(0, length * 8);
  const whole = ended.padEnd(Math.ceil(ended.length / 8) * 8, "0");
  const bytes = (whole.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  for (let i = 0; bytes.length < length; i += 1) bytes.push(i % 2 === 0 ? 0xec : 0x11);
  return bytes;
}

/** The data in blocks with their correction, byte by byte of each in turn; the last blocks may be a byte longer. */
function interleaved(data: readonly number[], shape: Shape): readonly number[] {
  const { blocks, checkBytes } = shape;
  const short = Math.floor(data.length / blocks);
  const longer = data.length % blocks;
  let from = 0;
  const parts = Array.from({ length: blocks }, (_, block) => {
    const length = short + (block >= blocks - longer ? 1 : 0);
    from += length;
    return data.slice(from - length, from);
  });
  const checks = parts.map((part) => checksOf(part, checkBytes));
  const column = (rows: readonly (readonly number[])[], i: number): readonly number[] =>
    rows.flatMap((row) => row[i] ?? []);
  return [
    ...Array.from({ length: short + 1 }, (_, i) => column(parts, i)).flat(),
    ...Array.from({ length: checkBytes }, (_, i) => column(checks, i)).flat(),
  ];
}

/** Remainder of the data by the generator polynomial of Reed and Solomon. */
function checksOf(data: readonly number[], length: number): readonly number[] {
  let generator = [1];
  for (let i = 0, root = 1; i < length; i += 1, root = times(root, 2)) {
    const next = [...generator, 0];
    for (const [k, factor] of generator.entries())
      next[k + 1] = (next[k + 1] ?? 0) ^ times(factor, root);
    generator = next;
  }
  const rest = [...data, ...Array<number>(length).fill(0)];
  for (let i = 0; i < data.length; i += 1) {
    const factor = rest[i] ?? 0;
    for (const [k, term] of generator.entries())
      rest[i + k] = (rest[i + k] ?? 0) ^ times(term, factor);
  }
  return rest.slice(data.length);
}

/** Product in the field of 256 elements that the code is made over. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    if ((b >> bit) & 1) product ^= a;
  }
  return product & 255;
}

type Modules = (boolean | null)[][];

function set(modules: Modules, row: number, column: number, isDark: boolean): void {
  const line = modules[row];
  if (line !== undefined && column >= 0 && column < line.length) line[column] = isDark;
}

function drawPatterns(modules: Modules, { version, side }: Shape): void {
  for (const [top, left] of [
    [0, 0],
    [0, side - 7],
    [side - 7, 0],
  ] as const) {
    for (let r = -1; r <= 7; r += 1)
      for (let c = -1; c <= 7; c += 1) {
        const ring = Math.max(Math.abs(r - 3), Math.abs(c - 3));
        set(modules, top + r, left + c, ring !== 2 && ring <= 3);
      }
  }
  for (let i = 8; i < side - 8; i += 1) {
    set(modules, 6, i, i % 2 === 0);
    set(modules, i, 6, i % 2 === 0);
  }
  const middles = alignmentsOf(version);
  for (const row of middles)
    for (const column of middles)
      if (!isCorner(row, column, side)) drawAlignment(modules, row, column);
  drawFormat(modules, side);
  if (version >= NUMBERED) drawVersion(modules, version, side);
}

/** Where one of the three large squares is. */
const isCorner = (row: number, column: number, side: number): boolean =>
  (row === 6 && column === 6) ||
  (row === 6 && column === side - 7) ||
  (row === side - 7 && column === 6);

function drawAlignment(modules: Modules, row: number, column: number): void {
  for (let r = -2; r <= 2; r += 1)
    for (let c = -2; c <= 2; c += 1)
      set(modules, row + r, column + c, Math.max(Math.abs(r), Math.abs(c)) !== 1);
}

/** Six bits of the number and twelve that check them, beside two corners. */
function drawVersion(modules: Modules, version: number, side: number): void {
  let rest = version;
  for (let i = 0; i < 12; i += 1) rest = (rest << 1) ^ ((rest >> 11) * VERSION_GENERATOR);
  const bits = (version << 12) | rest;
  for (let i = 0; i < 18; i += 1) {
    const isDark = ((bits >> i) & 1) === 1;
    const [near, far] = [Math.floor(i / 3), side - 11 + (i % 3)];
    set(modules, near, far, isDark);
    set(modules, far, near, isDark);
  }
}

/** Twice, around the corner at the top left and along the two others. */
function drawFormat(modules: Modules, side: number): void {
  for (let i = 0; i < 15; i += 1) {
    const isDark = ((FORMAT >> i) & 1) === 1;
    if (i < 6) set(modules, i, 8, isDark);
    else if (i < 8) set(modules, i + 1, 8, isDark);
    else if (i === 8) set(modules, 8, 7, isDark);
    else set(modules, 8, 14 - i, isDark);
    if (i < 8) set(modules, 8, side - 1 - i, isDark);
    else set(modules, side - 15 + i, 8, isDark);
  }
  set(modules, side - 8, 8, true);
}

/** In columns of two from the right, up and down in turn, past what is drawn already. */
function drawData(modules: Modules, bytes: readonly number[]): void {
  let bit = 0;
  for (const [row, column] of places(modules.length)) {
    if (modules[row]?.[column] !== null) continue;
    const isOne = (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
    set(modules, row, column, isOne !== ((row + column) % 2 === 0));
    bit += 1;
  }
}

function* places(side: number): Generator<readonly [row: number, column: number]> {
  const pairs = (side - 1) / 2;
  for (let pair = 0; pair < pairs; pair += 1) {
    // The column of the timing pattern is in no pair.
    const right = side - 1 - 2 * pair - (pair >= pairs - 3 ? 1 : 0);
    for (let step = 0; step < side; step += 1) {
      const row = pair % 2 === 0 ? side - 1 - step : step;
      yield [row, right];
      yield [row, right - 1];
    }
  }
}
