import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

const root = join(import.meta.dirname, "../..");
let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-cli-"));
});
after(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function vitrine(...args: string[]): Promise<Outcome> {
  const entry = join(root, "src/app/main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", entry, ...args], { cwd: root });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    err += String(chunk);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

test("every command explains itself with an example", async () => {
  const commands = [
    ["run"],
    ["demo"],
    ["replay"],
    ["record"],
    ["central"],
    ["models", "list"],
    ["models", "pull"],
    ["models", "verify"],
    ["models", "bench"],
    ["doctor"],
    ["site", "validate"],
    ["site", "convert"],
    ["site", "tags", "import"],
    ["site", "tags", "list"],
    ["site", "tags", "remove"],
    ["site", "tags", "export"],
    ["consent", "verify"],
    ["consent", "grant"],
    ["consent", "revoke"],
    ["consent", "export"],
    ["consent", "documents"],
  ];
  for (const command of commands) {
    const { code, out } = await vitrine(...command, "--help");
    assert.equal(code, 0, command.join(" "));
    assert.match(out, /Examples?:\n {2}vitrine /, command.join(" "));
  }
});

test("a valid site plan exits with 0 and prints its counts as JSON", async () => {
  const { code, out } = await vitrine("site", "validate", "config/site.example.json", "--json");
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), {
    store: "shop-017",
    cameras: 1,
    lines: 3,
    zones: 3,
    receivers: 3,
    tags: 2,
  });
});

test("a refused file exits with 1, the code, every path and a hint", async () => {
  const file = join(folder, "gateway.yaml");
  await writeFile(
    file,
    "gateway: { id: g1 }\nsite: 3\ncamera: []\nweb: { prt: 80, port: eighty }\n",
  );
  const { code, err } = await vitrine("run", "--config", file);
  assert.equal(code, 1);
  assert.match(err, /^CONFIG_INVALID: /m);
  for (const path of ["site:", "camera:", "web.prt:", "web.port:"])
    assert.ok(err.includes(path), err);
});

test("a file that is not there and a file that is no YAML have a code each", async () => {
  const missing = await vitrine("site", "validate", join(folder, "none.json"));
  assert.equal(missing.code, 1);
  assert.match(missing.err, /CONFIG_UNREADABLE/);
  const file = join(folder, "broken.json");
  await writeFile(file, "{ not: [yaml");
  const broken = await vitrine("site", "validate", file);
  assert.equal(broken.code, 1);
  assert.match(broken.err, /CONFIG_INVALID/);
});

for (const args of [
  ["fly"],
  ["replay"],
  ["record"],
  ["record", "--out", "/tmp/x", "--minutes", "0"],
  ["record", "--out", "/tmp/x", "--url", "file:///etc/passwd"],
  ["demo", "--port", "x"],
  ["models", "pull", "--profile", "gpl"],
]) {
  test(`wrong usage exits with 2: ${args.join(" ")}`, async () => {
    assert.equal((await vitrine(...args)).code, 2);
  });
}

test("a dashboard beyond loopback without a password is refused before anything starts", async () => {
  const file = join(folder, "open.yaml");
  const site = join(root, "config/site.example.json");
  await writeFile(file, `gateway: { id: g1 }\nsite: ${site}\nweb: { host: 0.0.0.0, port: 0 }\n`);
  const { code, err } = await vitrine("run", "--config", file);
  assert.equal(code, 1);
  assert.match(err, /WEB_PASSWORD_REQUIRED/);
});

test("doctor says what is missing and exits with 1", async () => {
  const file = join(folder, "doctor.yaml");
  const site = join(root, "config/site.example.json");
  const cameras = "cameras: [{ id: door, source: rtsp://u:p4ss@192.0.2.1/x }]";
  const radios = "radios: [{ id: counter, adapter: 15 }]";
  await writeFile(
    file,
    `gateway: { id: g1 }\nsite: ${site}\n${cameras}\n${radios}\nmodels: { dir: ${folder}/none }\n`,
  );
  const { code, out, err } = await vitrine("doctor", "--config", file);
  assert.equal(code, 1);
  assert.match(out, /MISSING +models/);
  assert.match(out, /MISSING +bluetooth .*hci15/);
  assert.ok(!`${out}${err}`.includes("p4ss"));
});
