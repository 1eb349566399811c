import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { type CertificateFiles, makeAuthority } from "../brokers/authority.ts";
import { type SecureBroker, startMosquittoTls } from "../brokers/mosquitto-tls.ts";
import { missingProgram } from "../brokers/test-broker.ts";
import { crossing, startGateway, stopped, tempDir, until } from "./delivery-rig.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "src/app/main.ts");

describe("`vitrine central` at a broker with certificates", {
  skip: missingProgram("mosquitto"),
}, () => {
  const dir = tempDir();
  const authority = makeAuthority(join(dir.path, "authority"));
  const [own, shop] = [authority.client("central"), authority.client("gw-a")];
  let broker: SecureBroker;
  let child: ChildProcess | null = null;
  let output = "";
  before(async () => {
    broker = await startMosquittoTls(join(dir.path, "broker"), authority);
  });
  afterEach(async () => {
    if (child !== null) await stopped(child, "SIGTERM");
    child = null;
  });
  after(async () => {
    await broker.stop();
    dir.remove();
  });

  /** Starts the command and returns where its API is. */
  async function startCommand(flags: readonly string[]): Promise<string> {
    output = "";
    const store = ["--store", `sqlite:${join(dir.path, "central.db")}`];
    const args = ["--import", "tsx", MAIN, "central", ...store, "--mqtt", broker.url];
    const started = spawn(process.execPath, [...args, "--http", "127.0.0.1:0", ...flags], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr])
      stream.on("data", (chunk) => {
        output += String(chunk);
      });
    await until("its API is there or it has left", () => {
      return output.includes("central API at ") || started.exitCode !== null;
    });
    return /central API at (\S+)/.exec(output)?.[1] ?? "";
  }
  const flagsOf = ({ caFile, certFile, keyFile }: CertificateFiles): readonly string[] => [
    ...["--ca", caFile, "--cert", certFile, "--key", keyFile],
  ];

  test("it logs in with its certificate and acknowledges what a gateway sends", async () => {
    const url = await startCommand(flagsOf(own));
    await until("connected", async () => (await fetch(`${url}/healthz`)).status === 200);
    const path = join(dir.path, "gw-a.db");
    const gateway = await startGateway({
      path,
      url: broker.url,
      boot: "b1",
      id: "gw-a",
      tls: shop,
    });
    for (let n = 0; n < 10; n += 1) gateway.delivery.record(crossing(n, "run"));
    await until("drained", () => gateway.delivery.status().outboxEvents === 0);
    await gateway.stop();
  });

  test("without a certificate it stays outside, and half of one or a missing file is said at the start", async () => {
    const url = await startCommand(["--ca", own.caFile]);
    await until("it was refused", () => output.includes("mqtt.offline"));
    assert.equal((await fetch(`${url}/healthz`)).status, 503);
    if (child !== null) await stopped(child, "SIGTERM");
    assert.equal(await startCommand(["--ca", own.caFile, "--cert", own.certFile]), "");
    assert.match(output, /USAGE: --cert and --key belong together/);
    assert.equal(child?.exitCode, 2);
    await startCommand(["--ca", join(dir.path, "nowhere.crt")]);
    await until("it has left", () => child?.exitCode !== null);
    assert.match(
      output,
      /CONFIG_UNREADABLE: cannot read the authority's certificate for the broker/,
    );
  });

  test("the unit that is shipped gives it flags that it knows", async () => {
    const unit = readFileSync(join(ROOT, "systemd/vitrine-central.service"), "utf8");
    const line = /^ExecStart=((?:.*\\\n)*.*)$/m.exec(unit)?.[1] ?? "";
    const flags = [...line.matchAll(/ (--(?!enable)[a-z-]+)/g)].map(([, flag]) => flag);
    assert.deepEqual(flags, ["--mqtt", "--http", "--ca", "--cert", "--key"]);
    await startCommand(["--help"]);
    for (const flag of flags) assert.match(output, new RegExp(`${flag} <`));
  });
});
