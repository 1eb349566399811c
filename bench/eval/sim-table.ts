import type { SimEntry } from "./sim-score.ts";

interface Detail {
  readonly intervalCoverage: number | null;
  readonly occupancyMae: number | null;
  readonly occupancyMaeClosed: number | null;
  readonly zonePeopleMae: number | null;
  readonly metrics: Readonly<Record<string, Partial<SimEntry> & { readonly worst?: number }>>;
}

const KEYS = ["shopfrontConversion", "meanVisit", "bounceTracks", "bounceCounts", "medianTags"];

/** The result of `eval sim` as text: the figures of the targets, then each way of watching. Pure. */
export function simTable(result: Readonly<Record<string, unknown>>): string {
  const { days, seeds, difficulty, seconds, intervalCoverage } = result;
  const lines = [
    `${days} days, seeds ${JSON.stringify(seeds)}, difficulty ${difficulty}, ${seconds} s`,
  ];
  const targets = KEYS.flatMap((key) => {
    const entry = result[key];
    return typeof entry === "object" && entry !== null ? [[key, entry] as const] : [];
  });
  lines.push("", HEAD, ...targets.map(([key, entry]) => row(key, entry)));
  if (intervalCoverage !== undefined)
    lines.push("", `interval coverage ${percent(intervalCoverage)}`);
  const variants = result["variants"] as Readonly<Record<string, Detail>> | undefined;
  for (const [way, detail] of Object.entries(variants ?? {}))
    lines.push("", ...section(way, detail));
  const covered = result["coveredRuns"] as
    | Readonly<Record<string, Readonly<Record<string, object>>>>
    | undefined;
  for (const [way, entries] of Object.entries(covered ?? {})) {
    lines.push("", way, HEAD, ...Object.entries(entries).map(([key, entry]) => row(key, entry)));
  }
  return lines.join("\n");
}

const HEAD = [
  "metric".padEnd(40),
  "value".padStart(12),
  "truth".padStart(12),
  "error".padStart(9),
  "covered".padStart(8),
  "n".padStart(8),
  "  method",
].join(" ");

function section(way: string, detail: Detail): string[] {
  const facts = [
    `intervals hold the truth ${percent(detail.intervalCoverage)}`,
    `occupancy off by ${detail.occupancyMae} live, ${detail.occupancyMaeClosed} closed`,
    ...(detail.zonePeopleMae === null ? [] : [`people in a zone by ${detail.zonePeopleMae}`]),
  ];
  // What this way of watching does not see is left out.
  const known = Object.entries(detail.metrics).filter(
    ([, { reason }]) => reason !== "unknown-scope",
  );
  const rows = known.map(([key, entry]) => row(key, entry));
  return [`${way}: ${facts.join("; ")}`, HEAD, ...rows];
}

function row(key: string, entry: object): string {
  const { value, truth, values, truths, absError, relError, covered, n, method, reason } =
    entry as Partial<SimEntry> & {
      readonly values?: readonly (number | null)[];
      readonly truths?: readonly (number | null)[];
    };
  const error = absError === undefined ? percent(relError) : `${(absError * 100).toFixed(2)} pt`;
  return [
    key.padEnd(40),
    short(value ?? values?.[0]).padStart(12),
    short(truth ?? truths?.[0]).padStart(12),
    error.padStart(9),
    String(covered ?? "-").padStart(8),
    String(n ?? "").padStart(8),
    `  ${method ?? ""}${value === null && reason ? ` (${reason})` : ""}`,
  ].join(" ");
}

const short = (value: number | null | undefined): string =>
  value === null || value === undefined ? "-" : String(Number(value.toPrecision(5)));

const percent = (value: unknown): string =>
  typeof value === "number" ? `${(value * 100).toFixed(2)} %` : "-";
