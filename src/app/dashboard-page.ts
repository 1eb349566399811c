import type { Clock } from "../core/clock.ts";
import { GatewayError } from "../core/errors.ts";
import type { Log, Service } from "../core/lifecycle.ts";
import type { PreviewSource } from "../core/preview.ts";
import { DEFINITIONS } from "../metrics/definitions.ts";
import { loadStationUi, loadUi } from "../web/bundle.ts";
import type { DashboardSource } from "../web/dashboard-source.ts";
import { createDashboard, type Dashboard, type DashboardDeps } from "../web/server.ts";
import type { StationPort } from "../web/station/station-view.ts";

export interface PageOptions {
  readonly source: DashboardSource;
  /** Pictures for set-up. */
  readonly preview: PreviewSource;
  readonly host: string;
  readonly port: number;
  /** Whether any free port will do when this one is taken. */
  readonly mayMovePort: boolean;
  readonly password: string | null;
  /** The station's page, where the gateway has one. */
  readonly station?: StationPort | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** The dashboard with its files and definitions. Its address is known after `start`. */
export async function createPage(
  options: PageOptions,
): Promise<Service & { readonly url: string | null }> {
  const { source, preview, host, password, station, clock, log } = options;
  const fixed: Omit<DashboardDeps, "port"> = {
    source,
    preview,
    definitions: () => DEFINITIONS,
    host,
    password,
    assets: await loadUi(),
    ...(station === undefined ? {} : { station: { port: station, files: await loadStationUi() } }),
    clock,
    log,
  };
  let page: Dashboard = createDashboard({ ...fixed, port: options.port });
  return {
    name: "web",
    get url() {
      return page.url;
    },
    async start(signal) {
      try {
        await page.start(signal);
      } catch (error) {
        const isTaken = error instanceof GatewayError && error.code === "PORT_IN_USE";
        if (!isTaken || !options.mayMovePort) throw error;
        log.warn({ event: "web.port-taken", port: options.port }, "port taken, using a free one");
        page = createDashboard({ ...fixed, port: 0 });
        await page.start(signal);
      }
    },
    [Symbol.asyncDispose]: () => page[Symbol.asyncDispose](),
  };
}
