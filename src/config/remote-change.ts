import { z } from "zod";
import { fail, type InputFault, ok, type Result } from "../core/errors.ts";
import { faultsOf } from "../core/input-faults.ts";
import type { SitePlan } from "../core/site.ts";
import { duplicateIds } from "./duplicate-ids.ts";
import { type GatewayConfig, gatewayConfigSchema, parseGatewayConfig } from "./gateway.ts";
import { parseSitePlan } from "./site.ts";
import { siteFitFaults } from "./site-fit.ts";

/** A parsed JSON object whose insides are not checked yet. */
export type PlainDocument = Readonly<Record<string, unknown>>;

/** What a gateway runs with now: its own file as written, the plan in force as written and as read. */
export interface PresentConfig {
  readonly own: PlainDocument;
  readonly siteDocument: PlainDocument;
  readonly site: SitePlan;
  /** The outbox at this moment: its cap, and the bytes of events that wait in it for the centre. */
  readonly outbox: { readonly capBytes: number; readonly waitingBytes: number };
}

/** A checked wish, put together with what it leaves open. */
export interface WishedConfig {
  readonly config: GatewayConfig;
  /** The plan as it is to be written; null when the wish has none, and the gateway's own holds. */
  readonly siteDocument: PlainDocument | null;
}

const FOREIGN_STREAM =
  "rtsp://HOST/... or rtsps://HOST/... without user name and password, on a host of the shop's network";
const { shape } = gatewayConfigSchema;
const cameraShape = shape.cameras.unwrap().element.shape;
const radioShape = shape.radios.unwrap().element.shape;
const outboxShape = shape.outbox.unwrap().shape;
const modelsShape = shape.models.unwrap().shape;

/**
 * What the centre may change. Never: who the gateway is, its broker, paths, listening addresses, files of secrets,
 * what it records of strangers and what its pictures show.
 */
const changeSchema = z.strictObject({
  cameras: z
    .array(
      z.strictObject({
        id: cameraShape.id,
        source: z.string().max(1024).refine(isForeignStream, FOREIGN_STREAM).exactOptional(),
        fps: cameraShape.fps.exactOptional(),
        motionGate: cameraShape.motionGate.exactOptional(),
        loop: cameraShape.loop.exactOptional(),
      }),
    )
    .max(16)
    .exactOptional(),
  radios: z
    .array(
      z.strictObject({
        id: radioShape.id,
        adapter: radioShape.adapter.exactOptional(),
        scan: radioShape.scan.exactOptional(),
        restartAfterMs: radioShape.restartAfterMs.exactOptional(),
      }),
    )
    .max(8)
    .exactOptional(),
  positioning: shape.positioning.exactOptional(),
  outbox: z
    .strictObject({
      capBytes: outboxShape.capBytes.exactOptional(),
      commitMs: outboxShape.commitMs.exactOptional(),
    })
    .exactOptional(),
  models: z
    .strictObject({
      profile: modelsShape.profile.exactOptional(),
      threads: modelsShape.threads.exactOptional(),
      slots: modelsShape.slots,
    })
    .exactOptional(),
  log: shape.log.exactOptional(),
});

const NOT_FROM_AFAR = "nothing: this may only be changed at the gateway";

/**
 * Checks what the centre wishes against everything it would meet here, and puts it together with the gateway's own
 * file: sections are completed by it key by key, `cameras` and `radios` entry by entry (by id; a list that is given
 * names all of them). Tags and survey of the plan in force stay where the wished plan names none. Returns all faults
 * at once, their paths beginning with `gateway` or `site`. Pure.
 */
export function readWish(
  wish: { readonly gateway?: PlainDocument; readonly site?: PlainDocument },
  present: PresentConfig,
): Result<WishedConfig, readonly InputFault[]> {
  const change = checkChange(wish.gateway ?? {});
  const siteDocument = wish.site === undefined ? null : completeSite(wish.site, present);
  const site = siteDocument === null ? ok(present.site) : checkSite(siteDocument, present.site);
  const merged = mergeChange(present.own, wish.gateway ?? {});
  const config = parseGatewayConfig(merged);
  const fit = config.ok && site.ok ? siteFitFaults(config.value, site.value) : [];
  const whole = below("gateway", [...(config.ok ? [] : config.error), ...fit]);
  const faults = [
    ...change,
    // What is wrong with a value that may not be wished for at all is said once.
    ...whole.filter(({ path }) => !change.some((fault) => isAround(fault.path, path))),
    ...shedding(config, present),
    ...(site.ok ? [] : site.error),
  ];
  if (!config.ok || faults.length > 0) return fail(faults);
  return ok({ config: config.value, siteDocument });
}

