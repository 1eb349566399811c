import { subjectRef } from "../../src/core/brand.ts";
import { eddystoneEid, loyaltyId } from "../../src/privacy/beacon-crypto.ts";
import { memberPseudonym, pseudonymTag } from "../../src/privacy/loyalty/pseudonym.ts";
import { LOYALTY_UUIDS, LOYALTY_VERSION } from "../../src/radio/formats/loyalty.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const ofHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

const MEMBERS: readonly {
  readonly key: string;
  readonly storeGroup: string;
  readonly epoch: number;
}[] = [
  { key: "000102030405060708090a0b0c0d0e0f", storeGroup: "nordic", epoch: 1_975_000 },
  { key: "000102030405060708090a0b0c0d0e0f", storeGroup: "nordic", epoch: 1_975_001 },
  { key: "000102030405060708090a0b0c0d0e0f", storeGroup: "south", epoch: 1_975_000 },
  { key: "ffffffffffffffffffffffffffffffff", storeGroup: "nordic", epoch: 0 },
  { key: "00000000000000000000000000000000", storeGroup: "købmand", epoch: 0xffff_ffff },
  { key: "f0e1d2c3b4a5968778695a4b3c2d1e0f", storeGroup: "a".repeat(64), epoch: 2_147_483_648 },
];
const TAGS: readonly {
  readonly key: string;
  readonly counter: number;
  readonly rotation: number;
}[] = [
  { key: "0102030405060708090a0b0c0d0e0f10", counter: 0, rotation: 10 },
  { key: "0102030405060708090a0b0c0d0e0f10", counter: 1_048_576, rotation: 10 },
  { key: "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", counter: 86_400, rotation: 9 },
];
const POWER_1M_DBM = -59;
/** Of the examples only; a programme gets its own. */
const UUID_16 = 0xfd0d;

/** Both frames, written as they go on the air, independently of the library for apps. */
function framesOf(id: Uint8Array): Readonly<Record<string, string>> {
  const power = Buffer.from(Int8Array.of(POWER_1M_DBM).buffer).toString("hex");
  const version = LOYALTY_VERSION.toString(16);
  const uuid = hex(LOYALTY_UUIDS.uuid128);
  const printed = hex(Uint8Array.from(LOYALTY_UUIDS.uuid128).reverse());
  const iphone = `${printed.slice(0, 12)}${hex(id)}`;
  return {
    shortAdvertisement: `0201061b21${uuid}${version}8${hex(id.subarray(0, 8))}${power}`,
    longAdvertisement: `0201061116${"0dfd"}${version}a${hex(id)}${power}0000`,
    iphoneServiceUuid: iphone.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5"),
    iphoneAdvertisement: `0201061107${hex(ofHex(iphone).reverse())}`,
  };
}

/** The text of docs/app-developers/test-vectors.json, made by what the gateway and the centre use themselves. Pure. */
export function renderTestVectors(): string {
  const identifiers = MEMBERS.map(({ key, storeGroup, epoch }) => {
    const terms = { version: LOYALTY_VERSION, storeGroup, epoch, size: 10 } as const;
    const id = loyaltyId(ofHex(key), terms);
    return { memberKey: key, storeGroup, epoch, id: hex(id), ...framesOf(id) };
  });
  const eids = TAGS.map(({ key, counter, rotation }) => {
    const eid = hex(eddystoneEid(ofHex(key), counter, rotation));
    return { identityKey: key, counter, rotation, eid };
  });
  const subject = subjectRef(
    Buffer.from(ofHex("00112233445566778899aabbccddeeff")).toString("base64url"),
  );
  const pseudonymKey = "42".repeat(32);
  const pseudonyms = ["nordic", "south"].map((storeGroup) => {
    const name = pseudonymTag(memberPseudonym(ofHex(pseudonymKey), storeGroup, subject));
    return { pseudonymKey, storeGroup, subject, pseudonym: name };
  });
  const about = { uuid16: UUID_16, txPower1mDbm: POWER_1M_DBM };
  return `${JSON.stringify({ about, identifiers, eids, pseudonyms }, null, 2)}\n`;
}
