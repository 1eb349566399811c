import type { Asset } from "../assets.ts";

/** The one HTML page of a station; its script draws the rest in the shopper's language. Pure. */
export function stationPage(
  assets: Readonly<Record<"script" | "style" | "icon", Pick<Asset, "url">>>,
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Vitrine</title>
<link rel="icon" href="${assets.icon.url}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.style.url}">
</head>
<body>
<div id="app"><p class="boot" role="status">&hellip;</p></div>
<noscript><p class="boot">This page needs JavaScript. It comes from the shop's own gateway; nothing else is loaded.</p></noscript>
<script type="module" src="${assets.script.url}"></script>
</body>
</html>
`;
}
