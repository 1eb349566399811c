import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { hasPostgres } from "./central/postgres-programs.ts";
import { hasJinja } from "./fakes/jinja.ts";
import { canServeRtsp } from "./fakes/rtsp-server.ts";
import { watchFiles } from "./watchdog.ts";

/**
 * The README's test command. Lists the test files itself (Node 20 takes no globs and passes with zero files),
 * fails on an empty list, installs what the suites need from Debian where it may, and hands over to Node's runner.
 * Arguments narrow the list: a file counts when its path holds one of them. In CI a skipped test is a failure.
 * A file that takes longer than any should is ended and has failed.
 */
const FILE_LIMIT_MS = 15 * 60_000;
/** Node's own limit, for systems where a file's processes cannot be found: it comes after ours. */
const NODE_LIMIT_MS = FILE_LIMIT_MS + 60_000;
const LOOK_MS = 2000;

interface Need {
  readonly packages: readonly string[];
  isThere(): boolean | Promise<boolean>;
}

const DEBIAN_PACKAGES: readonly Need[] = [
  ...["ffmpeg", "mosquitto", "chromium", "rabbitmq-server", "nats-server"].map((program) => ({
    packages: [program],
    isThere: () => isInstalled(program),
  })),
  { packages: ["postgresql"], isThere: hasPostgres },
  { packages: ["python3-jinja2"], isThere: hasJinja },
  // The RTSP camera of the tests; it says itself whether everything it is made of is there.
  {
    packages: [
      "gir1.2-gst-rtsp-server-1.0",
      "python3-gi",
      "gstreamer1.0-plugins-base",
      "gstreamer1.0-plugins-good",
      "gstreamer1.0-plugins-bad",
    ],
    isThere: canServeRtsp,
  },
];

function isInstalled(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}

async function installFromDebian(): Promise<void> {
  const missing: string[] = [];
  for (const { packages, isThere } of DEBIAN_PACKAGES)
    if (!(await isThere())) missing.push(...packages);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !isInstalled("apt-get")) {
    console.log(
      `suites that need ${missing.join(", ")} are skipped: apt-get install ${missing.join(" ")}`,
    );
    return;
  }
  console.log(`installing ${missing.join(", ")} for the tests`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env: environment });
  apt("update", "-qq");
  apt("install", "-y", "-qq", "--no-install-recommends", ...missing);
}

function testFiles(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, encoding: "utf8" });
  return entries.filter((path) => /\.test\.tsx?$/.test(path)).map((path) => join(root, path));
}

async function run(files: readonly string[], tapFile: string): Promise<number> {
  const reporters = [
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=tap",
    `--test-reporter-destination=${tapFile}`,
  ];
  const limits = [
    `--test-concurrency=${availableParallelism()}`,
    `--test-timeout=${NODE_LIMIT_MS}`,
  ];
  const args = ["--import", "tsx", "--test", ...limits, ...reporters, ...files];
  const runner = spawn(process.execPath, args, { stdio: "inherit" });
  const unwatch = watchFiles({
    runner: runner.pid ?? -1,
    limitMs: FILE_LIMIT_MS,
    lookMs: LOOK_MS,
    onLate: (file) => console.error(`ended after ${FILE_LIMIT_MS / 60_000} minutes: ${file}`),
  });
  const code = await new Promise<number | null>((resolve) => runner.once("close", resolve));
  unwatch();
  return code ?? 1;
}

const wanted = process.argv.slice(2);
const files = ["src", "test", "bench"]
  .flatMap(testFiles)
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error("no test file found");
  process.exit(1);
}
await installFromDebian();
const folder = mkdtempSync(join(tmpdir(), "vitrine-test-"));
const tapFile = join(folder, "result.tap");
let status = await run(files, tapFile);
if (process.env["CI"] === "true") {
  const skipped = readFileSync(tapFile, "utf8").match(/^.*# SKIP.*$/gm) ?? [];
  if (skipped.length > 0) {
    console.error(`in CI nothing may be skipped:\n${skipped.join("\n")}`);
    status = 1;
  }
}
rmSync(folder, { recursive: true, force: true });
process.exit(status);
