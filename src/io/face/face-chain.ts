import type { FaceChain } from "../../face/ports.ts";
import type { ConsentGate } from "../../privacy/consent/consent-gate.ts";
import { type FaceEngine, type FaceEngineOptions, openFaceEngine } from "./face-engine.ts";

/** How a chain is run. */
export interface FaceChainOptions extends FaceEngineOptions {
  /** The gate whose permits count; it is asked before every single run of a network. */
  readonly gate: Pick<ConsentGate, "refusalOf">;
}

/** A chain in the thread that opened it. */
export type OnnxFaceChain = FaceChain &
  Required<Pick<FaceChain, "scrub">> &
  Pick<FaceEngine, "runs">;

/**
 * Opens the chain of a profile in this very thread, which stands still while a network runs: for evaluations,
 * measurements and tests. A gateway has it in a thread of its own, see `openFaceThread`.
 * @throws MODEL_MISSING when a model it needs is not installed, MODEL_HASH_MISMATCH, MODEL_UNSUPPORTED
 */
export async function openFaceChain(options: FaceChainOptions): Promise<OnnxFaceChain> {
  const { gate, ...rest } = options;
  const engine = await openFaceEngine(rest);
  return {
    id: engine.id,
    runs: engine.runs,
    probe: (picture, permit, use) =>
      engine.look(picture, use, () => gate.refusalOf(permit, "loyalty-face")),
    scrub: () => engine.scrub(),
    close: () => engine.close(),
  };
}
