import type { MqttConfig } from "../../../config/gateway.ts";
import type { ActiveLoyalty, StationLanguage } from "../../../config/loyalty.ts";
import type { GatewayId } from "../../../core/brand.ts";
import type { SitePlan } from "../../../core/site.ts";
import type { LookCounts } from "../../../face/station/station-ports.ts";

/** What the documents are filled from. */
export interface DocumentTerms {
  readonly loyalty: ActiveLoyalty;
  readonly store: Pick<SitePlan["store"], "id" | "name">;
  readonly gatewayId: GatewayId;
  /** Where events go; null: to nobody, they stay on the gateway. */
  readonly mqtt: Pick<MqttConfig, "url"> | null;
  /** How looks at the station ended, over a time (Unix ms); absent or null: none were counted. */
  readonly looks?: (LookCounts & { readonly fromMs: number; readonly toMs: number }) | null;
  /** The day they are made, `YYYY-MM-DD`. */
  readonly date: string;
}

/** A document as a file. */
export interface DocumentFile {
  readonly name: string;
  readonly html: string;
}

/** What only the controller can know: shown as a field to complete, on paper too. */
export const BLANK = "\u0000";

/** Text as HTML shows it: nothing in it is markup, and what is to be completed is a marked field. Pure. */
export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")
    .replaceAll(BLANK, '<span class="blank">to be completed</span>');
}

const STYLE = `
  :root { color-scheme: light; }
  body { font: 12pt/1.5 system-ui, sans-serif; color: #111; background: #fff; margin: 2rem auto; max-width: 48rem; padding: 0 1rem; }
  h1 { font-size: 1.9em; line-height: 1.15; }
  table { border-collapse: collapse; width: 100%; }
  th, td { border: 1px solid #999; padding: .4rem .6rem; text-align: left; vertical-align: top; }
  .sign { font-size: 16pt; }
  .sign h1 { font-size: 2.4em; }
  figure { margin: 1rem 0; text-align: center; break-inside: avoid; width: fit-content; }
  figcaption { font-size: .8em; }
  .blank { border-bottom: 2px dotted #a00; color: #a00; padding: 0 .3rem; }
  footer { margin-top: 2rem; font-size: .75em; color: #444; }
  @media print { @page { margin: 18mm; } body { margin: 0; max-width: none; } h2, tr { break-inside: avoid; } }`;

/** A page that needs nothing from elsewhere: no script, no picture, no font. `body` is HTML already. Pure. */
export function documentPage(
  language: StationLanguage,
  title: string,
  body: string,
  className = "",
): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
</head>
<body class="${className}">
<main>
<h1>${escaped(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

/** A heading with its paragraphs. Pure. */
export const section = (heading: string, ...paragraphs: readonly string[]): string =>
  `<h2>${escaped(heading)}</h2>\n${paragraphs.map((text) => `<p>${escaped(text)}</p>`).join("\n")}`;

/** A list of points. Pure. */
export const points = (items: readonly string[]): string =>
  `<ul>\n${items.map((text) => `<li>${escaped(text)}</li>`).join("\n")}\n</ul>`;

/** A table with a row of headings. Pure. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    row.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join("");
  const lines = rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n");
  return `<table>\n<thead><tr>${cells("th", head)}</tr></thead>\n<tbody>\n${lines}\n</tbody>\n</table>`;
}
