import Module, { createRequire } from "node:module";
import type { HciSocket } from "./hci-socket.ts";

/** The parts of noble's HCI layer that are used. Private to noble: version 1.9.2-26 exactly, pinned by a test. */
export interface NobleHci {
  emit(event: "stateChange", state: string): boolean;
  removeAllListeners(event: string): unknown;
  /** Replaced by us: noble's own asks on a timer that nothing can stop. */
  pollIsDevUp: () => void;
  /** Emptied by us: an environment variable fills it, and then noble would take the adapter away from the kernel. */
  _userChannel: unknown;
  setSocketFilter(): void;
  setEventMask(): void;
  setLeEventMask(): void;
  readLocalVersion(): void;
  writeLeHostSupported(): void;
  readLeHostSupported(): void;
  readLeBufferSize(): void;
  readBdAddr(): void;
}

/** Noble's binding to one adapter. */
export interface NobleBindings {
  readonly _hci: NobleHci;
  readonly onSigIntBinded: () => void;
  init(): void;
}

/** Noble itself, of one adapter. The underscored maps are its caches, which have to stay empty. */
export interface Noble {
  /** Set by whoever calls `init` on the bindings, so that noble does not do it again. */
  initialized: boolean;
  readonly _peripherals: Readonly<Record<string, unknown>>;
  on(event: "stateChange", listener: (state: string) => void): unknown;
  removeAllListeners(): unknown;
  startScanning(services: readonly string[], allowDuplicates: boolean): void;
  stopScanning(): void;
  reset(): void;
}

/** One noble over one socket. */
export interface NobleStack {
  readonly noble: Noble;
  readonly bindings: NobleBindings;
}

interface NobleModules {
  readonly Bindings: new (options: { readonly deviceId: number }) => NobleBindings;
  readonly withBindings: (bindings: NobleBindings) => Noble;
}

const SOCKET_PACKAGE = "@abandonware/bluetooth-hci-socket";
const load = createRequire(import.meta.url);

/** The socket that the next `new BluetoothHciSocket()` inside noble returns. */
let seated: HciSocket | null = null;
let modules: NobleModules | null = null;

/** Stands for the socket class inside noble: a constructor that returns an object yields that object. */
function SeatedSocket(): HciSocket {
  const socket = seated;
  seated = null;
  if (socket === null) throw new TypeError("noble made a socket that nobody asked for");
  return socket;
}

/**
 * Builds noble over the given socket, real or simulated; any number may live side by side. Noble's files are loaded
 * once, with our seat in the place of its socket class; the substitution ends with the loading, so everybody else who
 * asks for the socket package gets the real one. Works without the native package.
 */
export function buildNoble(socket: HciSocket, adapter: number): NobleStack {
  modules ??= loadNoble();
  seated = socket;
  const bindings = new modules.Bindings({ deviceId: adapter });
  if (seated !== null) {
    seated = null;
    throw new TypeError("noble was loaded elsewhere before, with a socket class of its own");
  }
  return { bindings, noble: modules.withBindings(bindings) };
}

type Loader = (request: string, parent: unknown, isMain: boolean) => unknown;

function loadNoble(): NobleModules {
  // Node has no public way to stand in for a module that may be absent; `_load` is what every such tool uses.
  const loader = Module as unknown as { _load: Loader };
  const original = loader._load;
  loader._load = (request, parent, isMain) =>
    request === SOCKET_PACKAGE ? SeatedSocket : original(request, parent, isMain);
  try {
    return {
      Bindings: load("@abandonware/noble/lib/hci-socket/bindings") as NobleModules["Bindings"],
      withBindings: load("@abandonware/noble/with-bindings") as NobleModules["withBindings"],
    };
  } finally {
    loader._load = original;
  }
}
