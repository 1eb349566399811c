import { parentPort, workerData } from "node:worker_threads";
import { GatewayError } from "../../core/errors.ts";
import { createPersonDetector, type OnnxPersonDetector } from "../onnx/person-detector.ts";
import type { WorkerBirth, WorkerOrder, WorkerReport } from "./camera-protocol.ts";
import { FrameWorker } from "./frame-worker.ts";

/** Entry of a camera's worker thread: loads the detector, then obeys its host until `end` or a fault. */
async function main(birth: WorkerBirth, port: NonNullable<typeof parentPort>): Promise<void> {
  const post = (report: WorkerReport): void => port.postMessage(report);
  const leave = async (detector: OnnxPersonDetector | null): Promise<void> => {
    port.close();
    await detector?.[Symbol.asyncDispose]();
  };
  let detector: OnnxPersonDetector;
  try {
    detector = await createPersonDetector(birth.model.entry, birth.model.dir, birth.model.threads);
  } catch (error) {
    post(failureOf(error));
    return leave(null);
  }
  const worker = new FrameWorker(birth, detector, (report) => {
    post(report);
    if (report.kind === "ended") void leave(detector);
  });
  port.on("message", (order: WorkerOrder) => {
    worker.accept(order).catch((error: unknown) => {
      post(failureOf(error));
      void leave(detector);
    });
  });
  post({ kind: "ready" });
}

function failureOf(error: unknown): WorkerReport {
  const code = error instanceof GatewayError ? error.code : "INFERENCE_FAILED";
  return { kind: "failed", code, message: error instanceof Error ? error.message : String(error) };
}

if (parentPort !== null) await main(workerData as WorkerBirth, parentPort);
