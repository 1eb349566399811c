import type { FastifyInstance } from "fastify";
import type { Clock } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import { Disposer, type Log, type Service } from "../core/lifecycle.ts";
import type { SitePlan } from "../core/site.ts";
import type { LinkState } from "../io/mqtt/link.ts";
import { MqttLink, type MqttLinkOptions } from "../io/mqtt/mqtt-link.ts";
import { createApi } from "./api/create-api.ts";
import type { PageFiles } from "./api/page-routes.ts";
import { addMetricsRoute, createCentralFigures } from "./fleet/central-figures.ts";
import { FleetDesk } from "./fleet/fleet-desk.ts";
import { type LoopLag, LoopWatch } from "./fleet/loop-lag.ts";
import { RollCall } from "./fleet/roll-call.ts";
import { Gate } from "./gate.ts";
import type { QuotaOptions } from "./gateway-quota.ts";
import { Ingest, type IngestCounts, NO_INGEST } from "./ingest.ts";
import { LoyaltyDesk, type LoyaltySetting } from "./loyalty/loyalty-desk.ts";
import { tapCommits } from "./loyalty/tap-commits.ts";
import { openRepository } from "./open-repository.ts";
import type { PeriodMetrics } from "./period-view.ts";
import type { CentralStore } from "./repository.ts";
import { Retention } from "./retention.ts";
import { type FiguresCounts, FiguresThread, NO_FIGURES } from "./rollups/figures-thread.ts";
import { StorePlans } from "./rollups/store-plans.ts";

export interface CentralOptions {
  /** `sqlite:FILE`, or one or several `postgres://...` with commas between them. */
  readonly store: string;
  /** Group of centres that share the stream (MQTT 5); each needs a client id of its own. Absent = this one alone. */
  readonly share?: string;
  /** Events older than this many days are dropped; absent = all are kept. */
  readonly keepDays?: number;
  /** One address of the broker, or those of all nodes of a cluster. */
  readonly mqttUrl: string | readonly string[];
  readonly mqtt?: Partial<
    Pick<
      MqttLinkOptions,
      "username" | "password" | "caFile" | "certFile" | "keyFile" | "clientId" | "retry"
    >
  >;
  readonly root: string;
  /** Port 0 picks a free one. A token is required anywhere but on loopback. */
  readonly http: { readonly host: string; readonly port: number; readonly token?: string };
  /** Site plans that win over what gateways report. */
  readonly sites?: readonly SitePlan[];
  /** Metrics of a shop for questions about its day; absent = none are answered, and no figures are made. */
  readonly metricsOf?: (site: SitePlan) => PeriodMetrics;
  /** The chain page; absent = none is served. */
  readonly page?: () => Promise<PageFiles>;
  /** How much one gateway may send; absent = the default. */
  readonly quota?: QuotaOptions;
  /** Members and their consents; absent = none. Not together with `share`: it has to hear everything. */
  readonly loyalty?: LoyaltySetting;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** The central store with its ingest and read API. */
export interface Central extends Service {
  /** Address of the API; valid after `start`. */
  readonly url: string;
  readonly linkState: LinkState;
  readonly counts: IngestCounts;
  /** What gateways tell of themselves and what is wished of them; null before `start`. */
  readonly fleet: FleetDesk | null;
}

/** Messages in the ingest at once; as many batches may gather for one transaction. */
const MESSAGES_AT_ONCE = 256;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "::1"]);

/**
 * Creates the centre. `start` opens the store, begins to connect to the broker (which may come later) and listens.
 * @throws CONFIG_INVALID for a store it does not know, WEB_PASSWORD_REQUIRED without a token beyond loopback;
 * `start` throws STORE_FAILED, PORT_IN_USE, CONFIG_UNREADABLE
 */
export function createCentral(options: CentralOptions): Central {
  const { http, clock, log } = options;
  checkOptions(options);
  const link = new MqttLink({
    clientId: `${options.root}-central`,
    ...options.mqtt,
    url: options.mqttUrl,
    clean: false,
    overlap: MESSAGES_AT_ONCE,
    boot: "central",
    will: null,
    clock,
    log,
    random: options.random,
  });
  const disposer = new Disposer();
  let ingest: Ingest | null = null;
  let fleet: FleetDesk | null = null;
  let url = "";
  return {
    name: "central",
    get url() {
      return url;
    },
    get linkState() {
      return link.state;
    },
    get counts() {
      return ingest?.counts ?? NO_INGEST;
    },
    get fleet() {
      return fleet;
    },
    async start(signal) {
      const { repository, loyalty } = await openStore(options, link, disposer);
      if (options.keepDays !== undefined) {
        const retention = new Retention({ repository, keepDays: options.keepDays, clock, log });
        disposer.add(() => retention.stop());
      }
      // Ids of commands may not repeat from one life of the centre to the next.
      const run = `c${clock.now().toString(36)}`;
      const { gate, intake, desk } = openDoors(options, repository, link, run);
      ingest = intake;
      fleet = desk;
      disposer.add(() => link[Symbol.asyncDispose]());
      const plans = new StorePlans({ files: options.sites ?? [], repository, log });
      const background = startBackground(options, run, disposer);
      const api = await buildApi(options, { repository, plans, link, fleet: desk, loyalty });
      addMetricsRoute(
        api,
        createCentralFigures({
          ...{ repository, clock, ingest: () => intake.counts, fleet: () => desk.counts },
          ...{ lanes: () => intake.lanes(), flooders: () => gate.flooders() },
          memory: () => process.memoryUsage(),
          ...background,
          isConnected: () => link.state.kind === "connected",
          ...(loyalty === null
            ? {}
            : { erasures: () => loyalty.openErasures(), goneNames: () => loyalty.gone }),
        }),
      );
      disposer.add(() => api.close());
      url = await listen(api, http.host, http.port);
      await loyalty?.start(signal);
      if (!signal.aborted) await link.start(signal);
      log.info({ event: "central.started", url }, "the centre is running");
    },
    [Symbol.asyncDispose]: () => disposer[Symbol.asyncDispose](),
  };
}

