import { dispatch } from "./command.ts";

await dispatch(
  {
    tracking: () => import("./eval/tracking.ts"),
    counter: () => import("./eval/counter.ts"),
    video: () => import("./eval/video.ts"),
    trajectories: () => import("./eval/trajectories.ts"),
    approach: () => import("./eval/approach.ts"),
  },
  process.argv.slice(2),
);
