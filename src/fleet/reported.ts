import type { EpochMs } from "../core/brand.ts";
import type { InputFault } from "../core/errors.ts";
import { isoTime } from "../wire/cloud-event.ts";
import { LARGEST_PAYLOAD_BYTES } from "../wire/envelopes.ts";
import type { CommandReply, ReportedMessage } from "../wire/fleet-messages.ts";
import type { FleetState } from "./desired-config.ts";

/** What a gateway says about its configuration. */
export interface ReportedParts {
  readonly at: EpochMs;
  readonly storeId: string;
  readonly state: FleetState;
  readonly ignored: ReportedMessage["ignored"];
  readonly configHash: string;
  readonly sitePlanHash: string;
  /** The site plan as written. */
  readonly site: Readonly<Record<string, unknown>>;
  readonly commands: readonly CommandReply[];
}

/**
 * Builds `up/reported`. Of the site plan, tags and survey stay at home: identifiers of beacons are nobody else's
 * business. What makes the message larger than a payload may be is left out: results of commands, then the plan, then
 * older answers. Pure.
 */
export function reportedMessage(parts: ReportedParts): ReportedMessage {
  const { tags: _tags, survey: _survey, ...site } = parts.site;
  const { last, trial, accepted } = parts.state;
  const inForce = trial ?? accepted;
  const whole: ReportedMessage = {
    v: 1,
    at: isoTime(parts.at),
    storeId: parts.storeId,
    version: last?.version ?? null,
    hash: last?.hash ?? null,
    status: last?.status ?? null,
    errors: (last?.errors ?? []).map(shortFault),
    inForce: inForce === null ? null : { version: inForce.version, hash: inForce.hash },
    ignored: parts.ignored,
    configHash: parts.configHash,
    sitePlanHash: parts.sitePlanHash,
    site: withoutBeacons(site),
    commands: [...parts.commands],
  };
  const short = whole.commands.map(({ result: _result, ...reply }) => reply);
  const versions: readonly ReportedMessage[] = [
    whole,
    { ...whole, commands: short },
    { ...whole, commands: short, site: null },
    { ...whole, commands: short.slice(-2), site: null },
  ];
  const fitting = versions.find((message) => bytesOf(message) <= LARGEST_PAYLOAD_BYTES);
  return fitting ?? { ...whole, commands: [], site: null, errors: whole.errors.slice(0, 8) };
}

/** Boxes that are beacons themselves are identified by them as tags are. */
function withoutBeacons(site: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { receivers } = site;
  if (!Array.isArray(receivers)) return { ...site };
  const bare = receivers.map((receiver: unknown) => {
    if (typeof receiver !== "object" || receiver === null) return receiver;
    const { beacon: _beacon, ...rest } = receiver as Record<string, unknown>;
    return rest;
  });
  return { ...site, receivers: bare };
}

const shortFault = ({ path, found, expected }: InputFault): InputFault => ({
  path: path.slice(0, 256),
  found: found.slice(0, 256),
  expected: expected.slice(0, 512),
});

const bytesOf = (message: ReportedMessage): number =>
  new TextEncoder().encode(JSON.stringify(message)).length;
