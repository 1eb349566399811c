import type { DeliveryStatus } from "../../core/delivery-status.ts";
import { FAULTS, type FaultCode } from "../../core/errors.ts";
import type { SensorStatus, StatusView } from "../dashboard-source.ts";
import type { SiteView } from "../views.ts";
import { conditionWords } from "./conditions.ts";

/** Something a person should do: what is wrong, since when, and the next step. */
export interface AttentionItem {
  readonly id: string;
  readonly severity: "fault" | "warning";
  readonly title: string;
  readonly since: number | null;
  readonly what: string;
  readonly next: string;
}

/** Share of the outbox from which it is worth a warning. */
const FULL_RATIO = 0.8;

const KIND_WORDS = { camera: "Camera", radio: "Receiver" } as const;

/** Everything that needs a person, faults first. Empty when all is well. Pure. */
export function attentionOf(status: StatusView): readonly AttentionItem[] {
  const items = [
    ...status.sensors.filter((sensor) => sensor.state === "blind").map(sensorItem),
    ...status.sensors.filter((sensor) => sensor.state === "seeing").flatMap(conditionItems),
    ...deliveryItems(status.delivery),
  ];
  return [
    ...items.filter((item) => item.severity === "fault"),
    ...items.filter((item) => item.severity === "warning"),
  ];
}

function sensorItem(sensor: SensorStatus): AttentionItem {
  const effect =
    sensor.kind === "camera"
      ? "What it would have counted is unknown, not zero."
      : "Tags near it are not heard.";
  return {
    id: `sensor:${sensor.sensorId}`,
    severity: sensor.kind === "camera" ? "fault" : "warning",
    title: `${nameOf(sensor)} ${sensor.kind === "camera" ? "is blind" : "hears nothing"}`,
    since: sensor.since,
    what: `${summaryOf(sensor.code) ?? "It reports no reason."} ${effect}`,
    next: hintOf(sensor.code) ?? "Check its power and its cable.",
  };
}

/** What is not right although it sees: it is counted on, so each is a warning. */
function conditionItems(sensor: SensorStatus): readonly AttentionItem[] {
  return sensor.conditions.map((condition) => {
    const { does, what, next } = conditionWords(condition);
    return {
      id: `sensor:${sensor.sensorId}:${condition.condition}`,
      severity: "warning",
      title: `${nameOf(sensor)} ${does}`,
      since: condition.since,
      what,
      next,
    };
  });
}

/** The kind is said unless the name already says it. */
function nameOf(sensor: SensorStatus): string {
  const kind = KIND_WORDS[sensor.kind];
  const isNamed = sensor.name.toLowerCase().includes(kind.toLowerCase());
  return isNamed ? sensor.name : `${kind} \u201c${sensor.name}\u201d`;
}

function deliveryItems(delivery: DeliveryStatus): readonly AttentionItem[] {
  const items: AttentionItem[] = [];
  if (delivery.state === "offline" || (delivery.state === "connected" && delivery.code !== null)) {
    items.push({
      id: "delivery",
      severity: delivery.state === "offline" ? "fault" : "warning",
      title:
        delivery.state === "offline"
          ? "The central store is out of reach"
          : "The central store does not answer",
      since: delivery.since,
      what: `${summaryOf(delivery.code) ?? "There is no connection."} Figures on this page are not affected; events wait here.`,
      next: hintOf(delivery.code) ?? "Check the gateway\u2019s network.",
    });
  }
  if (delivery.outboxBytes >= FULL_RATIO * delivery.outboxCapBytes) {
    items.push({
      id: "outbox",
      severity: "warning",
      title: "The outbox is nearly full",
      since: null,
      what: "When it is full, the least important events are given up and accounted for.",
      next: FAULTS.OUTBOX_FULL.hint,
    });
  }
  return items;
}

/** The fault's sentence; null without a code or with one this page does not know. Pure. */
export function summaryOf(code: FaultCode | null): string | null {
  return code === null ? null : (FAULTS[code]?.summary ?? code);
}

/** What to do about the fault; null without a code or with one this page does not know. Pure. */
export function hintOf(code: FaultCode | null): string | null {
  return code === null ? null : (FAULTS[code]?.hint ?? null);
}

/** One step of the first run. */
export interface SetUpStep {
  readonly title: string;
  readonly isDone: boolean;
  readonly next: string;
}

/** What is still missing before the first figure, in the order of doing it. Pure. */
export function setUpSteps(
  site: SiteView,
  status: StatusView,
  hasEvents: boolean,
): readonly SetUpStep[] {
  const cameras = status.sensors.filter((sensor) => sensor.kind === "camera");
  const lines = site.cameras.flatMap((camera) => camera.lines);
  const blind = cameras.find((sensor) => sensor.state === "blind");
  return [
    {
      title: "A camera is configured",
      isDone: cameras.length > 0,
      next: "Add one under `cameras` in the gateway file.",
    },
    {
      title: "A camera sees",
      isDone: cameras.some((sensor) => sensor.state === "seeing"),
      next: hintOf(blind?.code ?? null) ?? "It opens within a few seconds of the start.",
    },
    {
      title: "A door line is drawn",
      isDone: lines.some((line) => line.role === "door"),
      next: "Draw a line with the role `door` in the site plan; entrants and occupancy need it.",
    },
    {
      title: "Two passing lines are drawn",
      isDone: lines.filter((line) => line.role === "passing").length >= 2,
      next: "Draw one on each side of the frontage; shopfront conversion needs both.",
    },
    {
      title: "Zones are drawn",
      isDone: site.cameras.some((camera) => camera.zones.length > 0),
      next: "Draw the areas whose visits and dwell you want to know.",
    },
    {
      title: "The first person was counted",
      isDone: hasEvents,
      next: "Walk through the door once.",
    },
  ];
}
