import type { GatewayId } from "../../core/brand.ts";
import type { MetricId } from "../../core/metric-value.ts";
import { namedTopic, plainTopic } from "../../wire/topics.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Link } from "./link.ts";

/** Whose values are shown, and which of its sensors. */
export interface DiscoveredGateway {
  readonly root: string;
  readonly gatewayId: GatewayId;
  readonly storeName: string;
  readonly version: string;
  readonly sensorIds: readonly string[];
}

/** A retained message by which Home Assistant learns of one value. */
export interface DiscoveryConfig {
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

interface Tile {
  readonly metric: MetricId;
  readonly name: string;
  readonly unit: string;
  readonly stateClass: "measurement" | "total_increasing";
  /** What turns the published value into the shown one. */
  readonly factor: number;
}

const TILES: readonly Tile[] = [
  {
    metric: "occupancy",
    name: "People inside",
    unit: "people",
    stateClass: "measurement",
    factor: 1,
  },
  {
    metric: "entrants",
    name: "Entrants today",
    unit: "people",
    stateClass: "total_increasing",
    factor: 1,
  },
  {
    metric: "sales-conversion",
    name: "Conversion",
    unit: "%",
    stateClass: "measurement",
    factor: 100,
  },
];
const SENSOR_STATES = ["starting", "seeing", "blind", "stopped"];
const NOTE = "home-assistant";

/**
 * Makes the discovery messages of a gateway: the tiles of its store and the state of each sensor, read from topics that
 * are published anyway. A value that cannot be known is shown as unknown, never as 0. Pure.
 */
function discoveryConfigs(prefix: string, gateway: DiscoveredGateway): readonly DiscoveryConfig[] {
  const { root, gatewayId } = gateway;
  const live = namedTopic(root, gatewayId, "live", "store");
  const birth = plainTopic(root, gatewayId, "up/birth");
  const tiles = TILES.map(({ metric, name, unit, stateClass, factor }) => ({
    object: metric,
    own: {
      ...{ name, state_topic: live, unit_of_measurement: unit, state_class: stateClass },
      value_template: tileTemplate(metric, factor),
    },
  }));
  const sensors = gateway.sensorIds.map((id) => ({
    object: `sensor-${id}`,
    own: {
      ...{ name: `Sensor ${id}`, state_topic: birth, device_class: "enum", options: SENSOR_STATES },
      entity_category: "diagnostic",
      value_template: `{{ value_json.sensors | selectattr('id', 'eq', '${id}') | map(attribute='state') | first | default(none) }}`,
    },
  }));
  return [...tiles, ...sensors].map(({ object, own }) => ({
    topic: `${prefix}/sensor/${gatewayId}/${object}/config`,
    payload: { ...own, unique_id: `vitrine_${gatewayId}_${object}`, ...common(gateway, birth) },
  }));
}

function tileTemplate(metric: MetricId, factor: number): string {
  const found = `value_json['values'] | selectattr('metric', 'eq', '${metric}') | map(attribute='value') | first | default(none)`;
  if (factor === 1) return `{{ ${found} }}`;
  return `{% set v = ${found} %}{{ none if v is none else (${factor} * v) | round(1) }}`;
}

function common(
  { gatewayId, storeName, version }: DiscoveredGateway,
  birth: string,
): Readonly<Record<string, unknown>> {
  return {
    availability_topic: birth,
    availability_template: "{{ 'online' if value_json.online else 'offline' }}",
    origin: { name: "Vitrine", sw_version: version },
    device: {
      identifiers: [`vitrine_${gatewayId}`],
      ...{ name: storeName, manufacturer: "Vitrine", model: "Gateway", sw_version: version },
    },
  };
}

/** What announcing to Home Assistant needs. */
export interface HomeAssistantOptions {
  readonly enabled: boolean;
  readonly prefix: string;
  readonly gateway: DiscoveredGateway;
  readonly outbox: Pick<Outbox, "note" | "saveNote">;
}

/**
 * Announces a gateway on every connection. What was announced is remembered, so that it is taken back when a sensor is
 * gone or the option is switched off; a gateway that never announced anything publishes nothing.
 */
export class HomeAssistant {
  readonly #options: HomeAssistantOptions;

  constructor(options: HomeAssistantOptions) {
    this.#options = options;
  }

  /** Begins to announce over a link; call before the link starts. */
  attach(link: Link): void {
    link.onState((state) => {
      if (state.kind === "connected") this.#announce(link);
    });
  }

  #announce(link: Link): void {
    const { enabled, prefix, gateway, outbox } = this.#options;
    const configs = enabled ? discoveryConfigs(prefix, gateway) : [];
    const wanted = configs.map(({ topic }) => topic);
    const before = topicsOf(outbox.note(NOTE));
    const remaining = new Set(before.filter((topic) => !wanted.includes(topic)));
    const remember = (): void => {
      const known = JSON.stringify([...wanted, ...remaining]);
      if (known !== (outbox.note(NOTE) ?? "[]")) outbox.saveNote(NOTE, known);
    };
    // Remembered first: what may have been announced must be taken back some day.
    remember();
    const retained = { qos: 1, retain: true } as const;
    for (const { topic, payload } of configs)
      link.publish(topic, JSON.stringify(payload), retained);
    for (const topic of remaining)
      link.publish(topic, "", retained, (error) => {
        if (error !== null) return;
        remaining.delete(topic);
        remember();
      });
  }
}

function topicsOf(note: string | null): readonly string[] {
  const parsed: unknown = note === null ? [] : JSON.parse(note);
  return Array.isArray(parsed) ? parsed.filter((topic) => typeof topic === "string") : [];
}
