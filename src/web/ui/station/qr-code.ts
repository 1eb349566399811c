/**
 * QR codes of one size: version 2 (25 x 25 modules), error correction M, alphanumeric, which holds 38 digits, capital
 * letters and a few signs: room for a claim code and nothing that needs more.
 * @source ISO/IEC 18004:2015
 */

/** Modules along a side, without the quiet zone of four around it. */
export const QR_SIDE = 25;
const DATA_BYTES = 28;
const CHECK_BYTES = 16;
const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
/** Level M, mask 0 (row plus column even), with its own check bits and the fixed mask on top. */
const FORMAT = 0b101010000010010;
const ALIGNMENT_AT = 18;

/** Whether each module is dark, row by row from the top. A text that does not fit throws a RangeError. Pure. */
export function qrModules(text: string): readonly (readonly boolean[])[] {
  const data = dataBytes(text);
  const bytes = [...data, ...checkBytes(data)];
  const modules = Array.from({ length: QR_SIDE }, () => Array<boolean | null>(QR_SIDE).fill(null));
  drawPatterns(modules);
  drawData(modules, bytes);
  return modules.map((row) => row.map((isDark) => isDark === true));
}

function dataBytes(text: string): readonly number[] {
  let bits = `0010${text.length.toString(2).padStart(9, "0")}`;
  const values = [...text].map((symbol) => ALPHANUMERIC.indexOf(symbol));
  if (text.length > 38 || values.includes(-1)) throw new RangeError("no text for this QR code");
  for (let i = 0; i + 1 < values.length; i += 2)
    bits += ((values[i] ?? 0) * 45 + (values[i + 1] ?? 0)).toString(2).padStart(11, "0");
  if (values.length % 2 === 1) bits += (values.at(-1) ?? 0).toString(2).padStart(6, "0");
  bits = `${bits}0000`.slice(0, DATA_BYTES * 8);
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  for (let i = 0; bytes.length < DATA_BYTES; i += 1) bytes.push(i % 2 === 0 ? 0xec : 0x11);
  return bytes;
}

/** Remainder of the data by the generator polynomial of Reed and Solomon. */
function checkBytes(data: readonly number[]): readonly number[] {
  let generator = [1];
  for (let i = 0, root = 1; i < CHECK_BYTES; i += 1, root = times(root, 2)) {
    const next = [...generator, 0];
    for (const [k, factor] of generator.entries())
      next[k + 1] = (next[k + 1] ?? 0) ^ times(factor, root);
    generator = next;
  }
  const rest = [...data, ...Array<number>(CHECK_BYTES).fill(0)];
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
  if (line !== undefined && column >= 0 && column < QR_SIDE) line[column] = isDark;
}

function drawPatterns(modules: Modules): void {
  for (const [top, left] of [
    [0, 0],
    [0, QR_SIDE - 7],
    [QR_SIDE - 7, 0],
  ] as const) {
    for (let r = -1; r <= 7; r += 1)
      for (let c = -1; c <= 7; c += 1) {
        const ring = Math.max(Math.abs(r - 3), Math.abs(c - 3));
        set(modules, top + r, left + c, ring !== 2 && ring <= 3);
      }
  }
  for (let i = 8; i < QR_SIDE - 8; i += 1) {
    set(modules, 6, i, i % 2 === 0);
    set(modules, i, 6, i % 2 === 0);
  }
  for (let r = -2; r <= 2; r += 1)
    for (let c = -2; c <= 2; c += 1)
      set(modules, ALIGNMENT_AT + r, ALIGNMENT_AT + c, Math.max(Math.abs(r), Math.abs(c)) !== 1);
  drawFormat(modules);
}

/** Twice, around the corner at the top left and along the two others. */
function drawFormat(modules: Modules): void {
  for (let i = 0; i < 15; i += 1) {
    const isDark = ((FORMAT >> i) & 1) === 1;
    if (i < 6) set(modules, i, 8, isDark);
    else if (i < 8) set(modules, i + 1, 8, isDark);
    else if (i === 8) set(modules, 8, 7, isDark);
    else set(modules, 8, 14 - i, isDark);
    if (i < 8) set(modules, 8, QR_SIDE - 1 - i, isDark);
    else set(modules, QR_SIDE - 15 + i, 8, isDark);
  }
  set(modules, QR_SIDE - 8, 8, true);
}

/** In columns of two from the right, up and down in turn, past what is drawn already. */
function drawData(modules: Modules, bytes: readonly number[]): void {
  let bit = 0;
  for (const [row, column] of places()) {
    if (modules[row]?.[column] !== null) continue;
    const isOne = (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
    set(modules, row, column, isOne !== ((row + column) % 2 === 0));
    bit += 1;
  }
}

function* places(): Generator<readonly [row: number, column: number]> {
  for (let pair = 0; pair < (QR_SIDE - 1) / 2; pair += 1) {
    // The column of the timing pattern is in no pair.
    const right = QR_SIDE - 1 - 2 * pair - (pair >= 9 ? 1 : 0);
    for (let step = 0; step < QR_SIDE; step += 1) {
      const row = pair % 2 === 0 ? QR_SIDE - 1 - step : step;
      yield [row, right];
      yield [row, right - 1];
    }
  }
}
