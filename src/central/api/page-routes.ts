import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";
import { encodedBody, prepareAsset } from "../../web/assets.ts";

/** The chain page's files, bundled. */
export interface PageFiles {
  readonly script: Uint8Array;
  readonly style: Uint8Array;
  readonly theme: Uint8Array;
  readonly icon: Uint8Array;
}

/** Nothing from elsewhere, nothing inline, no frames. */
const HEADERS = {
  global: false,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      "default-src": ["'none'"],
      "script-src": ["'self'"],
      "style-src": ["'self'"],
      "img-src": ["'self'"],
      "connect-src": ["'self'"],
      "base-uri": ["'none'"],
      "form-action": ["'none'"],
      "frame-ancestors": ["'none'"],
    },
  },
  strictTransportSecurity: false,
  xFrameOptions: { action: "deny" as const },
};

/** Serves the chain page. It holds no figures: its script asks the API with the reader's key. */
export async function addPage(app: FastifyInstance, files: PageFiles): Promise<void> {
  await app.register(helmet, HEADERS);
  const assets = {
    script: prepareAsset("chain.js", "text/javascript; charset=utf-8", files.script),
    style: prepareAsset("chain.css", "text/css; charset=utf-8", files.style),
    theme: prepareAsset("theme.js", "text/javascript; charset=utf-8", files.theme),
    icon: prepareAsset("icon.svg", "image/svg+xml", files.icon),
  };
  const config = { isPublic: true };
  for (const asset of Object.values(assets)) {
    app.get(asset.url, { config, helmet: {} }, async (request, reply) => {
      const { body, encoding } = encodedBody(asset, request.headers["accept-encoding"]);
      if (encoding !== null) reply.header("content-encoding", encoding);
      reply.header("vary", "accept-encoding");
      reply.header("cache-control", "public, max-age=31536000, immutable");
      return reply.type(asset.type).send(body);
    });
  }
  const { script, style, theme, icon } = assets;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Stores \u2013 Vitrine</title>
<link rel="icon" href="${icon.url}" type="image/svg+xml">
<script src="${theme.url}"></script>
<link rel="stylesheet" href="${style.url}">
</head>
<body>
<div id="app"><p class="boot" role="status">Loading the stores&hellip;</p></div>
<noscript><p class="boot">This page needs JavaScript. It comes from the centre itself, nothing else is loaded.</p></noscript>
<script type="module" src="${script.url}"></script>
</body>
</html>
`;
  app.get("/", { config, helmet: {} }, async (_request, reply) =>
    reply.header("cache-control", "no-store").type("text/html; charset=utf-8").send(html),
  );
}
