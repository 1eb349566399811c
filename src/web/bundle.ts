import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { OutputFile } from "esbuild";
import { UI_FILES, type UiFileName, type UiFiles } from "./assets.ts";
import type { StationUi } from "./station/station-routes.ts";

/** Where the browser sources lie, seen from the sources and from the build. */
const SOURCE_FOLDERS = ["./ui/", "../../src/web/ui/"] as const;

/**
 * The page's files: prebuilt ones beside the built server, else bundled in memory from the sources. A deployed
 * gateway thus needs neither the bundler nor the browser sources.
 */
export async function loadUi(folder = new URL("./ui/", import.meta.url)): Promise<UiFiles> {
  if (!existsSync(new URL("app.js", folder))) return await bundleUi();
  return await collect(async (name) => new Uint8Array(await readFile(new URL(name, folder))));
}

/** Bundles and minifies the browser sources in memory; nothing is written. Fails on any error in them. */
export async function bundleUi(): Promise<UiFiles> {
  const folder = sourceFolder();
  const page = await bundle(folder, ["app.tsx", "app.css", "theme.ts"], {});
  // jsmpeg writes a style sheet into the document while loading, which the content policy forbids. It does nothing of
  // the kind where there is no document, and the player needs none: it is given its canvas.
  const player = await bundle(folder, ["preview-player.ts"], { document: "undefined" });
  return await collect(async (name) => {
    const file = [...page, ...player].find((output) => output.path.endsWith(`/${name}`));
    return file?.contents ?? new Uint8Array(await readFile(`${folder}${name}`));
  });
}

/** The chain page's files, as the centre serves them. */
export interface ChainUi {
  readonly script: Uint8Array;
  readonly style: Uint8Array;
  readonly theme: Uint8Array;
  readonly icon: Uint8Array;
}

/** The chain page's files: prebuilt ones beside the built server, else bundled in memory from the sources. */
export async function loadChainUi(folder = new URL("./ui/", import.meta.url)): Promise<ChainUi> {
  const isBuilt = existsSync(new URL("chain.js", folder));
  const files = isBuilt ? null : await bundleChainUi();
  const read = async (name: string): Promise<Uint8Array> =>
    files?.get(name) ?? new Uint8Array(await readFile(new URL(name, folder)));
  const [script, style, theme, icon] = await Promise.all(
    ["chain.js", "chain.css", "theme.js", "icon.svg"].map(read),
  );
  const none = new Uint8Array();
  return {
    ...{ script: script ?? none, style: style ?? none, theme: theme ?? none, icon: icon ?? none },
  };
}

/** Bundles the sources of the chain page in memory, by file name. */
export async function bundleChainUi(): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = sourceFolder();
  const entries = ["chain/chain.tsx", "chain/chain.css", "theme.ts"];
  const outputs = await bundle(folder, entries, {});
  const named = outputs.map(({ path, contents }) => [basename(path), contents] as const);
  const icon = new Uint8Array(await readFile(`${folder}icon.svg`));
  return new Map([...named, ["icon.svg", icon]]);
}

/** The station page's files: prebuilt ones beside the built server, else bundled in memory from the sources. */
export async function loadStationUi(
  folder = new URL("./ui/", import.meta.url),
): Promise<StationUi> {
  const isBuilt = existsSync(new URL("station.js", folder));
  const files = isBuilt ? null : await bundleStationUi();
  const read = async (name: string): Promise<Uint8Array> =>
    files?.get(name) ?? new Uint8Array(await readFile(new URL(name, folder)));
  const [script, style, icon] = await Promise.all([
    read("station.js"),
    read("station.css"),
    read("icon.svg"),
  ]);
  return { script, style, icon };
}

/** Bundles the sources of the station page in memory, by file name. */
export async function bundleStationUi(): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = sourceFolder();
  const outputs = await bundle(folder, ["station/station.tsx", "station/station.css"], {});
  const named = outputs.map(({ path, contents }) => [basename(path), contents] as const);
  const icon = new Uint8Array(await readFile(`${folder}icon.svg`));
  return new Map([...named, ["icon.svg", icon]]);
}

function sourceFolder(): string {
  const folder = SOURCE_FOLDERS.map((path) => fileURLToPath(new URL(path, import.meta.url))).find(
    (path) => existsSync(`${path}app.tsx`),
  );
  if (folder === undefined) throw new Error("the browser sources (src/web/ui) are missing");
  return folder;
}

/** `define`: names of the browser that stand for something else in these files. */
async function bundle(
  folder: string,
  entries: readonly string[],
  define: Readonly<Record<string, string>>,
): Promise<readonly OutputFile[]> {
  const { build } = await import("esbuild");
  const outcome = await build({
    entryPoints: entries.map((name) => `${folder}${name}`),
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    define,
    format: "esm",
    target: ["es2022", "chrome109", "firefox115", "safari16.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "silent",
  });
  return outcome.outputFiles;
}

async function collect(read: (name: UiFileName) => Promise<Uint8Array>): Promise<UiFiles> {
  const entries = await Promise.all(
    UI_FILES.map(async (name) => [name, await read(name)] as const),
  );
  return Object.fromEntries(entries) as Record<UiFileName, Uint8Array>;
}
