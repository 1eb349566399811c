import type { GatewayId } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import type { TransactionKind } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import { MqttLink } from "../../io/mqtt/mqtt-link.ts";
import { plainTopic } from "../../wire/topics.ts";

/** One receipt as a till sends it to `in/pos`. */
export interface DemoReceipt {
  readonly receiptId: string;
  readonly kind: TransactionKind;
  readonly paidAt: string;
  readonly netMinor: number;
  readonly units: number;
  readonly tillId: string;
  readonly lines: readonly {
    readonly sku: string;
    readonly department: string;
    readonly units: number;
    readonly netMinor: number;
  }[];
}

export interface DemoTillDeps {
  readonly url: string;
  readonly root: string;
  readonly gatewayId: GatewayId;
  /** Makes the receipt numbers of this run differ from those of any other. */
  readonly boot: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Mean time between two receipts of the demonstration. */
const MEAN_GAP_MS = 25_000;

/**
 * A till with an MQTT connection of its own that sells now and then: mostly sales, sometimes a refund or a hand-over,
 * so that the page shows what counts as a sale and what does not.
 */
export function createDemoTill(deps: DemoTillDeps): Service {
  const { url, boot, clock, log, random } = deps;
  const link = new MqttLink({
    url,
    clientId: "demo-till",
    clean: true,
    boot,
    will: null,
    clock,
    log,
    random,
  });
  const topic = plainTopic(deps.root, deps.gatewayId, "in/pos");
  let timer: Timer | null = null;
  let number = 0;
  const next = (): void => {
    const gapMs = Math.max(2_000, -Math.log(1 - random()) * MEAN_GAP_MS);
    timer = clock.after(gapMs, "demo-till", () => {
      number += 1;
      const receipt = demoReceipt(deps, number);
      link.publish(topic, JSON.stringify(receipt), { qos: 1, retain: false });
      next();
    });
  };
  return {
    name: "demo-till",
    async start(signal) {
      await link.start(signal);
      next();
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      await link[Symbol.asyncDispose]();
    },
  };
}

/** Draws the receipt with this number. */
export function demoReceipt(
  deps: Pick<DemoTillDeps, "boot" | "clock" | "random">,
  number: number,
): DemoReceipt {
  const { random } = deps;
  // The first is a sale, so that the page never opens with money given back.
  const kind = number === 1 ? "sale" : drawKind(random());
  const count = kind === "sale" ? 1 + Math.floor(random() * 3) : 1;
  const sign = kind === "refund" ? -1 : 1;
  const lines = Array.from({ length: count }, () => {
    const article = ARTICLES[Math.floor(random() * ARTICLES.length)] ?? ARTICLES[0];
    return { ...article, units: 1, netMinor: sign * article.netMinor };
  });
  return {
    receiptId: `${deps.boot}-${number}`,
    kind,
    paidAt: new Date(deps.clock.now()).toISOString(),
    netMinor: lines.reduce((sum, line) => sum + line.netMinor, 0),
    units: count,
    tillId: "till-1",
    lines,
  };
}

/** What the demonstration sells, by the zones of its floor. */
const ARTICLES = [
  { sku: "knit-101", department: "knitwear", netMinor: 4_995 },
  { sku: "knit-204", department: "knitwear", netMinor: 7_900 },
  { sku: "shirt-310", department: "shirts", netMinor: 3_450 },
  { sku: "shirt-377", department: "shirts", netMinor: 5_200 },
] as const;

function drawKind(draw: number): TransactionKind {
  if (draw < 0.88) return "sale";
  return draw < 0.94 ? "refund" : "click-collect";
}
