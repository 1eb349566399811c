import type { SubjectRef, TenantId } from "../core/brand.ts";
import type { Refusal } from "../core/consent.ts";
import type { Result } from "../core/errors.ts";
import type { Permit } from "../privacy/consent/consent-gate.ts";

/** A picture in memory: RGB, 8 bits, row by row from the top. Belongs to who made it, who overwrites it after use. */
export interface FacePicture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly rgb: Uint8Array;
}

/** Which chain made a template: templates of another chain are never compared. */
export interface FaceChainId {
  /** `clean` (dlib, 128 numbers) or `accurate` (512 numbers). */
  readonly profile: "clean" | "accurate";
  /** SHA-256 of detector and embedder, so that another file is another chain. */
  readonly version: string;
}

/** What was measured about the one face of a picture; says nothing about whose it is. */
export interface FaceQuality {
  /** Forehead to chin. */
  readonly heightPx: number;
  readonly eyeDistancePx: number;
  /** 0..1: 1 is sharp. */
  readonly sharpness: number;
  /** Mean brightness of the face, 0..1. */
  readonly brightness: number;
  /** 0: looks into the camera; 1: a profile. */
  readonly turn: number;
  /** Tilt of the line between the eyes, in degrees. */
  readonly rollDeg: number;
  /**
   * How much it looks like a living face and not a picture of one, 0..1; null: no model for it is installed. A hint to
   * have a second look, never a proof, see `needsSecondLook`.
   */
  readonly live: number | null;
}

/** The face of one picture as numbers. `wipe` overwrites them; every user of one calls it, matched or not. */
export interface FaceProbe {
  readonly chain: FaceChainId;
  readonly values: Float32Array;
  readonly quality: FaceQuality;
  wipe(): void;
}

/** Pictures to probes; an act of the shopper at a station stands behind every call. */
export interface FaceChain {
  readonly id: FaceChainId;
  /**
   * The probe of the one face that acts in the picture, if it is good enough for `use`. The caller wipes it. Internal
   * buffers (resized pictures, crops, tensors) are overwritten before it returns, whatever the outcome.
   */
  probe(
    picture: FacePicture,
    permit: Permit<"loyalty-face">,
    use: "enrol" | "match",
  ): Promise<Result<FaceProbe, Refusal>>;
  /** Overwrites what the engine itself still holds of the last picture; called when a shopper's act ends. */
  scrub?(): Promise<void>;
  close(): Promise<void>;
}

/** A template out of the vault, readable for the time of one comparison. `wipe` overwrites it. */
export interface OpenTemplate {
  readonly subjectRef: SubjectRef;
  readonly chain: FaceChainId;
  readonly values: Float32Array;
  wipe(): void;
}

/** Where templates are kept, encrypted; see docs/privacy.md for files and keys. */
export interface TemplateVault {
  /** Keeps a template; replaces the member's former one. The values stay the caller's, who wipes them. */
  put(
    permit: Permit<"loyalty-face">,
    terms: {
      readonly tenantId: TenantId;
      readonly chain: FaceChainId;
      readonly expiresAtMs: number;
    },
    values: Float32Array,
  ): Result<void, Refusal>;
  /** Opens a member's template. */
  open(permit: Permit<"loyalty-face">, chain: FaceChainId): Result<OpenTemplate, Refusal>;
  /**
   * The numbers of a probe as templates are kept: turned by the tenant's projection, under which distances and angles
   * stay what they were. What `open` gives can be compared with these and with nothing else. The caller wipes them.
   */
  project(values: Float32Array): Result<Float32Array, Refusal>;
  /** Whether a member has one, without opening it. */
  has(subject: SubjectRef): boolean;
  /** Destroys the key of a member's template and then the template. True when there was one. */
  shred(subject: SubjectRef): boolean;
  /** Members with a template, for identification and upkeep; bounded by the gallery's cap. */
  subjects(): readonly SubjectRef[];
  close(): void;
}
