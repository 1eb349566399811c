import { randomBytes } from "node:crypto";
import { type Command, Option } from "commander";
import { createCentral } from "../../central/central.ts";
import { keptDays } from "../../central/retention.ts";
import { readBrokerUrls } from "../../config/broker-address.ts";
import { GatewayError } from "../../core/errors.ts";
import { seededRandom } from "../../core/random.ts";
import { createMetrics } from "../../metrics/metrics.ts";
import { loadChainUi } from "../../web/bundle.ts";
import { loadSiteFile } from "../config-files.ts";
import { createLogger, type LogLevel } from "../logger.ts";
import { loadLoyaltyFile } from "../loyalty-file.ts";
import { collect, positiveNumber } from "../option-values.ts";
import { stopRequested } from "../run-gateway.ts";
import { Supervisor } from "../supervisor.ts";
import { createSystemClock } from "../system-clock.ts";
import type { Terminal } from "../terminal.ts";
import { addCentralKeys } from "./central-keys.ts";
import { addCentralTemplateKeys } from "./central-template-keys.ts";
import { addCentralWriteOff } from "./central-write-off.ts";

interface CentralFlags {
  readonly store?: string;
  readonly keepDays?: number;
  readonly share?: string;
  readonly client?: string;
  readonly mqtt: readonly string[];
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly root: string;
  readonly http: string;
  readonly site: readonly string[];
  readonly log: LogLevel;
  readonly loyalty?: string;
}

const BROKER = "mqtt://127.0.0.1:1883";
const EXAMPLE = `
Example:
  vitrine central --store sqlite:central.db --mqtt mqtt://127.0.0.1:1883 --http 127.0.0.1:8081

Stores (docs/central.md):
  sqlite:FILE                       one file, for up to some hundred shops
  postgres://USER@HOST/NAME         PostgreSQL 15 or newer
  postgres://A/N,postgres://B/N     shards: always all of them, in the same order
  A password is better given in VITRINE_STORE (the whole store) or PGPASSWORD than on the command line.

A broker with certificates (deploy/README.md; every address begins with mqtts://):
  vitrine central --mqtt mqtts://broker:8883 --ca ca.crt --cert central.crt --key central.key

Several centres on one PostgreSQL store: --share GROUP for all and a --client NAME for each (brokers with MQTT 5).

Environment: VITRINE_STORE, VITRINE_MQTT_USERNAME, VITRINE_MQTT_PASSWORD, VITRINE_LOYALTY_KEY, and VITRINE_API_TOKEN, which is required beyond loopback.`;

/** Adds `vitrine central`. */
export function addCentral(program: Command, terminal: Terminal): void {
  const command = program.command("central");
  addCentralKeys(command, terminal);
  addCentralTemplateKeys(command, terminal);
  addCentralWriteOff(command, terminal);
  command
    .description("The central store: takes events in, acknowledges its commits, serves a read API")
    .option("--store <store>", "sqlite:FILE or postgres://... (default: sqlite:central.db)")
    .option(
      "--keep-days <days>",
      "drop events that are older, figures stay (default: 90, PostgreSQL 60 and the rest of the month)",
      positiveNumber,
    )
    .option("--share <group>", "share the stream with the other centres of this group")
    .option("--client <name>", "client id at the broker, which must stay the same")
    .addOption(
      new Option("--mqtt <url>", "broker; of a cluster all nodes, repeated or with commas")
        .default([], BROKER)
        .argParser(collect),
    )
    .option("--ca <file>", "certificate authority of the broker (mqtts://), PEM")
    .option("--cert <file>", "certificate to log in with at the broker, PEM; needs --key")
    .option("--key <file>", "its private key, PEM")
    .option("--root <name>", "topic root", "vitrine")
    .option("--http <host:port>", "where the API listens", "127.0.0.1:8081")
    .option(
      "--site <file>",
      "site plan of a shop whose day the API computes; may be repeated",
      collect,
      [],
    )
    .option("--loyalty <file>", "members and their consents, as this file says (docs/loyalty.md)")
    .option("--log <level>", "error, warn, info or debug", "info")
    .addHelpText("after", EXAMPLE)
    .action((flags: CentralFlags) => central(flags, terminal));
}

async function central(flags: CentralFlags, terminal: Terminal): Promise<void> {
  const { environment } = terminal;
  const clock = createSystemClock();
  const log = createLogger(flags.log, process.stdout);
  const random = seededRandom(randomBytes(4).readUInt32LE());
  const token = environment["VITRINE_API_TOKEN"];
  const username = environment["VITRINE_MQTT_USERNAME"];
  const password = environment["VITRINE_MQTT_PASSWORD"];
  const store = flags.store ?? environment["VITRINE_STORE"] ?? "sqlite:central.db";
  const service = createCentral({
    store,
    keepDays: flags.keepDays ?? keptDays(store),
    ...(flags.share === undefined ? {} : { share: flags.share }),
    mqttUrl: parseBroker(flags.mqtt),
    mqtt: {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(flags.client === undefined ? {} : { clientId: flags.client }),
      ...certificateOf(flags),
    },
    root: flags.root,
    http: { ...parseAddress(flags.http), ...(token === undefined ? {} : { token }) },
    sites: await Promise.all(flags.site.map(loadSiteFile)),
    metricsOf: (site) => createMetrics({ site }),
    page: () => loadChainUi(),
    ...(flags.loyalty === undefined
      ? {}
      : { loyalty: await loadLoyaltyFile(flags.loyalty, environment) }),
    clock,
    log,
    random,
  });
  const supervisor = new Supervisor({ services: [service], clock, log, random });
  try {
    await supervisor.start();
    terminal.note(`central API at ${service.url}`);
    await stopRequested(terminal.signal);
  } finally {
    await supervisor.stop();
  }
}

type Certificate = {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
};

/** @throws USAGE */
function certificateOf({ ca, cert, key }: CentralFlags): Certificate {
  if ((cert === undefined) !== (key === undefined))
    throw new GatewayError("USAGE", "--cert and --key belong together: give both or none");
  return {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined || key === undefined ? {} : { certFile: cert, keyFile: key }),
  };
}

/** @throws USAGE */
function parseBroker(texts: readonly string[]): readonly string[] {
  const outcome = readBrokerUrls(texts.length === 0 ? [BROKER] : texts);
  if (outcome.ok) return outcome.value;
  throw new GatewayError("USAGE", `--mqtt: ${outcome.error}`);
}

/** @throws USAGE */
function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const split = text.lastIndexOf(":");
  const port = Number(text.slice(split + 1));
  if (split < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new GatewayError("USAGE", `--http: expected HOST:PORT, found ${text}`);
  }
  return { host: text.slice(0, split).replace(/^\[|\]$/g, ""), port };
}
