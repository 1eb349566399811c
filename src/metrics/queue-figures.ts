import type { Figure } from "./sources.ts";

/** Figures by metric. */
export const QUEUE_FIGURES = {} as const satisfies Record<string, Figure>;
