import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { type Log, SILENT_LOG } from "../../core/lifecycle.ts";
import { createSystemdNotify } from "./systemd-notify.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-notify-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const told = join(folder, "told");
const program = join(folder, "notify");
writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> "${told}"\n`);
chmodSync(program, 0o755);

test("each message is sent to the socket of the service manager", async () => {
  const environment = { NOTIFY_SOCKET: "/run/x", WATCHDOG_USEC: "60000000", PATH: "/usr/bin:/bin" };
  const notify = createSystemdNotify({ environment, log: SILENT_LOG, program });
  assert.equal(notify.watchdogMs, 60_000);
  await notify.send("READY=1");
  await notify.send("WATCHDOG=1");
  assert.equal(readFileSync(told, "utf8"), "/run/x READY=1\n/run/x WATCHDOG=1\n");
});

test("without a service manager nothing is started, and no sign of life is due", async () => {
  const program = join(folder, "not-there");
  const lines: string[] = [];
  const log: Log = { ...SILENT_LOG, warn: (_fields, message) => void lines.push(message) };
  const notify = createSystemdNotify({ environment: { WATCHDOG_USEC: "1" }, log, program });
  await notify.send("READY=1");
  assert.deepEqual([notify.watchdogMs, lines], [null, []]);
});

test("what cannot be sent is said once and is no failure", async () => {
  const lines: string[] = [];
  const log: Log = { ...SILENT_LOG, warn: (_fields, message) => void lines.push(message) };
  const environment = { NOTIFY_SOCKET: "/run/x" };
  const notify = createSystemdNotify({ environment, log, program: join(folder, "not-there") });
  await notify.send("READY=1");
  await notify.send("WATCHDOG=1");
  assert.equal(lines.length, 1);
});

const LISTENER = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
print(s.recv(100).decode(), flush=True)`;

// The program is part of systemd, which a container need not have.
if (spawnSync("systemd-notify", ["--version"]).status === 0)
  test("systemd's own program brings the message to the socket", async () => {
    const socket = join(folder, "socket");
    const listener = spawn("python3", ["-c", LISTENER, socket]);
    try {
      // By line: what is printed may come in several pieces.
      const lines = createInterface({ input: listener.stdout });
      await once(lines, "line");
      const environment = { NOTIFY_SOCKET: socket, PATH: "/usr/bin:/bin" };
      const heard = once(lines, "line");
      const sent = createSystemdNotify({ environment, log: SILENT_LOG }).send("READY=1");
      assert.equal((await heard)[0], "READY=1");
      await sent;
    } finally {
      listener.kill("SIGKILL");
    }
  });
