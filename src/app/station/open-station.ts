import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { ActiveLoyalty } from "../../config/loyalty.ts";
import { type SubjectRef, subjectRef } from "../../core/brand.ts";
import type { Clock, TimeAnchor } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { ShopperRecognised } from "../../core/events.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { FaceChain } from "../../face/ports.ts";
import { Station } from "../../face/station/station.ts";
import type { StationCamera, StationDeps } from "../../face/station/station-ports.ts";
import { findFfmpeg } from "../../io/camera/ffmpeg-binary.ts";
import { openFaceChain } from "../../io/face/face-chain.ts";
import { FfmpegStationCamera } from "../../io/station/station-camera.ts";
import { keyInFile } from "../../io/vault/gateway-key.ts";
import { memberPseudonym, pseudonymTag } from "../../privacy/loyalty/pseudonym.ts";
import type { ConsentDesk } from "../consent/consent-desk.ts";
import { recognitionTeller, StationDesk } from "./station-desk.ts";
import { stationNotices } from "./station-notices.ts";
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
export type OpenStation = Service & { readonly port: StationDesk };

/**
 * Wires a station. Its models are opened when it starts; without them, without a camera and with faces off there are
 * codes alone, which is said on the page and in the log.
 */
export function openStation(parts: StationParts): OpenStation {
  const { loyalty, consents, templates, clock, log, machine = {} } = parts;
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
  const port = new StationDesk({
    ...{ loyalty, stationId, station, consents, token: parts.token, storeName: parts.storeName },
    languages: settings?.languages ?? ["en"],
    notices: stationNotices(loyalty, parts.storeName),
    hasFace: camera !== null,
    newSubject: () => subjectRef(randomBytes(16).toString("base64url")),
  });
  return {
    name: "station",
    port,
    async start(signal) {
      if (loyalty.jurisdiction === "off" || camera === null) return;
      chain = await chainOf(parts);
      if (!signal.aborted) return;
      await chain?.close();
      chain = null;
    },
    async [Symbol.asyncDispose]() {
      station.stop();
      const open = chain;
      chain = null;
      await open?.close();
      log.debug({ event: "station.stopped" }, "the station is closed");
    },
  };
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
      const fields = { event: "station.camera-fault", code: fault.code, ...fault.context };
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
  log,
  machine,
}: StationParts): Promise<FaceChain | null> {
  try {
    const { profile } = loyalty.face;
    const usual = (): Promise<FaceChain> =>
      openFaceChain({ dir: modelsDir, profile, gate: consents.gate });
    return await (machine?.openChain ?? usual)();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const fields = { event: "station.no-face-models", code: error.code };
    log.warn(fields, `${error.message}; the station takes codes alone`);
    return null;
  }
}

/**
 * What a shop without a centre calls its members: as the centre would, under a key of its own that lies beside the ledger
 * and is drawn at the first use.
 */
export function localPseudonyms(
  stateDir: string,
  storeGroup: string,
): (subject: SubjectRef) => string | null {
  const source = keyInFile(join(stateDir, "pseudonym-key"));
  return (subject) => {
    const key = source.take(true);
    if (key === null) return null;
    const pseudonym = pseudonymTag(memberPseudonym(key, storeGroup, subject));
    key.fill(0);
    return pseudonym;
  };
}
