import type { EpochMs, SubjectRef, TenantId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import type { Jurisdiction, Refusal } from "../../core/consent.ts";
import type { Result } from "../../core/errors.ts";
import type { RecognitionMethod } from "../../core/events.ts";
import type { ConsentGate } from "../../privacy/consent/consent-gate.ts";
import type { FaceChain, FacePicture, TemplateVault } from "../ports.ts";

/** One picture of the station's camera. Whoever gets one wipes it, whatever comes of it. */
export interface StationFrame {
  readonly picture: FacePicture;
  /** Overwrites the picture. */
  wipe(): void;
}

/** The station's camera: dark but while somebody acts. */
export interface StationCamera {
  /**
   * Switches the camera on and gives its pictures, newest first come; ends when `signal` aborts, and is off again when
   * the iteration is over. One at a time.
   * @throws a coded fault when there is no picture to be had
   */
  frames(signal: AbortSignal): AsyncIterable<StationFrame>;
}

/** The consents as far as a look at a face changes them. */
export interface StationConsents {
  /** A consent to the face that was written for an enrolment of which nothing came is taken back. */
  withdrawFace(subject: SubjectRef): void;
}

/** What the flows of a station are made of. */
export interface StationDeps {
  /** null: the station has none; codes and cards work all the same. */
  readonly camera: StationCamera | null;
  /** null: the models are not there, or could not be opened. */
  readonly chain: () => FaceChain | null;
  /** null: it could not be opened. */
  readonly vault: TemplateVault | null;
  readonly gate: Pick<ConsentGate, "permit" | "refusalOf">;
  readonly consents: StationConsents;
  readonly jurisdiction: () => Jurisdiction;
  readonly tenantId: TenantId;
  /** The clock of the consents. */
  readonly now: () => EpochMs;
  readonly clock: Pick<Clock, "mono" | "after">;
  /** Replaces the usual threshold of the profile, in its own unit. */
  readonly threshold?: number;
  /** A member was recognised: the visit is told. */
  readonly onRecognised: (subject: SubjectRef, method: RecognitionMethod) => void;
  /** The camera failed, for the log. */
  readonly onFault: (fault: unknown) => void;
}

/** What a shopper can do before the camera. */
export type StationAct = "enrol" | "verify" | "identify";

/** What the page shows while somebody acts. */
export interface StationView {
  /** null: nobody acts, the camera is off. */
  readonly act: StationAct | null;
  /** What is wrong with the newest picture; null: nothing, or there is none yet. */
  readonly hint: Refusal | null;
  /** Pictures that were good enough. */
  readonly taken: number;
}

/**
 * How an act ended. A refusal never ends the visit: `next` says whether another look may help (`again`) or the code is
 * what helps now (`code`), which gives the same.
 */
export type StationOutcome =
  | {
      readonly kind: "recognised";
      readonly subject: SubjectRef;
      readonly method: RecognitionMethod;
    }
  | { readonly kind: "enrolled"; readonly subject: SubjectRef }
  | { readonly kind: "refused"; readonly reason: Refusal; readonly next: "again" | "code" };

/** A consent to the face, which is asked for at every enrolment: no template is kept on the ground of an older one. */
export interface FaceConsent {
  /** Why it could not be given now, asked before the camera is on; null: nothing is in the way. */
  refusal(): Refusal | null;
  /** Writes it. */
  give(): Result<unknown, Refusal>;
}

/** How the looks of a station ended since its start; numbers and nothing of whom. */
export interface LookCounts {
  /** A face was known again. */
  readonly matches: number;
  /** Good pictures, and of nobody they were compared with. */
  readonly nonMatches: number;
  /** Pictures that rather looked like one of a picture. */
  readonly doubted: number;
  /** No picture was good enough. */
  readonly unusable: number;
  /** Templates that were kept. */
  readonly enrolled: number;
}
