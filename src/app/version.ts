import { readFileSync } from "node:fs";
import { packagePath } from "./package-path.ts";

/** Version of this build, from package.json. */
export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(packagePath("package.json"), "utf8")) as {
    readonly version?: unknown;
  };
  return String(manifest.version ?? "0.0.0");
}
