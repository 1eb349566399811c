import type { EpochMs } from "../core/brand.ts";
import { cloudEventType } from "../wire/cloud-event.ts";

/** Type of the events that name a member as `pseudonym`; others name somebody as `tagId`, if at all. */
export const STATION_TYPE = cloudEventType("shopper-recognised");

/** What a store calls a member: 16 characters of base64url that stand by themselves. */
export const NAME_FORM = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{16}(?![A-Za-z0-9_-])/g;

/** Where an event says whom it is about: by such a field, whatever else of it says it again. */
const NAME_FIELD = /"(?:tagId|pseudonym)"\s*:\s*"([A-Za-z0-9_-]{16})"/g;

/** Begins what stands in place of a name that was taken out; also the gateway writes it so. */
const GONE = "gone-";

/** What stands in place of a name. `digits`: 16 characters. */
export const goneName = (digits: string): string => GONE + digits;

/** Whether the id of a card is one that was taken out: nobody is called so. */
export const isGoneName = (id: string): boolean => id.startsWith(GONE);

/** Names of the form of a member's in an event: what a card is called, or who was recognised; most events have none. Pure. */
export function namesIn(body: string): readonly string[] {
  if (!body.includes('"tagId"') && !body.includes('"pseudonym"')) return [];
  return [...body.matchAll(NAME_FIELD)].flatMap(([, name]) => name ?? []);
}

/** Another name for one. */
export interface NameChange {
  readonly name: string;
  readonly to: string;
}

/** The text with other names wherever they stand by themselves. Pure. */
export const renamedAll = (text: string, changes: readonly NameChange[]): string =>
  changes.reduce((sum, { name, to }) => renamed(sum, name, to), text);

/** The text with another name wherever one stands by itself, be it as a value or behind a slash. Pure. */
export const renamed = (text: string, name: string, to: string): string =>
  text.includes(name) ? text.replace(NAME_FORM, (found) => (found === name ? to : found)) : text;

/** An event that names somebody, with where it stands. */
export interface NamedEvent {
  readonly storeId: string;
  readonly at: EpochMs;
  readonly id: string;
  /** CloudEvent as JSON text. */
  readonly body: string;
}

/** Another text for an event; `was` is the one that it takes the place of. */
export interface EventChange extends NamedEvent {
  readonly was: string;
}

/**
 * Names of members in what is stored, found to be handed out or taken out. No figure is made anew for it: what was counted
 * was counted.
 */
export interface NameRepository {
  /** Events of these stores that name somebody so (`tagId` or, at a station, `pseudonym`), the oldest first. */
  namedEvents(
    storeIds: readonly string[],
    name: string,
    limit: number,
  ): Promise<readonly NamedEvent[]>;
  /** Replaces texts of events, in one transaction a database; returns how many still were what they had been. */
  changeEvents(changes: readonly EventChange[]): Promise<number>;
  /**
   * Writes other names into what was set aside, looking through it once for all of them and in parts, so that nothing waits
   * long; returns into how many rows.
   */
  renameAsides(changes: readonly NameChange[]): Promise<number>;
  /** Writes another name into the log of who did what, of acts about members; returns into how many entries. */
  renameAudits(target: string, to: string): Promise<number>;
}
