import type { ScannerConfig } from "../../../config/scanners.ts";
import { type GatewayId, gatewayId } from "../../../core/brand.ts";
import { namedTopic, plainTopic } from "../../../wire/topics.ts";

/**
 * What a message on a topic means. `heard`: readings. `status`: whether the scanner is online, retained. `alive`:
 * something that is only sent by one that lives.
 */
export type TopicRole = "heard" | "status" | "alive";

/** One subscription of a scanner. */
export interface ScannerTopic {
  readonly filter: string;
  readonly role: TopicRole;
  /** Which level of the topic names the device; -1 when none does. */
  readonly deviceLevel: number;
}

/** Topics on which a scanner is heard, under `root` for those that speak our own form. Pure. */
export function scannerTopics(
  config: ScannerConfig,
  root: string,
  own: GatewayId,
): readonly ScannerTopic[] {
  const { id, via, room = "", gateway } = config;
  switch (via) {
    case "espresense": {
      const base = config.baseTopic ?? "espresense";
      const deviceLevel = base.split("/").length + 1;
      return [
        { filter: `${base}/devices/+/${room}`, role: "heard", deviceLevel },
        topic(`${base}/rooms/${room}/status`, "status"),
        topic(`${base}/rooms/${room}/telemetry`, "alive"),
      ];
    }
    case "theengs":
      return theengsTopics(config, gateway ?? "TheengsGateway");
    case "openmqttgateway":
      return theengsTopics(config, gateway ?? "OpenMQTTGateway");
    case "generic":
      return [topic(namedTopic(root, own, "in/radio", id), "heard")];
    case "gateway":
      return [
        topic(namedTopic(root, own, "in/radio", id), "heard"),
        topic(plainTopic(root, gatewayId(gateway ?? ""), "up/birth"), "status"),
      ];
  }
}

function theengsTopics({ baseTopic }: ScannerConfig, name: string): readonly ScannerTopic[] {
  const base = `${baseTopic ?? "home"}/${name}`;
  return [
    topic(`${base}/BTtoMQTT/+`, "heard"),
    topic(`${base}/LWT`, "status"),
    topic(`${base}/SYStoMQTT`, "alive"),
  ];
}

const topic = (filter: string, role: TopicRole): ScannerTopic => ({
  filter,
  role,
  deviceLevel: -1,
});
