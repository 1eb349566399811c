import { dispatch } from "./command.ts";

await dispatch(
  {
    pipeline: () => import("./speed/pipeline.ts"),
    tracker: () => import("./speed/tracker.ts"),
    outbox: () => import("./speed/outbox.ts"),
    drain: () => import("./speed/drain.ts"),
    brokers: () => import("./speed/brokers.ts"),
    radio: () => import("./speed/radio.ts"),
    recovery: () => import("./speed/recovery.ts"),
    rtsp: () => import("./speed/rtsp.ts"),
    zones: () => import("./speed/zones.ts"),
    soak: () => import("./speed/soak.ts"),
    camera: () => import("./speed/camera.ts"),
    idle: () => import("./speed/idle.ts"),
    "idle-gateway": () => import("./speed/idle-gateway.ts"),
    latency: () => import("./speed/latency.ts"),
    metrics: () => import("./speed/metrics.ts"),
    ingest: () => import("./speed/ingest.ts"),
    query: () => import("./speed/query.ts"),
    loyalty: () => import("./speed/loyalty.ts"),
    faces: () => import("./speed/faces.ts"),
    figures: () => import("./speed/figures.ts"),
  },
  process.argv.slice(2),
);
