import type { MetricScope } from "./metric-value.ts";

/** A scope as a word: `store`, `zone:ID`, `line:ID`, `pair:FROM:TO`. Ids hold no colon. Pure. */
export function scopeText(scope: MetricScope): string {
  switch (scope.kind) {
    case "store":
      return "store";
    case "zone":
    case "line":
      return `${scope.kind}:${scope.id}`;
    case "zone-pair":
      return `pair:${scope.from}:${scope.to}`;
  }
}

/** The scope that a word of `scopeText` names; null when it names none. Pure. */
export function parseScope(text: string): MetricScope | null {
  const [kind, first, second, ...rest] = text.split(":");
  if (rest.length > 0) return null;
  if (kind === "store" && first === undefined) return { kind: "store" };
  if (!first) return null;
  if ((kind === "zone" || kind === "line") && second === undefined) return { kind, id: first };
  return kind === "pair" && second ? { kind: "zone-pair", from: first, to: second } : null;
}
