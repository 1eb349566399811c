import { dispatch } from "./command.ts";

await dispatch(
  {
    tracking: () => import("./eval/tracking.ts"),
    video: () => import("./eval/video.ts"),
  },
  process.argv.slice(2),
);
