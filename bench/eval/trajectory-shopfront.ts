import { cameraId, epochMs, lineId, monoMs, storeId } from "../../src/core/brand.ts";
import { cross, type Point } from "../../src/core/geometry.ts";
import type { MetricId, MetricScope } from "../../src/core/metric-value.ts";
import type { CameraPlan, LinePlan, LineRole, SitePlan } from "../../src/core/site.ts";
import { createJourney } from "../../src/journey/journey.ts";
import { createMetrics, type Metrics } from "../../src/metrics/metrics.ts";
import type { VisionEvent } from "../../src/vision/camera-pipeline.ts";
import { type Bounds, boundsOf } from "./approach-zones.ts";
import type { TrajectoryScene } from "./trajectory-files.ts";
import type { PlannedScene } from "./trajectory-plan.ts";
import { runTrajectories } from "./trajectory-run.ts";

/** How far outside the door's area its lines stand, so that both sides of them are seen; share of a body's height. */
const DOOR_MARGIN = 0.15;
/** How far from the door the passing line beside it stands; share of a body's height. */
const PASS_MARGIN = 0.5;
/** When the recording is taken to begin: no scene lasts as long as the rest of that day. */
const BEGIN = epochMs(Date.UTC(2026, 0, 5, 10));
const STORE: MetricScope = { kind: "store" };

/** What the product's own metrics say about a scene as a shopfront. */
export interface ShopfrontResult {
  readonly entrants: number | null;
  readonly exits: number | null;
  readonly passingTraffic: number | null;
  readonly conversion: number | null;
  readonly ci95: readonly [number, number] | null;
  readonly reason: string | null;
  /** Against the truth's entered over passers-by; null where it knows none. */
  readonly error: number | null;
}

/**
 * Counts a scene as the product counts a shop: lines around the door, a passing line on either side of it, crossings
 * through journey and metrics to shopfront conversion. The scene's first line is one passing line, as it stands; where
 * the door is at the border of the picture the other one stands right beside it, so that everybody who comes from
 * behind the border is seen to pass. null where the truth has no line, no door, or a door amid the picture. Pure.
 */
export function measureShopfront(
  scene: TrajectoryScene,
  planned: PlannedScene,
): ShopfrontResult | null {
  const lines = shopfrontLines(scene, planned);
  if (lines === null) return null;
  const plan: CameraPlan = { ...planned.plan, id: cameraId("front"), lines, zones: [] };
  const run = runTrajectories(scene, { ...planned, plan });
  const { metrics, endsAt } = countAll(siteOf(plan), run.events, run.truth.endMs);
  const ask = (metric: MetricId) => metrics.value(metric, STORE, BEGIN, endsAt);
  const { value, ci95, reason } = ask("shopfront-conversion");
  const { captureRate } = scene.truth;
  return {
    entrants: ask("entrants").value,
    exits: ask("exits").value,
    passingTraffic: ask("passing-traffic").value,
    conversion: rounded(value),
    ci95,
    reason: reason?.code ?? null,
    error: captureRate === null || value === null ? null : rounded(Math.abs(value - captureRate)),
  };
}

const rounded = (value: number | null): number | null =>
  value === null ? null : Math.round(value * 1e4) / 1e4;

function shopfrontLines(scene: TrajectoryScene, planned: PlannedScene): LinePlan[] | null {
  const { door, lines } = scene.truth;
  const [first] = lines;
  if (door === null || first === undefined) return null;
  const { picture, toPx } = planned;
  const area = boundsOf(door.polygon.map(([x, y]) => toPx(x, y)));
  const centre = { x: (area.left + area.right) / 2, y: (area.top + area.bottom) / 2 };
  const bodyPx = planned.bodyPx(centre.x, centre.y);
  const around = grown(area, DOOR_MARGIN * bodyPx);
  const edges = sidesOf(around).filter((side) => !isAtBorder(side, picture));
  if (edges.length === 4) return null;
  const across: Segment = [toPx(...first.a), toPx(...first.b)];
  const beside = parallelBeside(across, sidesOf(around).flat(), PASS_MARGIN * bodyPx, centre);
  const line = (id: string, role: LineRole, [a, b]: Segment): LinePlan => ({
    id: lineId(id),
    name: id,
    role,
    a: { x: a.x / picture.widthPx, y: a.y / picture.heightPx },
    b: { x: b.x / picture.widthPx, y: b.y / picture.heightPx },
  });
  const middle = (beside[0].x + beside[1].x + across[0].x + across[1].x) / 4;
  const between = { x: middle, y: (beside[0].y + beside[1].y + across[0].y + across[1].y) / 4 };
  return [
    ...edges.map((edge, i) => line(`door-${i + 1}`, "door", towards(edge, centre))),
    line("pass-1", "passing", towards(across, between)),
    line("pass-2", "passing", towards(beside, between)),
  ];
}

