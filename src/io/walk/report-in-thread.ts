import type { WalkGround } from "../../radio/walk/walk-judge.ts";
import type { WalkReport } from "../../radio/walk/walk-report.ts";
import type { WalkRecord } from "../../radio/walk/walk-session.ts";
import { launchWorker } from "../camera/worker-launch.ts";
import type { WalkBirth } from "./walk-worker.ts";

/**
 * Works a walk out in a thread of its own: an hour of it takes a small computer half a minute, and the gateway has to
 * go on listening. Rejects when the thread dies; ends it when the signal aborts, and rejects then too.
 */
export function reportInThread(
  ground: WalkGround,
  record: WalkRecord,
  signal: AbortSignal,
): Promise<WalkReport> {
  const birth: WalkBirth = { ground, record };
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error("the walk was dropped"));
    const worker = launchWorker(import.meta.url, "walk-worker", birth);
    const drop = (): void => {
      void worker.terminate();
      reject(new Error("the walk was dropped"));
    };
    signal.addEventListener("abort", drop, { once: true });
    worker.once("message", (report: WalkReport) => resolve(report));
    worker.once("error", reject);
    worker.once("exit", () => {
      signal.removeEventListener("abort", drop);
      // Settles nothing when a report came before.
      reject(new Error("the thread of the walk ended without a result"));
    });
  });
}
