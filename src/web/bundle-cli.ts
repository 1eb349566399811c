import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { prepareAssets, UI_FILES } from "./assets.ts";
import { bundleChainUi, bundleStationUi, bundleUi } from "./bundle.ts";

/** Entry of the build script: `node dist/web/bundle-cli.js FOLDER` writes the page's files into FOLDER. */
const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write("USAGE: the folder to write to is missing, e.g. dist/web/ui\n");
  process.exit(2);
}
const files = await bundleUi();
const assets = prepareAssets(files);
await mkdir(folder, { recursive: true });
for (const name of UI_FILES) {
  await writeFile(join(folder, name), files[name]);
  const sizes = `${files[name].byteLength} B, ${assets[name].brotli.byteLength} B compressed`;
  process.stdout.write(`${join(folder, name)}  ${sizes}\n`);
}
for (const [name, contents] of [...(await bundleChainUi()), ...(await bundleStationUi())]) {
  if (!/^(chain|station)\./.test(name)) continue;
  await writeFile(join(folder, name), contents);
  process.stdout.write(`${join(folder, name)}  ${contents.byteLength} B\n`);
}
