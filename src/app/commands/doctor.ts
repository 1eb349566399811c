import { constants } from "node:fs";
import { access, mkdir, statfs } from "node:fs/promises";
import type { Command } from "commander";
import { GatewayError } from "../../core/errors.ts";
import { findFfmpeg } from "../../io/camera/ffmpeg-binary.ts";
import { verifyModels } from "../../io/models/verify.ts";
import { type LoadedConfig, loadGatewayFile } from "../config-files.ts";
import { readClockState } from "../system-clock.ts";
import type { Terminal } from "../terminal.ts";
import { examineBluetooth } from "./bluetooth-check.ts";
import { examineLoyalty } from "./loyalty-check.ts";

/** One thing the gateway needs and how it stands. */
interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Works, but not well: said, and no reason to fail. */
  readonly warning?: string;
}

type Check = (loaded: LoadedConfig) => Promise<Finding>;

const LOW_DISK_BYTES = 500_000_000;

/** Adds `vitrine doctor`. */
export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command("doctor")
    .description("Check what a gateway needs on this machine, before it runs")
    .option("--config <file>", "gateway file", "config/gateway.yaml")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  vitrine doctor --config /etc/vitrine/gateway.yaml")
    .action(async (flags: { config: string; json?: boolean }) => {
      const loaded = await loadGatewayFile(flags.config);
      const findings: readonly Finding[] = [
        ...(await examine(loaded)),
        ...(await examineLoyalty(loaded, terminal.environment)),
      ];
      if (flags.json) terminal.print(JSON.stringify({ findings }));
      else
        for (const { what, ok, detail, warning } of findings) {
          terminal.print(`${ok ? "ok     " : "MISSING"}  ${what.padEnd(12)} ${detail}`);
          if (warning !== undefined) terminal.print(`warning  ${"".padEnd(12)} ${warning}`);
        }
      if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

async function examine(loaded: LoadedConfig): Promise<readonly Finding[]> {
  const checks: readonly Check[] = [
    checkState,
    checkModels,
    checkFfmpeg,
    checkRadios,
    checkBroker,
    checkClock,
  ];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(await check(loaded));
  return findings;
}

const checkState: Check = async ({ stateDir }) => {
  const what = "state folder";
  try {
    await mkdir(stateDir, { recursive: true });
    await access(stateDir, constants.W_OK);
    const disk = await statfs(stateDir);
    const freeBytes = disk.bavail * disk.bsize;
    const detail = `${stateDir}, ${Math.round(freeBytes / 1e6)} MB free`;
    return { what, ok: freeBytes > LOW_DISK_BYTES, detail };
  } catch (error) {
    return { what, ok: false, detail: `${stateDir}: ${(error as Error).message}` };
  }
};

const checkModels: Check = async ({ config, modelsDir }) => {
  const what = "models";
  if (config.cameras.length === 0) return { what, ok: true, detail: "no camera configured" };
  try {
    const states = await verifyModels(modelsDir);
    const bad = states.filter(({ state }) => state !== "ok");
    const ok = states.length > 0 && bad.length === 0;
    const detail = ok
      ? `${states.length} in ${modelsDir}, hashes right`
      : `${bad.map(({ id, state }) => `${id} ${state}`).join(", ") || "none installed"}: vitrine models pull`;
    return { what, ok, detail };
  } catch (error) {
    return { what, ok: false, detail: faultText(error) };
  }
};

const checkFfmpeg: Check = async ({ config }) => {
  const what = "ffmpeg";
  if (config.cameras.length === 0) return { what, ok: true, detail: "no camera configured" };
  try {
    const ffmpeg = await findFfmpeg();
    return { what, ok: true, detail: `${ffmpeg.path}` };
  } catch (error) {
    return { what, ok: false, detail: faultText(error) };
  }
};

const checkRadios: Check = async ({ config: { radios } }) => {
  const what = "bluetooth";
  const { missing, hasDaemon } = await examineBluetooth(radios.map(({ adapter }) => adapter));
  const ok = missing.length === 0;
  const detail = ok ? `${radios.length} adapter(s)` : `no adapter ${missing.join(", ")}`;
  const isShared = hasDaemon && radios.length > 0;
  const warning =
    "bluetoothd runs and may drive the same adapter: stop it, or give the gateway an adapter of its own";
  return { what, ok, detail, ...(isShared ? { warning } : {}) };
};

const checkBroker: Check = async ({ config }) => ({
  what: "broker",
  ok: config.mqtt !== undefined,
  detail: config.mqtt === undefined ? "none configured: events stay in the outbox" : "configured",
});

const checkClock: Check = async () => {
  const state = readClockState();
  const detail = state === "synced" ? "in step with a time server" : "not known to be synchronised";
  return { what: "clock", ok: state === "synced", detail };
};

function faultText(error: unknown): string {
  if (!(error instanceof GatewayError)) throw error;
  return `${error.code}: ${error.message}`;
}