type Segment = readonly [a: Point, b: Point];

/** The line turned so that `in` leads to the side of a point: left of a->b, which with y down is cross < 0. */
const towards = ([a, b]: Segment, to: Point): Segment =>
  cross(a.x, a.y, b.x, b.y, to.x, to.y) < 0 ? [a, b] : [b, a];

const grown = ({ left, top, right, bottom }: Bounds, by: number): Bounds => ({
  left: left - by,
  top: top - by,
  right: right + by,
  bottom: bottom + by,
});

function sidesOf({ left, top, right, bottom }: Bounds): Segment[] {
  const corners = [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ] as const;
  const [a, b, c, d] = corners;
  return [
    [a, b],
    [b, c],
    [c, d],
    [d, a],
  ];
}

/** Whether a side lies on the border of the picture or beyond it, where nobody is seen. */
function isAtBorder([a, b]: Segment, { widthPx, heightPx }: PlannedScene["picture"]): boolean {
  const isOut = (p: Point): boolean => p.x <= 0 || p.y <= 0 || p.x >= widthPx || p.y >= heightPx;
  return isOut({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
}

/** A line parallel to another one, just before the corners of the door seen from it, on the longer side of the door. */
function parallelBeside(
  [a, b]: Segment,
  corners: readonly Point[],
  marginPx: number,
  centre: Point,
): Segment {
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const along = { x: (b.x - a.x) / length, y: (b.y - a.y) / length };
  const side = Math.sign(cross(a.x, a.y, b.x, b.y, centre.x, centre.y));
  const normal = { x: -along.y * side, y: along.x * side };
  const dot = (p: Point, d: Point): number => (p.x - a.x) * d.x + (p.y - a.y) * d.y;
  const away = Math.min(...corners.map((corner) => dot(corner, normal))) - marginPx;
  const reach = corners.map((corner) => dot(corner, along));
  const before = Math.min(...reach);
  const after = Math.max(...reach);
  const [from, to] = length - after >= before ? [after, length] : [0, before];
  const at = (way: number): Point => ({
    x: a.x + along.x * way + normal.x * away,
    y: a.y + along.y * way + normal.y * away,
  });
  return [at(from), at(to)];
}

const siteOf = (camera: CameraPlan): SitePlan => ({
  v: 1,
  store: {
    id: storeId("scene"),
    name: "scene",
    timeZone: "UTC",
    dayCutoverMin: 240,
    currency: "EUR",
  },
  cameras: [camera],
  receivers: [],
  tags: [],
});

function countAll(
  site: SitePlan,
  events: readonly VisionEvent[],
  endMs: number,
): { readonly metrics: Metrics; readonly endsAt: ReturnType<typeof epochMs> } {
  const metrics = createMetrics({ site });
  const journey = createJourney({
    site,
    anchor: () => ({ epoch: BEGIN, mono: monoMs(0), clock: "synced" }),
    onEvent: (event) => metrics.ingest(event),
  });
  const [camera] = site.cameras;
  journey.ingest({
    kind: "sensor-changed",
    source: "scene#eval",
    seq: 0,
    atMono: monoMs(0),
    sensorId: camera?.id ?? "",
    sensorKind: "camera",
    state: "seeing",
    code: null,
  });
  for (const event of events) journey.ingest(event);
  journey.finish();
  return { metrics, endsAt: epochMs(BEGIN + Math.ceil(endMs / 60_000 + 1) * 60_000) };
}
