import { InferenceSession } from "onnxruntime-node";

/**
 * Opens a network on the CPU. Spinning is off because idle worker threads that spin burn more than twice the
 * processor time of the inference itself and take it from the video decoder.
 */
export function openSession(model: Uint8Array, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(model, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
}
