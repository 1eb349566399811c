import { fail, ok, type Result } from "../core/errors.ts";
import { AGREEING_FRAMES } from "./agreement.ts";
import { faceDistance, matchDistance } from "./comparison.ts";
import type { FaceChainId, FaceProbe } from "./ports.ts";

/** Most pictures that go into one template; more add nothing. */
const MOST_PROBES = 8;

/**
 * Makes a template out of several pictures of one shopper. Every one of them must be as near to all others as a gallery
 * asks for, or two people, or something that is no steady face, stood before the camera. Keeps copies of the probes and
 * overwrites them with `wipe`, which whoever made it calls in any case.
 */
export class Enrolment {
  readonly #chain: FaceChainId;
  readonly #kept: Float32Array[] = [];

  constructor(chain: FaceChainId) {
    this.#chain = chain;
  }

  /** Pictures taken so far. */
  get count(): number {
    return this.#kept.length;
  }

  /**
   * Takes a picture and says how many are still missing, 0 when it is enough. Refused are pictures of another chain,
   * and one that is not like the others, which begins everything anew.
   */
  add(probe: FaceProbe): Result<number, "template-foreign" | "face-unsteady"> {
    const { profile, version } = probe.chain;
    if (profile !== this.#chain.profile || version !== this.#chain.version) {
      return fail("template-foreign");
    }
    const within = matchDistance(profile, "identify");
    const isSteady = this.#kept.every(
      (kept) => faceDistance(profile, kept, probe.values) <= within,
    );
    if (!isSteady) {
      this.wipe();
      return fail("face-unsteady");
    }
    if (this.#kept.length < MOST_PROBES) this.#kept.push(Float32Array.from(probe.values));
    return ok(Math.max(0, AGREEING_FRAMES - this.#kept.length));
  }

  /** The middle of the pictures; the caller overwrites it after use. Refused before there are enough. */
  template(): Result<Float32Array, "face-unsteady"> {
    if (this.#kept.length < AGREEING_FRAMES) return fail("face-unsteady");
    const values = new Float32Array(this.#kept[0]?.length ?? 0);
    for (const kept of this.#kept) {
      const weight = weightOf(this.#chain.profile, kept);
      for (let i = 0; i < values.length; i += 1) {
        values[i] = (values[i] ?? 0) + (kept[i] ?? 0) * weight;
      }
    }
    for (let i = 0; i < values.length; i += 1) {
      values[i] = (values[i] ?? 0) / this.#kept.length;
    }
    return ok(values);
  }

  /** Overwrites the copies and begins anew. */
  wipe(): void {
    for (const kept of this.#kept) kept.fill(0);
    this.#kept.length = 0;
  }
}

/** Where only the direction counts, each picture counts alike; where the distance does, it stays as it is. */
function weightOf(profile: FaceChainId["profile"], values: Float32Array): number {
  if (profile === "clean") return 1;
  return 1 / Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
