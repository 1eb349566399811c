import { isIP, isIPv6 } from "node:net";

/** Whether listening on this host reaches this machine only: `localhost`, 127.0.0.0/8 or ::1. Pure. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  if (name === "localhost" || name === "::1") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}

/**
 * Name part of a Host header without port and brackets, in lower case; null when absent or malformed. Pure.
 * @source RFC 9110 section 7.2.
 */
export function hostNameOf(header: string | undefined): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:/@\s]+)(?::\d{1,5})?$/i.exec(header ?? "");
  return match?.[1]?.replace(/^\[|\]$/g, "").toLowerCase() ?? null;
}

/**
 * Whether a request may be answered by a dashboard that listens on loopback. A page of another site that points
 * its own name at 127.0.0.1 (DNS rebinding) sends that name here and is refused. Pure.
 */
export function mayServeOnLoopback(hostHeader: string | undefined): boolean {
  const name = hostNameOf(hostHeader);
  return name !== null && isLoopbackHost(name);
}

/** Headers that tell where a browser's request comes from. */
export interface OriginHeaders {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

/**
 * Whether a request that changes something was made by our own page. Browsers always send `Origin` with a form
 * POST, so a foreign or opaque one is refused; a client that sends neither header has no ambient cookie to misuse.
 * Pure.
 * @source Fetch Metadata Request Headers (W3C), section 2.3; RFC 6454 section 7.
 */
export function isOwnOrigin(headers: OriginHeaders): boolean {
  if (headers.fetchSite !== undefined && !["same-origin", "none"].includes(headers.fetchSite)) {
    return false;
  }
  if (headers.origin === undefined) return true;
  const match = /^https?:\/\/(.+)$/i.exec(headers.origin);
  return match?.[1] !== undefined && match[1].toLowerCase() === headers.host?.toLowerCase();
}

/**
 * Key under which a client's failed tries are counted: its IPv4 address, or the /64 of an IPv6 address, because
 * one customer usually owns a whole /64. Pure.
 */
export function clientKeyOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros =
    tail === undefined ? [] : Array(Math.max(0, 8 - left.length - right.length)).fill("0");
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}
