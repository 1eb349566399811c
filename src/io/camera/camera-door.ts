import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import type { VideoSource } from "./video-source.ts";

/** Where a network camera can be knocked at. */
export interface Door {
  readonly host: string;
  readonly port: number;
}

const USUAL_PORTS: Readonly<Record<string, number>> = {
  rtsp: 554,
  rtsps: 322,
  http: 80,
  https: 443,
};

/**
 * The address behind the URL of a network source; null for files and devices, and where none can be read. Split by
 * hand, as ffmpeg does it: a camera password often holds characters that make a strict URL parser refuse the whole
 * text. Pure.
 */
export function doorOf(source: VideoSource): Door | null {
  if (source.kind !== "rtsp" && source.kind !== "http") return null;
  const [, scheme = "", rest = ""] = /^([a-z]+):\/\/(.*)$/i.exec(source.address) ?? [];
  const withoutUser = /^(?:[^/?#]*@)?([^/?#]*)/.exec(rest)?.[1] ?? "";
  const named = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(withoutUser);
  const host = named?.[1] ?? named?.[2] ?? "";
  const port = Number(named?.[3] ?? USUAL_PORTS[scheme.toLowerCase()] ?? 0);
  return host === "" || port < 1 || port > 65_535 ? null : { host, port };
}

/**
 * Whether somebody accepts a connection there, found out at next to no cost; an ffmpeg that finds nobody costs a
 * tenth of a second of a core. A camera that hangs may still accept. Never rejects.
 */
export async function knock({ host, port }: Door, patienceMs: number): Promise<boolean> {
  // Looked up apart and waited for: a lookup cannot be given up, and those given up would pile up in the few threads
  // the process has for them.
  const address = isIP(host) > 0 ? host : await addressOf(host);
  if (address === null) return false;
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const settle = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(patienceMs, () => settle(false));
    socket.once("connect", () => settle(true));
    socket.on("error", () => settle(false));
  });
}

async function addressOf(host: string): Promise<string | null> {
  try {
    return (await lookup(host)).address;
  } catch {
    // Whatever is wrong with the name: nobody can be reached by it at this moment.
    return null;
  }
}
