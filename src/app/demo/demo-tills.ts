import type { Clock, Timer } from "../../core/clock.ts";
import type { TransactionKind } from "../../core/events.ts";

/** One receipt as a till would send it to `in/pos`. */
export interface DemoReceipt {
  readonly receiptId: string;
  readonly kind: TransactionKind;
  readonly paidAt: string;
  readonly netMinor: number;
  readonly units: number;
}

export interface DemoTillDeps {
  readonly clock: Clock;
  readonly random: () => number;
  /** Mean time between two receipts. */
  readonly meanGapMs: number;
  /** Makes receipt ids of this run differ from those of any other. */
  readonly run: string;
  readonly send: (receipt: DemoReceipt) => void;
}

/**
 * A till that sells now and then: exponential gaps, mostly sales, now and then a refund or a hand-over, so that
 * the page shows what counts as a sale and what does not. Returns the function that stops it.
 */
export function startDemoTill(deps: DemoTillDeps): () => void {
  let number = 0;
  let timer: Timer | null = null;
  const next = (): void => {
    const gapMs = -Math.log(1 - deps.random()) * deps.meanGapMs;
    timer = deps.clock.after(Math.max(1000, gapMs), "demo-till", () => {
      number += 1;
      deps.send(receipt(deps, number));
      next();
    });
  };
  next();
  return () => timer?.cancel();
}

function receipt(deps: DemoTillDeps, number: number): DemoReceipt {
  const kind = drawKind(deps.random());
  const units = kind === "sale" ? 1 + Math.floor(deps.random() * 4) : 1;
  const priceMinor = 495 + Math.round(deps.random() * 60) * 100;
  return {
    receiptId: `${deps.run}-${number}`,
    kind,
    paidAt: new Date(deps.clock.now()).toISOString(),
    netMinor: (kind === "refund" ? -1 : 1) * units * priceMinor,
    units,
  };
}

function drawKind(draw: number): TransactionKind {
  if (draw < 0.88) return "sale";
  if (draw < 0.94) return "refund";
  return "click-collect";
}
