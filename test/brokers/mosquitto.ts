import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts, nodeProcess, untilAnswers } from "./node-process.ts";
import type { TestBroker } from "./test-broker.ts";

/** Lines of a configuration for tests; `user root` only keeps files of root readable when root runs the tests. */
function lines(port: number, folder: string, extra: readonly string[]): string {
  return [
    `listener ${port} 127.0.0.1`,
    "user root",
    // It forgets everything when it is killed: the harshest broker there is.
    "persistence false",
    "max_queued_messages 0",
    `pid_file ${join(folder, "pid")}`,
    ...extra,
    "",
  ].join("\n");
}

/** Starts mosquitto without passwords. `extra`: further lines of its configuration. */
export async function startMosquitto(
  folder: string,
  extra: readonly string[] = [],
): Promise<TestBroker> {
  const [port = 0] = await freePorts(1);
  const url = `mqtt://127.0.0.1:${port}`;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "mosquitto.conf");
  writeFileSync(file, lines(port, folder, ["allow_anonymous true", ...extra]));
  const program = nodeProcess("mosquitto", ["-c", file], withSbin());
  const restart = async (): Promise<void> => {
    program.start();
    await untilAnswers(url, program);
  };
  await restart();
  return {
    name: "mosquitto",
    urls: [url],
    protocolVersion: 5,
    hasRetainedByWildcard: true,
    kill: () => program.kill(),
    restart,
    async forget() {
      await program.kill();
      rmSync(join(folder, "mosquitto.db"), { force: true });
      await restart();
    },
    stop: () => program.stop(),
  };
}

/** Debian puts brokers where only root's path looks. */
export const withSbin = (): Record<string, string> => ({
  PATH: `${process.env["PATH"] ?? ""}:/usr/sbin`,
});