interface Doors {
  readonly gate: Gate;
  readonly intake: Ingest;
  readonly desk: FleetDesk;
}

/** What takes in the messages of gateways; all of it shares one gate, so that a quota is of all channels. */
function openDoors(
  options: CentralOptions,
  repository: CentralStore,
  link: MqttLink,
  run: string,
): Doors {
  const { root, clock, log, random, share, quota } = options;
  const sharing = {
    ...(share === undefined ? {} : { share }),
    ...(quota === undefined ? {} : { quota }),
  };
  const gate = new Gate({ repository, link, root, clock, log, random, ...sharing });
  const intake = new Ingest({ repository, link, root, clock, log, random, gate, ...sharing });
  // Lives on what it hears.
  const group = share === undefined ? {} : { share };
  new RollCall({ repository, link, root, run, clock, ...group });
  return { gate, intake, desk: new FleetDesk({ repository, gate, link, root, run, clock }) };
}

interface Parts {
  readonly repository: CentralStore;
  readonly plans: StorePlans;
  readonly link: MqttLink;
  readonly fleet: FleetDesk;
  readonly loyalty: LoyaltyDesk | null;
}

function checkOptions({ http, loyalty, share }: CentralOptions): void {
  const hasToken = http.token !== undefined && http.token !== "";
  if (!LOOPBACK.has(http.host) && !hasToken)
    throw new GatewayError("WEB_PASSWORD_REQUIRED", `the API on ${http.host} requires a token`);
  if (loyalty !== undefined && share !== undefined)
    throw new GatewayError("CONFIG_INVALID", "loyalty needs a centre that hears all gateways");
}

/** The store, and who hears what is committed to it. */
async function openStore(
  options: CentralOptions,
  link: MqttLink,
  disposer: Disposer,
): Promise<{ readonly repository: CentralStore; readonly loyalty: LoyaltyDesk | null }> {
  const { root, clock, log, random } = options;
  const store = await openRepository(options.store, log);
  disposer.add(() => store.close());
  if (options.loyalty === undefined) return { repository: store, loyalty: null };
  const { sites = [], keepDays } = options;
  const kept = keepDays === undefined ? {} : { keepDays };
  const terms = { ...options.loyalty, store, root, link, clock, log, random, sites, ...kept };
  const loyalty = await LoyaltyDesk.open(terms);
  disposer.add(() => loyalty[Symbol.asyncDispose]());
  return { repository: tapCommits(store, loyalty), loyalty };
}

async function buildApi(options: CentralOptions, parts: Parts): Promise<FastifyInstance> {
  const { repository, plans, link, fleet, loyalty } = parts;
  const { http, clock, metricsOf = null } = options;
  const token = http.token === undefined || http.token === "" ? null : http.token;
  return await createApi({
    ...{ repository, plans, fleet, loyalty, metricsOf, token, clock },
    linkState: () => link.state,
    isOpen: token === null,
    page: (await options.page?.()) ?? null,
  });
}

/** Has figures made, if any are to be, and watches the loop. `run` is a name of this life of the centre. */
function startBackground(
  options: CentralOptions,
  run: string,
  disposer: Disposer,
): { readonly rollups: () => FiguresCounts; readonly loopLag: () => LoopLag } {
  const { metricsOf, store, sites = [], keepDays = null, root, mqtt, clock, log, random } = options;
  const watch = new LoopWatch();
  disposer.add(() => watch.stop());
  const loopLag = (): LoopLag => watch.take();
  if (metricsOf === undefined) return { rollups: () => NO_FIGURES, loopLag };
  // Ids of clients differ among centres, whatever their clocks say.
  const holder = `${mqtt?.clientId ?? root} ${run}`;
  const birth = { store, sites, keepDays, holder };
  const figures = new FiguresThread({ birth, clock, log, random });
  disposer.add(() => figures.stop());
  figures.start();
  return { rollups: () => figures.counts, loopLag };
}

async function listen(api: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await api.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code !== "EADDRINUSE" && code !== "EACCES" && code !== "EADDRNOTAVAIL") throw error;
    throw new GatewayError("PORT_IN_USE", `cannot listen on ${host}:${port}`, { cause: error });
  }
}
