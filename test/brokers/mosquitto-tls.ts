import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Authority } from "./authority.ts";
import { withSbin } from "./mosquitto.ts";
import { freePorts, nodeProcess } from "./node-process.ts";

const SHIPPED = join(import.meta.dirname, "../../deploy/mosquitto");

/** mosquitto as it is shipped for a chain: certificates, rights by topic, revocation. */
export interface SecureBroker {
  readonly url: string;
  /** Reads certificates and revocations anew. There is no reload: 2.0.11 crashes of it when sessions are kept. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it with the shipped files; only paths and the port are those of the test, and `moreRights` are added. */
export async function startMosquittoTls(
  folder: string,
  authority: Authority,
  moreRights = "",
): Promise<SecureBroker> {
  mkdirSync(folder, { recursive: true });
  const rights = join(folder, "acl");
  writeFileSync(rights, `${readFileSync(join(SHIPPED, "acl"), "utf8")}\n${moreRights}\n`);
  const [port = 0] = await freePorts(1);
  const text = readFileSync(join(SHIPPED, "mosquitto-tls.conf"), "utf8")
    .replace("listener 8883", `listener ${port} 127.0.0.1\nuser root`)
    .replaceAll("/etc/mosquitto/certificates/broker.", join(authority.folder, "localhost."))
    .replaceAll("/etc/mosquitto/certificates", authority.folder)
    .replaceAll("/etc/mosquitto/acl", rights);
  const file = join(folder, "mosquitto.conf");
  writeFileSync(file, text);
  const program = nodeProcess("mosquitto", ["-c", file], withSbin());
  const started = async (): Promise<void> => {
    program.start();
    while (!program.output.includes("running")) {
      if (program.left !== null) throw new Error(`${program.left}: ${program.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await started();
  return {
    url: `mqtts://localhost:${port}`,
    async restart() {
      await program.stop();
      await started();
    },
    stop: () => program.stop(),
  };
}
