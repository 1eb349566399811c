import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { GatewayError } from "../../src/core/errors.ts";
import {
  freePort,
  hasMosquitto,
  startMosquitto,
  stopped,
  tempDir,
} from "../../test/e2e/delivery-rig.ts";
import { bundleChildren, launch } from "../../test/rig/children.ts";
import { readTexts } from "./flags.ts";
import { processCpuMs } from "./process-cpu.ts";

export const usage = `npm run bench -- idle-gateway [--seconds N] [--warm-up N] [--json]

Memory and processor time of a gateway without cameras, as it is installed: the program is built, and started as a
process of its own with the flags of the Docker image. It has a site, a dashboard, mosquitto and a centre, and nothing
happens.

Example: npm run bench -- idle-gateway --json`;

const RSS_LIMIT_MB = 120;
const CPU_LIMIT = 0.03;
/** What the start leaves behind is collected within a minute of rest. */
const WARM_UP_S = 75;
const SECONDS = 30;
const ROOT = resolve(import.meta.dirname, "../..");

const SITE = {
  v: 1,
  store: {
    ...{ id: "shop1", name: "Shop", timeZone: "Europe/Berlin", currency: "EUR" },
    dayCutover: "04:00",
    hours: [{ days: ["mon", "tue", "wed", "thu", "fri", "sat"], from: "09:00", to: "20:00" }],
  },
  cameras: [],
};

/** Builds what an installation has: `dist`, its page, and the packages beside it. */
async function build(folder: string): Promise<string> {
  const run = promisify(execFile);
  const dist = join(folder, "dist");
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  copyFileSync(join(ROOT, "package.json"), join(folder, "package.json"));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", join(ROOT, "tsconfig.build.json"), "--outDir", dist]);
  // An installation has no sources; they are needed for the page only.
  symlinkSync(join(ROOT, "src"), join(folder, "src"));
  await run(process.execPath, [join(dist, "web/bundle-cli.js"), join(dist, "web/ui")]);
  unlinkSync(join(folder, "src"));
  return join(dist, "app/main.js");
}

const statusMB = (pid: number | undefined, name: "VmRSS" | "VmHWM"): number => {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)?.[1]) / 102.4) / 10;
};

const pause = (seconds: number): Promise<void> =>
  new Promise((done) => setTimeout(done, seconds * 1000));

/** Starts the gateway, lets it rest and measures it. */
async function measure(
  program: string,
  config: string,
  { warmUpS, seconds }: { readonly warmUpS: number; readonly seconds: number },
): Promise<Readonly<Record<string, unknown>>> {
  const flags = ["--enable-source-maps", program, "run", "--config", config];
  const gateway = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  gateway.stdout.on("data", (chunk) => {
    told = (told + String(chunk)).slice(-20_000);
  });
  try {
    await Promise.race([pause(warmUpS), once(gateway, "exit")]);
    if (gateway.exitCode !== null) throw new GatewayError("USAGE", `the gateway left: ${told}`);
    const isAcked = told.includes('"state":"acked"');
    const fromMs = performance.now();
    const cpuMs = processCpuMs(gateway.pid ?? 0);
    const rss: number[] = [];
    while (rss.length < seconds) {
      await pause(1);
      rss.push(statusMB(gateway.pid, "VmRSS"));
    }
    const spentMs = processCpuMs(gateway.pid ?? 0) - cpuMs;
    const coreShare = Math.round((spentMs * 10_000) / (performance.now() - fromMs)) / 10_000;
    const rssMB = Math.max(...rss);
    const ratio = {
      rss: Math.round((rssMB * 1000) / RSS_LIMIT_MB) / 1000,
      core: Math.round((coreShare * 1000) / CPU_LIMIT) / 1000,
    };
    const peakAtStartMB = statusMB(gateway.pid, "VmHWM");
    const limits = { rssMB: RSS_LIMIT_MB, coreShare: CPU_LIMIT };
    return { rssMB, coreShare, limits, ratioToLimit: ratio, peakAtStartMB, isAcked };
  } finally {
    await stopped(gateway, "SIGTERM");
  }
}

/** Runs the benchmark. @throws USAGE without mosquitto, or when the gateway does not stay */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  if (!hasMosquitto()) throw new GatewayError("USAGE", "mosquitto is not installed");
  const own = args.filter((arg) => arg !== "--json");
  const { seconds, ...rest } = readTexts(own, ["seconds", "warm-up"]);
  const span = {
    seconds: Number(seconds ?? SECONDS),
    warmUpS: Number(rest["warm-up"] ?? WARM_UP_S),
  };
  const dir = tempDir();
  const children = tempDir();
  const broker = await startMosquitto(dir.path, await freePort());
  await bundleChildren(children.path, ["central-child"]);
  const store = `sqlite:${join(dir.path, "central.db")}`;
  const central = launch(children.path, "central-child", { store, url: broker.url });
  try {
    await central.ready;
    const program = await build(dir.path);
    writeFileSync(join(dir.path, "site.json"), JSON.stringify(SITE));
    const config = join(dir.path, "gateway.json");
    const web = { host: "127.0.0.1", port: await freePort() };
    const wishes = { site: "site.json", stateDir: "state", mqtt: { url: broker.url }, web };
    writeFileSync(config, JSON.stringify({ gateway: { id: "gw1" }, ...wishes }));
    return await measure(program, config, span);
  } finally {
    await central.end("SIGTERM");
    await broker.stop();
    children.remove();
    dir.remove();
  }
}
