import { createHash } from "node:crypto";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** Files of the page as the bundler or the build folder gives them. */
export const UI_FILES = ["app.js", "app.css", "theme.js", "preview-player.js", "icon.svg"] as const;
export type UiFileName = (typeof UI_FILES)[number];
export type UiFiles = Readonly<Record<UiFileName, Uint8Array>>;

const TYPES: Readonly<Record<UiFileName, string>> = {
  "app.js": "text/javascript; charset=utf-8",
  "app.css": "text/css; charset=utf-8",
  "theme.js": "text/javascript; charset=utf-8",
  "preview-player.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
};
/** What the sign-in page needs; the rest is closed while signed out. */
const OPEN: ReadonlySet<UiFileName> = new Set(["app.css", "theme.js", "icon.svg"]);

/** One file ready to be served from memory; its URL changes with its content, so it may be cached for ever. */
export interface Asset {
  readonly url: string;
  readonly type: string;
  /** Served without a session. */
  readonly open: boolean;
  readonly plain: Uint8Array;
  readonly gzip: Uint8Array;
  readonly brotli: Uint8Array;
}

export type Assets = Readonly<Record<UiFileName, Asset>>;

/** Compresses and names the files by content. Takes tens of milliseconds, once at the start. Pure. */
export function prepareAssets(files: UiFiles): Assets {
  const entries = UI_FILES.map((name) => [name, prepare(name, files[name])] as const);
  return Object.fromEntries(entries) as Assets;
}

function prepare(name: UiFileName, plain: Uint8Array): Asset {
  return { ...prepareAsset(name, TYPES[name], plain), open: OPEN.has(name) };
}

/** Compresses one file and names it by its content; closed while signed out. Pure. */
export function prepareAsset(name: string, type: string, plain: Uint8Array): Asset {
  const hash = createHash("sha256").update(plain).digest("base64url").slice(0, 10);
  const [stem, extension] = name.split(".");
  return {
    url: `/assets/${stem}-${hash}.${extension}`,
    type,
    open: false,
    plain,
    gzip: gzipSync(plain, { level: 9 }),
    brotli: brotliCompressSync(plain, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 9 },
    }),
  };
}

/** A body with the encoding it is in; null = as it is. */
export interface EncodedBody {
  readonly body: Uint8Array;
  readonly encoding: "br" | "gzip" | null;
}

/** Picks the smallest form the client accepts. Quality values other than 0 are not weighed. Pure. */
export function encodedBody(asset: Asset, acceptEncoding: string | undefined): EncodedBody {
  const accepted = new Set(
    (acceptEncoding ?? "")
      .toLowerCase()
      .split(",")
      .map((part) => part.trim())
      .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
      .map((part) => part.replace(/;.*$/, "")),
  );
  if (accepted.has("br")) return { body: asset.brotli, encoding: "br" };
  if (accepted.has("gzip")) return { body: asset.gzip, encoding: "gzip" };
  return { body: asset.plain, encoding: null };
}
