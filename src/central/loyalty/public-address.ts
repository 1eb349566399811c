import { lookup as resolveName } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * What is not out in the internet: this machine, private and local networks, carriers' inner networks, documentation,
 * multicast and what is reserved. An address of the cloud's own metadata service is among the link-local ones.
 * @source IANA IPv4 and IPv6 Special-Purpose Address Registries
 */
const INNER_4: readonly Range[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];
/** Everything outside 2000::/3, and what is special within. */
const INNER_6: readonly Range[] = [
  ["::", 3],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["4000::", 2],
  ["8000::", 1],
];
type Range = readonly [address: string, prefix: number];

/** A list for each family: in one of both, IPv4 is found in the ranges of IPv6 in which it can be written. */
function listOf(ranges: readonly Range[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, family);
  return list;
}

const inner4 = listOf(INNER_4, "ipv4");
const inner6 = listOf(INNER_6, "ipv6");

/** Whether an address (no name) is out in the internet. False for what is no address. Pure. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !inner4.check(address, "ipv4");
  // What begins so is an address of IPv4 in other letters, or none of the internet.
  return family === 6 && !address.startsWith("::") && !inner6.check(address, "ipv6");
}

/**
 * Resolves names to public addresses only, for the connection itself: a name that leads inside, or one of whose addresses
 * does, is refused at the moment of connecting, so that a name that changes its address meanwhile gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolveName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, "", 0);
      return;
    }
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      callback(new Error("the name leads to a private address"), "", 0);
      return;
    }
    if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};
