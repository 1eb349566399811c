import type { AddressKind } from "./source.ts";

/** Address types of HCI advertising reports. @source Bluetooth Core 5.4, Vol 4 Part E, 7.7.65.2 and 7.7.65.13. */
export const ADDRESS_TYPE = {
  public: 0x00,
  random: 0x01,
  /** A resolvable address which the controller itself resolved to a public identity address. */
  publicIdentity: 0x02,
  /** The same, resolved to a random static identity address. */
  randomIdentity: 0x03,
  /** Extended advertising without any address. */
  anonymous: 0xff,
} as const;

/**
 * Kind of an address. `topByte` is its most significant byte (the first in print), whose two top bits tell the random
 * kinds apart. An anonymous or reserved one counts as non-resolvable: it identifies nobody. Pure.
 * @source Bluetooth Core 5.4, Vol 6 Part B, 1.3.
 */
export function addressKindOf(hciAddressType: number, topByte: number): AddressKind {
  switch (hciAddressType) {
    case ADDRESS_TYPE.public:
    case ADDRESS_TYPE.publicIdentity:
      return "public";
    case ADDRESS_TYPE.randomIdentity:
      return "random-static";
    case ADDRESS_TYPE.random:
      if (topByte >> 6 === 0b11) return "random-static";
      return topByte >> 6 === 0b01 ? "resolvable" : "non-resolvable";
    default:
      return "non-resolvable";
  }
}
