import type { Refusal } from "../../core/consent.ts";
import type { FaultCode } from "../../core/errors.ts";
import type { FaceChainId, FacePicture, FaceQuality } from "../../face/ports.ts";
import type { FaceEngineOptions, FaceUse } from "./face-engine.ts";

/** What the thread for faces is born with. */
export type FaceBirth = FaceEngineOptions;

/** Orders to the thread. `may` takes effect at once, the others one after another. */
export type FaceOrder =
  /** Look at a picture. Its pixels and the place for the numbers are shared memory, which the host overwrites. */
  | {
      readonly kind: "look";
      readonly picture: FacePicture;
      readonly use: FaceUse;
      readonly values: Float32Array;
    }
  /** What the gate says to the question of the thread. */
  | { readonly kind: "may"; readonly refusal: Refusal | null }
  /** Overwrite what the engine keeps of the last picture. */
  | { readonly kind: "scrub" }
  /** Overwrite everything and leave. */
  | { readonly kind: "leave" };

/** What the thread says. Neither pictures nor numbers of a face are in any of it. */
export type FaceNews =
  | { readonly kind: "ready"; readonly id: FaceChainId; readonly dim: number }
  /** May the next network run? It waits for the answer. */
  | { readonly kind: "may" }
  /** The numbers are in their place. */
  | { readonly kind: "seen"; readonly quality: FaceQuality }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "scrubbed" }
  /** It cannot go on; it has overwritten what it held, and leaves. */
  | { readonly kind: "failed"; readonly code: FaultCode; readonly message: string };
