import type { GatewayId } from "../../core/brand.ts";
import type { Clock, TimeAnchor } from "../../core/clock.ts";
import type { SensorEvent } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { SitePlan } from "../../core/site.ts";
import type { Link } from "../../io/mqtt/link.ts";
import type { Outbox } from "../../io/outbox/outbox.ts";
import { BasketIntake } from "../../io/till/basket-intake.ts";
import { ReceiptDesk } from "../../io/till/receipt-desk.ts";
import type { TillPort } from "../../web/till-view.ts";
import { createTillPort, tillNotices } from "./till-desk.ts";

export interface TillDeps {
  readonly gatewayId: GatewayId;
  readonly boot: string;
  readonly site: SitePlan;
  readonly topicRoot: string;
  readonly outbox: Outbox;
  /** With which tills send receipts over HTTP; absent = there is none. */
  readonly tillToken?: string | null | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** The tills and smart baskets of a gateway. */
export interface Tills {
  readonly port: TillPort;
  notices(): readonly string[];
}

/** Opens the ways in for receipts and basket changes: MQTT where there is a link, HTTP through the port. */
export function openTills(
  deps: TillDeps,
  link: Link | null,
  anchor: () => TimeAnchor,
  onEvent: (event: SensorEvent) => void,
): Tills {
  const { site, topicRoot, tillToken } = deps;
  const { currency } = site.store;
  const desk = new ReceiptDesk({ ...deps, currency, anchor, onTransaction: onEvent });
  const baskets = new BasketIntake({ ...deps, onChange: onEvent });
  if (link !== null) for (const part of [desk, baskets]) part.attach(link, topicRoot);
  return {
    port: createTillPort(desk, site, tillToken ?? null, () => deps.clock.now()),
    notices: () => tillNotices(desk),
  };
}
