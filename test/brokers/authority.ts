import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const SCRIPT = join(import.meta.dirname, "../../deploy/certificates.sh");

/** Files of one certificate. */
export interface CertificateFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** A private certificate authority made by the script that is shipped. */
export interface Authority {
  readonly folder: string;
  /** Issues a certificate for a gateway or the centre. */
  client(id: string): CertificateFiles;
  /** Makes the certificate anew, with the same key and names. */
  renew(name: string): void;
  revoke(id: string): void;
}

/** Makes an authority under `folder`, with a certificate of a broker on loopback. */
export function makeAuthority(folder: string): Authority {
  const run = (...args: readonly string[]): void => {
    const [command = "", ...rest] = args;
    const done = spawnSync("sh", [SCRIPT, command, folder, ...rest], { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`certificates.sh ${command}: ${done.stderr}`);
  };
  run("init");
  run("server", "localhost", "127.0.0.1");
  return {
    folder,
    client(id) {
      run("client", id);
      return {
        caFile: join(folder, "ca.crt"),
        certFile: join(folder, `${id}.crt`),
        keyFile: join(folder, `${id}.key`),
      };
    },
    renew: (name) => run("renew", name),
    revoke: (id) => run("revoke", id),
  };
}

/** What mqtt.js takes to log in with a certificate. Read at once: the files of a revoked one are removed. */
export function tlsOptions(files: CertificateFiles): { ca: Buffer; cert: Buffer; key: Buffer } {
  return {
    ca: readFileSync(files.caFile),
    cert: readFileSync(files.certFile),
    key: readFileSync(files.keyFile),
  };
}
