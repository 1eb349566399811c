import type { Clock } from "../../core/clock.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { Link } from "../../io/mqtt/link.ts";
import type { ConsentGate } from "../../privacy/consent/consent-gate.ts";
import type { LoyaltyTables } from "../../privacy/loyalty/loyalty-tables.ts";

/** What tables of members' identifiers need of the gateway, wherever they come from. */
export interface TableSourceTerms {
  readonly storeGroup: string;
  /** Members that this gateway holds at most; absent = as many as there may be. */
  readonly memberCap?: number;
  /** The epoch that the wall clock shows; null while it is not to be trusted. */
  readonly epochNow: () => number | null;
  readonly gate: Pick<ConsentGate, "permit">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where the tables of members' identifiers come from: the centre, or the members' file of a shop without one. */
export interface TableSource extends Service {
  readonly tables: LoyaltyTables;
  /** What was not taken, by reason. */
  readonly refused: ReadonlyMap<string, number>;
  /** Tags that are in no table because their clocks must be found again; absent: only the centre knows. */
  readonly tagsLeftOut?: number;
  /** Listens to the centre where that is the source; call once, before the link starts. */
  attach(link: Link): void;
}
