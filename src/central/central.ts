import type { FastifyInstance } from "fastify";
import type { Clock } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import { Disposer, type Log, type Service } from "../core/lifecycle.ts";
import type { SitePlan } from "../core/site.ts";
import type { LinkState } from "../io/mqtt/link.ts";
import { MqttLink, type MqttLinkOptions } from "../io/mqtt/mqtt-link.ts";
import { createApi } from "./api.ts";
import { Ingest, type IngestCounts } from "./ingest.ts";
import { openRepository } from "./open-repository.ts";
import type { PeriodMetrics } from "./period-view.ts";
import type { EventRepository } from "./repository.ts";

export interface CentralOptions {
  /** `sqlite:FILE`. */
  readonly store: string;
  readonly mqttUrl: string;
  readonly mqtt?: Partial<
    Pick<
      MqttLinkOptions,
      "username" | "password" | "caFile" | "certFile" | "keyFile" | "clientId" | "retry"
    >
  >;
  readonly root: string;
  /** Port 0 picks a free one. A token is required anywhere but on loopback. */
  readonly http: { readonly host: string; readonly port: number; readonly token?: string };
  /** Site plans of the shops whose day the API computes, with the metrics code to do it. */
  readonly sites?: readonly SitePlan[];
  readonly metricsOf?: (site: SitePlan) => PeriodMetrics;
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
}

const LOOPBACK = new Set(["127.0.0.1", "localhost", "::1"]);

/**
 * Creates the centre. `start` opens the store, begins to connect to the broker (which may come later) and listens.
 * @throws CONFIG_INVALID for a store it does not know, WEB_PASSWORD_REQUIRED without a token beyond loopback;
 * `start` throws STORE_FAILED, PORT_IN_USE, CONFIG_UNREADABLE
 */
export function createCentral(options: CentralOptions): Central {
  const { http, clock, log } = options;
  const token = http.token === undefined || http.token === "" ? null : http.token;
  if (!LOOPBACK.has(http.host) && token === null) {
    throw new GatewayError("WEB_PASSWORD_REQUIRED", `the API on ${http.host} requires a token`);
  }
  const link = new MqttLink({
    clientId: `${options.root}-central`,
    ...options.mqtt,
    url: options.mqttUrl,
    clean: false,
    boot: "central",
    will: null,
    clock,
    log,
    random: options.random,
  });
  const disposer = new Disposer();
  let ingest: Ingest | null = null;
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
      return ingest?.counts ?? { batches: 0, stored: 0, repeated: 0, refused: 0, quarantined: 0 };
    },
    async start(signal) {
      const repository = openRepository(options.store);
      disposer.add(() => repository.close());
      ingest = new Ingest({ repository, link, root: options.root, clock, log });
      disposer.add(() => link[Symbol.asyncDispose]());
      const api = buildApi(options, repository, link, token);
      disposer.add(() => api.close());
      url = await listen(api, http.host, http.port);
      if (!signal.aborted) await link.start(signal);
      log.info({ event: "central.started", url }, "the centre is running");
    },
    [Symbol.asyncDispose]: () => disposer[Symbol.asyncDispose](),
  };
}

function buildApi(
  options: CentralOptions,
  repository: EventRepository,
  link: MqttLink,
  token: string | null,
): FastifyInstance {
  const sites = new Map((options.sites ?? []).map((site) => [String(site.store.id), site]));
  return createApi({
    repository,
    linkState: () => link.state,
    siteOf: (storeId) => sites.get(storeId) ?? null,
    metricsOf: options.metricsOf ?? null,
    token,
    clock: options.clock,
  });
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
