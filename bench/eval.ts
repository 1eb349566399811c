import { dispatch } from "./command.ts";

await dispatch(
  {
    tracking: () => import("./eval/tracking.ts"),
    counter: () => import("./eval/counter.ts"),
    staff: () => import("./eval/staff.ts"),
    video: () => import("./eval/video.ts"),
    trajectories: () => import("./eval/trajectories.ts"),
    approach: () => import("./eval/approach.ts"),
    adverts: () => import("./eval/adverts.ts"),
    hci: () => import("./eval/hci.ts"),
    zones: () => import("./eval/zones.ts"),
    "walk-mode": () => import("./eval/walk-mode.ts"),
    sim: () => import("./eval/sim.ts"),
    faces: () => import("./eval/faces.ts"),
  },
  process.argv.slice(2),
);
