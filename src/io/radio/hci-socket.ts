import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { GatewayError } from "../../core/errors.ts";

/**
 * What noble needs of an HCI socket, and we of noble: the shape of `@abandonware/bluetooth-hci-socket`. Packets begin
 * with their H4 type (1 command, 2 data, 4 event).
 */
export interface HciSocket {
  bindRaw(adapter?: number): number;
  bindUser(adapter?: number): number;
  isDevUp(): boolean;
  setFilter(filter: Uint8Array): void;
  start(): void;
  stop(): void;
  reset(): void;
  write(packet: Uint8Array): void;
  on(event: "data", listener: (packet: Uint8Array) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeAllListeners(): unknown;
}

const load = createRequire(import.meta.url);

/**
 * Opens the real socket of an adapter. Looks for the adapter first: the native module leaks a file handle for each
 * socket it fails to bind, and a gateway without an adapter asks again for months.
 * @throws RADIO_ADAPTER_MISSING when there is no such adapter, no Bluetooth in the kernel, or no native module.
 */
export function openAdapterSocket(adapter: number): HciSocket {
  if (!existsSync(`/sys/class/bluetooth/hci${adapter}`)) {
    throw new GatewayError("RADIO_ADAPTER_MISSING", `there is no adapter hci${adapter}`, {
      context: { adapter },
    });
  }
  try {
    const Socket = load("@abandonware/bluetooth-hci-socket") as new () => HciSocket;
    return new Socket();
  } catch (cause) {
    throw new GatewayError("RADIO_ADAPTER_MISSING", "the Bluetooth socket could not be opened", {
      cause,
      context: { adapter },
    });
  }
}
