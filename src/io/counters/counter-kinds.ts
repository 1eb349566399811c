import type { CounterConfig, CounterFormat } from "../../config/counters.ts";
import type { PictureSize } from "../../vision/ports.ts";
import { createAxisAdapter } from "./axis-adapter.ts";
import type { CounterAdapter } from "./changes.ts";
import { createFrigateAdapter } from "./frigate-adapter.ts";
import { genericAdapter } from "./generic-adapter.ts";
import { createXovisAdapter } from "./xovis-adapter.ts";

/** Limits in time of one counter. */
export interface CounterTiming {
  readonly silenceMs: number;
  readonly delayMs: number;
  readonly carryMs: number;
}

/**
 * What holds for a format unless the configuration says otherwise. Frigate publishes its statistics every minute and
 * a tracked person about every five seconds, at least once a minute, and tells the end five seconds late; Axis sends
 * an empty frame every other second and leaves somebody who stands still out; the others name everybody, all the time.
 */
const COUNTER_TIMING: Readonly<Record<CounterFormat, CounterTiming>> = {
  frigate: { silenceMs: 150_000, delayMs: 10_000, carryMs: 90_000 },
  axis: { silenceMs: 15_000, delayMs: 300, carryMs: 60_000 },
  xovis: { silenceMs: 60_000, delayMs: 300, carryMs: 2000 },
  generic: { silenceMs: 15_000, delayMs: 300, carryMs: 2000 },
};

const USUAL_PICTURE: PictureSize = { widthPx: 1600, heightPx: 900 };
const PX_PER_M = 100;

/** The timing of one counter: its format's, where the configuration says nothing else. Pure. */
export function timingOf(config: CounterConfig): CounterTiming {
  const usual = COUNTER_TIMING[config.format];
  return {
    silenceMs: config.silenceMs ?? usual.silenceMs,
    delayMs: config.delayMs ?? usual.delayMs,
    carryMs: config.carryMs ?? usual.carryMs,
  };
}

/** The picture in which lines and zones are judged; of a floor area 1 Px is 1 cm. Pure. */
export function pictureOf({ picture, area }: CounterConfig): PictureSize {
  if (area === undefined) return picture ?? USUAL_PICTURE;
  return {
    widthPx: Math.round((area.xMaxM - area.xMinM) * PX_PER_M),
    heightPx: Math.round((area.yMaxM - area.yMinM) * PX_PER_M),
  };
}

/** The reader of a counter's messages. A configuration that passed the schema always has one. */
export function adapterOf(config: CounterConfig): CounterAdapter {
  switch (config.format) {
    case "frigate":
      return createFrigateAdapter({
        camera: config.camera ?? config.id,
        picture: pictureOf(config),
      });
    case "axis":
      return createAxisAdapter({ channel: config.channel ?? null });
    case "xovis":
      if (config.area === undefined) throw new TypeError("a Xovis counter without an area");
      return createXovisAdapter(config.area);
    case "generic":
      return genericAdapter;
  }
}