const isAround = (outer: string, path: string): boolean =>
  path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);

/** Of a cap, how many times what waits now: below it events would be shed that no revert brings back. */
const CAP_OVER_WAITING = 2;

function shedding(
  config: Result<GatewayConfig, readonly InputFault[]>,
  { outbox: { capBytes: present, waitingBytes } }: PresentConfig,
): readonly InputFault[] {
  if (!config.ok) return [];
  const { capBytes } = config.value.outbox;
  const least = waitingBytes * CAP_OVER_WAITING;
  if (capBytes >= Math.min(least, present)) return [];
  const expected = `at least ${least}: ${waitingBytes} bytes of events wait for the centre`;
  return [{ path: "gateway.outbox.capBytes", found: `${capBytes}`, expected }];
}

function checkChange(change: PlainDocument): readonly InputFault[] {
  const outcome = changeSchema.safeParse(change);
  const repeated = duplicateIds(change, [["cameras"], ["radios"]]);
  if (outcome.success) return below("gateway", repeated);
  const faults = faultsOf(outcome.error.issues, change).map((fault) =>
    Object.hasOwn(shape, fault.path) && !Object.hasOwn(changeSchema.shape, fault.path)
      ? { ...fault, expected: NOT_FROM_AFAR }
      : fault,
  );
  return below("gateway", [...faults, ...repeated]);
}

function completeSite(wished: PlainDocument, present: PresentConfig): PlainDocument {
  const { tags, survey } = present.siteDocument;
  return {
    ...(tags === undefined ? {} : { tags }),
    ...(survey === undefined ? {} : { survey }),
    ...wished,
  };
}

function checkSite(
  document: PlainDocument,
  present: SitePlan,
): Result<SitePlan, readonly InputFault[]> {
  const outcome = parseSitePlan(document);
  if (!outcome.ok) return fail(below("site", outcome.error));
  const { id } = outcome.value.store;
  if (id === present.store.id) return outcome;
  const expected = `${present.store.id}: a gateway stays with its store`;
  return fail([{ path: "site.store.id", found: JSON.stringify(id), expected }]);
}

const below = (root: string, faults: readonly InputFault[]): readonly InputFault[] =>
  faults.map((fault) => ({
    ...fault,
    path: fault.path === "" ? root : `${root}.${fault.path}`,
  }));

function mergeChange(own: PlainDocument, change: PlainDocument): PlainDocument {
  const merged: Record<string, unknown> = { ...own };
  for (const [key, value] of Object.entries(change)) {
    const before = own[key];
    if (Array.isArray(value)) merged[key] = value.map((entry) => mergeEntry(before, entry));
    else merged[key] = { ...(isPlain(before) ? before : {}), ...(isPlain(value) ? value : {}) };
  }
  return merged;
}

function mergeEntry(list: unknown, wished: unknown): unknown {
  if (!isPlain(wished)) return wished;
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  const own = entries.find((entry) => isPlain(entry) && entry["id"] === wished["id"]);
  if (!isPlain(own)) return wished;
  const source = signedIn(own["source"], wished["source"]);
  return { ...own, ...wished, ...(source === null ? {} : { source }) };
}

/** The wished source with the user name and password of the own one, if both lead to the same place; else null. */
function signedIn(own: unknown, wished: unknown): string | null {
  if (typeof own !== "string" || typeof wished !== "string") return null;
  if (!URL.canParse(own) || !URL.canParse(wished)) return null;
  const [from, to] = [new URL(own), new URL(wished)];
  // A password is only ever sent to where the gateway's own file sends it.
  if (from.username === "" || from.protocol !== to.protocol || from.host !== to.host) return null;
  [to.username, to.password] = [from.username, from.password];
  return to.href;
}

const isPlain = (value: unknown): value is PlainDocument =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Addresses of this machine and of the services that clouds put on link-local ones. */
const OWN_HOST = /^(localhost|0\.0\.0\.0|127\.|169\.254\.|\[::1?\]|\[fe[89ab]|\[::ffff:)/i;

function isForeignStream(source: string): boolean {
  if (!URL.canParse(source)) return false;
  const { protocol, username, password } = new URL(source);
  // Only of schemes it knows does URL say which address a host written in another way is.
  const asWeb = source.trim().replace(/^rtsps?:/i, "http:");
  if (!URL.canParse(asWeb)) return false;
  const { hostname } = new URL(asWeb);
  const isStream = protocol === "rtsp:" || protocol === "rtsps:";
  return isStream && username + password === "" && hostname !== "" && !OWN_HOST.test(hostname);
}
