import { parentPort, workerData } from "node:worker_threads";
import type { WalkGround } from "../../radio/walk/walk-judge.ts";
import { reportWalk } from "../../radio/walk/walk-report.ts";
import type { WalkRecord } from "../../radio/walk/walk-session.ts";

/** What the thread is given. */
export interface WalkBirth {
  readonly ground: WalkGround;
  readonly record: WalkRecord;
}

/** Entry of the thread that works a walk out: one report, then the end. */
if (parentPort !== null) {
  const { ground, record } = workerData as WalkBirth;
  parentPort.postMessage(reportWalk(ground, record));
}
