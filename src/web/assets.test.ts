import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { encodedBody, prepareAssets, UI_FILES } from "./assets.ts";
import { bundleUi, loadUi } from "./bundle.ts";

const files = await bundleUi();
const assets = prepareAssets(files);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test("all scripts together stay under 120 kB compressed", () => {
  const scripts = [assets["app.js"], assets["theme.js"]];
  const bytes = scripts.reduce((sum, asset) => sum + asset.gzip.byteLength, 0);
  assert.ok(bytes > 1_000 && bytes < 120_000, `${bytes} bytes`);
});

test("the player of the live preview is a file of its own, which the page itself does not hold", () => {
  const player = text(files["preview-player.js"]);
  assert.match(player, /FRAGMENT_YCRCB_TO_RGBA/);
  assert.doesNotMatch(text(files["app.js"]), /FRAGMENT_YCRCB_TO_RGBA/);
  assert.ok(assets["preview-player.js"].brotli.byteLength < 60_000);
  assert.doesNotMatch(player, /\beval\(|new Function\(|createElement\("style"\)/);
});

test("nothing is loaded from elsewhere", () => {
  for (const name of UI_FILES) {
    const body = text(files[name]).replaceAll("http://www.w3.org/", "");
    const found = /(https?:\/\/|@import|url\((?!["'`]?#)).{0,60}/.exec(body)?.[0] ?? null;
    assert.equal(found, null, name);
  }
});

test("the same sources give the same bundle, and its address changes with its content", async () => {
  const again = await bundleUi();
  for (const name of UI_FILES) assert.deepEqual(again[name], files[name]);
  const changed = prepareAssets({ ...files, "app.css": new TextEncoder().encode("a{}") });
  assert.notEqual(changed["app.css"].url, assets["app.css"].url);
  assert.equal(changed["app.js"].url, assets["app.js"].url);
});

test("the encoding is chosen among those the client accepts", () => {
  const asset = assets["app.js"];
  assert.equal(encodedBody(asset, "gzip, deflate, br").encoding, "br");
  assert.equal(encodedBody(asset, "br;q=0, gzip").encoding, "gzip");
  assert.equal(encodedBody(asset, undefined).encoding, null);
});

test("the build script writes the files, and a built server reads these instead of bundling", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-ui-"));
  after(() => rmSync(folder, { recursive: true }));
  const cli = join(import.meta.dirname, "bundle-cli.ts");
  execFileSync(process.execPath, ["--import", "tsx", cli, folder], { stdio: "pipe" });
  const url = pathToFileURL(`${folder}/`);
  assert.deepEqual(await loadUi(url), files);
  writeFileSync(join(folder, "app.js"), "prebuilt");
  assert.equal(text((await loadUi(url))["app.js"]), "prebuilt");
});
