import { dispatch } from "./command.ts";

await dispatch(
  {
    pipeline: () => import("./speed/pipeline.ts"),
    tracker: () => import("./speed/tracker.ts"),
    outbox: () => import("./speed/outbox.ts"),
    radio: () => import("./speed/radio.ts"),
    soak: () => import("./speed/soak.ts"),
  },
  process.argv.slice(2),
);
