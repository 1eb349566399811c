import {
  cameraId,
  type EpochMs,
  lineId,
  monoMs,
  storeId,
  tagId,
  trackId,
  zoneId,
} from "../../src/core/brand.ts";
import type { LivePeople } from "../../src/core/events.ts";
import type { MetricId } from "../../src/core/metric-value.ts";
import type { SitePlan, ZoneKind } from "../../src/core/site.ts";
import type { TodayView } from "../../src/metrics/reports/today.ts";
import type { CalibrationPort } from "../../src/web/calibration-view.ts";
import type { DashboardSource, StatusView } from "../../src/web/dashboard-source.ts";
import type { ReportsPort } from "../../src/web/reports-view.ts";
import type { TagsPort } from "../../src/web/tags-view.ts";
import type { WalkPort } from "../../src/web/walk-view.ts";
import { fakeComparison, fakeReports } from "./fake-dashboard-reports.ts";
import { type Scene, sceneViews } from "./fake-dashboard-scenes.ts";

/** The shop of the script: two cameras with lines, zones and a mirror that must not be counted. */
export const FAKE_SITE: SitePlan = {
  v: 1,
  store: {
    id: storeId("berlin-mitte"),
    name: "Berlin Mitte",
    timeZone: "Europe/Berlin",
    dayCutoverMin: 240,
    currency: "EUR",
  },
  cameras: [
    {
      id: cameraId("door"),
      name: "Front door",
      lines: [
        {
          id: lineId("entrance"),
          name: "Entrance",
          role: "door",
          a: { x: 0.66, y: 0.5 },
          b: { x: 0.36, y: 0.5 },
        },
        {
          id: lineId("pass-l"),
          name: "From the left",
          role: "passing",
          a: { x: 0.12, y: 0.62 },
          b: { x: 0.12, y: 0.96 },
        },
        {
          id: lineId("pass-r"),
          name: "From the right",
          role: "passing",
          a: { x: 0.88, y: 0.96 },
          b: { x: 0.88, y: 0.62 },
        },
      ],
      zones: [
        zonePlan("window", "Shop window", "window", [0.2, 0.62, 0.48, 0.62, 0.48, 0.92, 0.2, 0.92]),
      ],
      exclusions: [
        [
          { x: 0.02, y: 0.04 },
          { x: 0.2, y: 0.04 },
          { x: 0.2, y: 0.26 },
          { x: 0.02, y: 0.26 },
        ],
      ],
    },
    {
      id: cameraId("floor"),
      name: "Sales floor",
      lines: [
        {
          id: lineId("aisle"),
          name: "Aisle",
          role: "internal",
          a: { x: 0.5, y: 0.95 },
          b: { x: 0.5, y: 0.62 },
        },
      ],
      zones: [
        zonePlan("new", "New arrivals", "display", [0.05, 0.1, 0.3, 0.1, 0.27, 0.46, 0.05, 0.48]),
        zonePlan("denim", "Denim wall", "display", [0.35, 0.1, 0.62, 0.1, 0.62, 0.34, 0.35, 0.36]),
        zonePlan("fitting", "Fitting rooms", "area", [0.05, 0.6, 0.4, 0.58, 0.4, 0.93, 0.05, 0.93]),
        zonePlan("queue", "Till queue", "queue", [0.68, 0.46, 0.95, 0.46, 0.95, 0.66, 0.68, 0.66]),
        zonePlan("till", "Till", "till", [0.68, 0.1, 0.95, 0.1, 0.95, 0.42, 0.68, 0.42]),
      ],
      exclusions: [],
    },
  ],
  receivers: [],
  tags: [
    {
      id: tagId("staff-1"),
      kind: "staff",
      beacon: { format: "altbeacon", id: "5ec2e7beac005ec2e7beac00" },
    },
  ],
};

function zonePlan(
  id: string,
  name: string,
  kind: ZoneKind,
  flat: readonly number[],
): SitePlan["cameras"][number]["zones"][number] {
  const polygon = [];
  for (let i = 0; i + 1 < flat.length; i += 2)
    polygon.push({ x: flat[i] ?? 0, y: flat[i + 1] ?? 0 });
  return { id: zoneId(id), name, kind, polygon };
}

/** A new gateway has no day to compare with. */
function comparedViews(scene: Scene): ReturnType<typeof sceneViews> {
  const { today, status } = sceneViews(scene);
  return { today: { ...today, comparison: scene === "empty" ? null : fakeComparison() }, status };
}

/** A scripted gateway for the dashboard: a test changes what it says and decides when listeners are told. */
export class FakeDashboard implements DashboardSource {
  /** What days before say; to be taken away before the dashboard starts where nothing is remembered. */
  reports: ReportsPort | undefined;
  /** To be set before the dashboard starts. */
  tags?: TagsPort;
  walk?: WalkPort;
  calibration?: CalibrationPort;
  #today: TodayView;
  #status: StatusView;
  readonly #changes = new Set<() => void>();
  readonly #people = new Set<(people: LivePeople) => void>();

  constructor(scene: Scene = "busy") {
    const views = comparedViews(scene);
    this.reports = fakeReports(scene === "empty");
    this.#today = views.today;
    this.#status = views.status;
  }

  /** Subscriptions that are open at this moment. */
  get listeners(): number {
    return this.#changes.size + this.#people.size;
  }

  site(): SitePlan {
    return FAKE_SITE;
  }

  today(): TodayView {
    return this.#today;
  }

  status(): StatusView {
    return this.#status;
  }

  onChange(listener: () => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  onPeople(listener: (people: LivePeople) => void): () => void {
    this.#people.add(listener);
    return () => this.#people.delete(listener);
  }

  /** Goes to another scene and tells the listeners. */
  play(scene: Scene): void {
    const views = comparedViews(scene);
    this.change({ today: views.today, status: views.status });
  }

  /** Replaces parts of the views and tells the listeners. */
  change(patch: {
    readonly today?: Partial<TodayView>;
    readonly status?: Partial<StatusView>;
  }): void {
    this.#today = { ...this.#today, ...patch.today };
    this.#status = { ...this.#status, ...patch.status };
    for (const listener of this.#changes) listener();
  }

  /** Replaces the value of one store-level figure; `at` is the new time of the view. */
  setTile(metric: MetricId, value: number | null, at: EpochMs = this.#today.now): void {
    const tiles = this.#today.tiles.map((tile) =>
      tile.metric === metric ? { ...tile, value } : tile,
    );
    this.change({ today: { tiles, now: at, newestEventAt: at } });
  }

  /** Sends anonymous positions of one camera. */
  move(camera: string, spots: readonly (readonly [id: number, x: number, y: number])[]): void {
    const people: LivePeople = {
      cameraId: cameraId(camera),
      atMono: monoMs(0),
      people: spots.map(([id, xNorm, yNorm]) => ({ trackId: trackId(id), xNorm, yNorm })),
    };
    for (const listener of this.#people) listener(people);
  }
}
