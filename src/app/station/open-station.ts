import { randomBytes } from "node:crypto";
import type { ActiveLoyalty } from "../../config/loyalty.ts";
import { type SubjectRef, subjectRef } from "../../core/brand.ts";
import type { Clock, TimeAnchor } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { ShopperRecognised } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { FaceChain } from "../../face/ports.ts";
import { Station } from "../../face/station/station.ts";
import type { LookCounts, StationCamera, StationDeps } from "../../face/station/station-ports.ts";
import { findFfmpeg } from "../../io/camera/ffmpeg-binary.ts";
import { FfmpegStationCamera } from "../../io/station/station-camera.ts";
import type { ConsentDesk } from "../consent/consent-desk.ts";
import type { Chore } from "../upkeep.ts";
import { endBareConsents } from "./bare-consents.ts";
import { LookFigures } from "./look-figures.ts";
import { recognitionTeller } from "./recognition-teller.ts";
import { RefusalNotes } from "./refusal-notes.ts";
import { StationDesk } from "./station-desk.ts";
import { stationNotices } from "./station-notices.ts";
import { tokenFault } from "./station-token.ts";
import type { TemplateStore } from "./template-store.ts";

/** What the station of a gateway needs. */
export interface StationParts {
  readonly loyalty: ActiveLoyalty;
  readonly storeName: string;
  /** What the page and every request of it show. */
  readonly token: string;
  readonly modelsDir: string;
  readonly consents: ConsentDesk;
  readonly templates: TemplateStore;
  readonly pseudonymOf: (subject: SubjectRef) => string | null;
  /** Takes the event durably. */
  readonly onEvent: (event: ShopperRecognised) => void;
  readonly boot: string;
  readonly anchor: () => TimeAnchor;
  readonly clock: Clock;
  readonly log: Log;
  /** What a test puts in the place of ffmpeg and of the models. */
  readonly machine?: {
    readonly camera?: StationCamera;
    readonly openChain?: () => Promise<FaceChain>;
  };
}

/** The station: a service, and the port of its page. */
export type OpenStation = Service & {
  readonly port: StationDesk;
  readonly refusals: Pick<RefusalNotes, "counts">;
  /** How looks ended since the start. */
  readonly counts: LookCounts;
  /** The work that time brings. */
  chores(): readonly Chore[];
};

const CHORE_PERIOD_MS = 60_000;

/**
 * Wires a station. Its models are opened when it starts; without them, without a camera and with faces off there are
 * codes alone, which is said on the page and in the log. @throws CONFIG_INVALID when the token is too short
 */
export function openStation(parts: StationParts): OpenStation {
  const { loyalty, consents, templates, clock, log, machine = {} } = parts;
  const fault = tokenFault(parts.token);
  if (fault !== null) throw new GatewayError("CONFIG_INVALID", fault);
  const settings = loyalty.station;
  const stationId = settings?.id ?? "station";
  let chain: FaceChain | null = null;
  const camera = machine.camera ?? cameraOf(settings?.source, clock);
  const tell = recognitionTeller({ ...parts, stationId });
  const station = new Station({
    ...{ camera, chain: () => chain, gate: consents.gate, clock, tenantId: loyalty.tenantId },
    ...eyesOf(parts),
    get vault() {
      return templates.vault;
    },
    onRecognised: tell,
  });
  const refusals = new RefusalNotes(log);
  const figures = new LookFigures({
    ...{ counts: () => station.counts, now: () => consents.clock.now() },
    keep: (job, counts) => consents.keepCounts(job, counts),
  });
  const port = new StationDesk({
    ...{ loyalty, stationId, station, consents, token: parts.token, storeName: parts.storeName },
    languages: settings?.languages ?? ["en"],
    notices: stationNotices(loyalty, parts.storeName, (id, language, text) =>
      consents.noticeOf(id, language, text),
    ),
    hasFace: camera !== null,
    mono: () => clock.mono(),
    newSubject: () => subjectRef(randomBytes(16).toString("base64url")),
    onRefused: (act, reason) => refusals.note(act, reason),
  });
  return {
    name: "station",
    port,
    refusals,
    get counts() {
      return station.counts;
    },
    chores: () => choresOf(parts, stationId, figures),
    async start(signal) {
      if (loyalty.jurisdiction === "off" || camera === null) return;
      chain = await chainOf(parts);
      if (!signal.aborted) return;
      await chain?.close();
      chain = null;
    },
    async [Symbol.asyncDispose]() {
      // What is half done is undone while ledger and vault are still open.
      await station.close();
      figures.flush();
      const open = chain;
      chain = null;
      await open?.close();
      const fields = { event: "station.stopped", refused: refusals.counts, looks: station.counts };
      log.info(fields, "the station is closed");
    },
  };
}

function choresOf(
  { consents, templates, log }: StationParts,
  stationId: string,
  figures: LookFigures,
): readonly Chore[] {
  const endBare = (): void => {
    const ended = endBareConsents({ stationId, consents, templates });
    if (ended === 0) return;
    const fields = { event: "station.bare-consents", ended };
    log.warn(fields, "consents to a face without a template were taken back");
  };
  return [
    { name: "station-consents", periodMs: CHORE_PERIOD_MS, run: endBare },
    { name: "station-looks", periodMs: CHORE_PERIOD_MS, run: () => figures.run() },
  ];
}

type Eyes = Pick<StationDeps, "jurisdiction" | "now" | "consents" | "onFault"> &
  Partial<Pick<StationDeps, "threshold">>;

function eyesOf({ loyalty, consents, log }: StationParts): Eyes {
  const { threshold } = loyalty.face;
  return {
    jurisdiction: () => loyalty.jurisdiction,
    now: () => consents.clock.now(),
    consents: {
      withdrawFace: (subject) =>
        void consents.revoke({
          ...{ subjectRef: subject, purposes: ["loyalty-face"], by: "system" },
          ref: "no-template",
        }),
    },
    onFault: (fault) => {
      if (!(fault instanceof GatewayError)) throw fault;
      const fields = { event: "station.look-failed", code: fault.code, ...fault.context };
      log.warn(fields, fault.message);
    },
    ...(threshold === undefined ? {} : { threshold }),
  };
}

function cameraOf(source: string | undefined, clock: Clock): StationCamera | null {
  if (source === undefined) return null;
  return new FfmpegStationCamera({ source, clock, ffmpeg: () => findFfmpeg() });
}

async function chainOf({
  modelsDir,
  loyalty,
  consents,
  clock,
  log,
  machine,
}: StationParts): Promise<FaceChain | null> {
  try {
    const { profile } = loyalty.face;
    const usual = async (): Promise<FaceChain> => {
      // Loaded on demand: with faces off nothing of it is in the process.
      const { openFaceThread } = await import("../../io/face/face-thread.ts");
      return await openFaceThread({ dir: modelsDir, profile, gate: consents.gate, clock });
    };
    return await (machine?.openChain ?? usual)();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const fields = { event: "station.no-face-models", code: error.code };
    log.warn(fields, `${error.message}; the station takes codes alone`);
    return null;
  }
}
