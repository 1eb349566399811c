import type { CounterConfig } from "../../config/counters.ts";
import type { GatewayId } from "../../core/brand.ts";
import { namedTopic } from "../../wire/topics.ts";

/**
 * Topics on which a counter's messages come; empty for one that has a port of its own. Frigate says on two more that
 * it is alive: an empty shop makes no events. Pure.
 */
export function counterTopics(
  { id, format, via }: CounterConfig,
  root: string,
  gateway: GatewayId,
): readonly string[] {
  if (via.kind !== "mqtt") return [];
  const topic = via.topic ?? namedTopic(root, gateway, "in/track", id);
  if (format !== "frigate" || !topic.endsWith("/events")) return [topic];
  const prefix = topic.slice(0, -"/events".length);
  return [topic, `${prefix}/stats`, `${prefix}/available`];
}
