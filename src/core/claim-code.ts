import { type SubjectRef, subjectRef } from "./brand.ts";

/** What every claim code begins with: kind and version. */
export const CLAIM_PREFIX = "VL1";
const SUBJECT_BYTES = 16;
/** Five bits each. No I and O, which look like digits, and no Y and Z, which German keyboards exchange. */
const SYMBOLS = "0123456789ABCDEFGHJKLMNPQRSTUVWX";
const BODY_LENGTH = 26;
const CHECK_LENGTH = 2;
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * The text of a member's code, for a QR code or a card: `VL1`, the 128 bits of the reference in 26 symbols, two check
 * symbols; 31 digits and capital letters, so that a scanner which types like a keyboard gets it right and a person can
 * read it out. Whoever shows it is taken for the member: it is a card, no password. A text that is no reference of a
 * member is a bug and throws a RangeError. Pure.
 */
export function claimCodeOf(subject: SubjectRef): string {
  const bytes = bytesOf(subject);
  if (bytes === null) throw new RangeError("reference of a member: 128 bits");
  let body = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      body += SYMBOLS[(held >> bits) & 31] ?? "";
    }
    held &= (1 << bits) - 1;
  }
  body += SYMBOLS[(held << (5 - bits)) & 31] ?? "";
  return CLAIM_PREFIX + body + checkOf(CLAIM_PREFIX + body);
}

/**
 * Whose code a text is; null when it is none or was misread. Blanks, hyphens and small letters are forgiven. A wrong
 * symbol, two exchanged ones and most worse misreadings are found, but it proves nothing: see `claimCodeOf`. Pure.
 */
export function readClaimCode(text: string): SubjectRef | null {
  const code = text.replaceAll(/[\s-]/g, "").toUpperCase();
  if (code.length !== CLAIM_PREFIX.length + BODY_LENGTH + CHECK_LENGTH) return null;
  if (!code.startsWith(CLAIM_PREFIX) || !/^[0-9A-Z]+$/.test(code)) return null;
  if (checkOf(code.slice(0, -CHECK_LENGTH)) !== code.slice(-CHECK_LENGTH)) return null;
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const symbol of code.slice(CLAIM_PREFIX.length, -CHECK_LENGTH)) {
    const value = SYMBOLS.indexOf(symbol);
    if (value < 0) return null;
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 255);
    held &= (1 << bits) - 1;
  }
  return held === 0 && bytes.length === SUBJECT_BYTES ? subjectOf(bytes) : null;
}

/**
 * Two check symbols.
 * @source ISO/IEC 7064, MOD 1271-36
 */
function checkOf(text: string): string {
  let sum = 0;
  for (const symbol of text) sum = ((sum + ALPHANUMERIC.indexOf(symbol)) * 36) % 1271;
  const check = (1272 - ((sum * 36) % 1271)) % 1271;
  return `${ALPHANUMERIC[Math.floor(check / 36)] ?? ""}${ALPHANUMERIC[check % 36] ?? ""}`;
}

function bytesOf(subject: SubjectRef): readonly number[] | null {
  if (!/^[A-Za-z0-9_-]{21}[AQgw]$/.test(subject)) return null;
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const symbol of subject) {
    held = ((held << 6) | BASE64.indexOf(symbol)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 255);
  }
  return bytes;
}

function subjectOf(bytes: readonly number[]): SubjectRef {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += BASE64[(held >> bits) & 63] ?? "";
    }
  }
  return subjectRef(text + (BASE64[(held << (6 - bits)) & 63] ?? ""));
}
