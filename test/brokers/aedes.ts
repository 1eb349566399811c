import { join } from "node:path";
import { freePorts, nodeProcess, untilAnswers } from "./node-process.ts";
import type { TestBroker } from "./test-broker.ts";

/** Starts the embedded broker in a process of its own; it keeps nothing on the disk. */
export async function startAedesProcess(): Promise<TestBroker> {
  const [port = 0] = await freePorts(1);
  const url = `mqtt://127.0.0.1:${port}`;
  const child = join(import.meta.dirname, "aedes-child.ts");
  const program = nodeProcess(process.execPath, ["--import", "tsx", child, String(port)]);
  const restart = async (): Promise<void> => {
    program.start();
    await untilAnswers(url, program);
  };
  await restart();
  return {
    name: "aedes",
    urls: [url],
    protocolVersion: 4,
    hasRetainedByWildcard: true,
    kill: () => program.kill(),
    restart,
    async forget() {
      await program.kill();
      await restart();
    },
    stop: () => program.stop(),
  };
}
