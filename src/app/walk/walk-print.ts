import { percent } from "../../radio/walk/walk-advice.ts";
import type { WalkResultView, WalkView } from "../../web/walk-view.ts";

/** The zones with the numbers to type, one a line. Pure. */
export function zoneList(view: WalkView): string {
  return view.zones.map(({ name }, i) => `  ${i + 1}  ${name}`).join("\n");
}

/** How a walk stands, on one line. Pure. */
export function progressText(view: WalkView): string {
  const here = view.zones.find(({ id }) => id === view.here)?.name;
  const where = view.state === "paused" ? "paused" : (here ?? "no zone yet");
  const zones = view.zones.map(({ stayedMs }, i) => `${i + 1}:${Math.round(stayedMs / 1000)}s`);
  const silent = view.receivers.filter(({ readings }) => readings === 0).length;
  const heard = silent === 0 ? "" : ` | ${silent} receiver(s) heard nothing`;
  return `${where} | ${zones.join(" ")}${heard}`;
}

/**
 * The confusion before and after as text: per zone the share that is right, then where its time was placed, in percent;
 * the sentences of the advice below. Pure.
 */
export function resultText(result: WalkResultView): string {
  const names = result.zones.map(({ name }) => name);
  const width = Math.max(4, ...names.map(({ length }) => length));
  const columns = [...names.map((_, i) => String(i + 1)), "-", "?"];
  const table = (title: string, placed: "placedBeforeS" | "placedAfterS"): readonly string[] => [
    `${title}, percent of the time in each zone placed in`,
    `  ${" ".repeat(width + 4)}${columns.map((column) => column.padStart(5)).join("")}`,
    ...result.zones.map((zone, i) => {
      const cells = zone[placed];
      const seconds = cells.reduce((sum, s) => sum + s, 0);
      const shares = cells.map((s) => (seconds === 0 ? "" : `${Math.round((100 * s) / seconds)}`));
      return `  ${String(i + 1).padStart(2)}  ${zone.name.padEnd(width)}${shares.map((share) => share.padStart(5)).join("")}`;
    }),
  ];
  return [
    ...table("Before", "placedBeforeS"),
    "",
    ...table("With this walk", "placedAfterS"),
    "  - = between the zones, ? = not known",
    "",
    `Right before ${percent(result.accuracyBefore)}, with this walk ${percent(result.accuracyAfter)}, over ${result.seconds} s; no second was judged by points made of itself.`,
    ...result.advice.map((sentence) => `* ${sentence}`),
  ].join("\n");
}
