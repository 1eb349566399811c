import { fileURLToPath } from "node:url";

/** Path of a file that belongs to the package, seen from src/app as from dist/app. */
export function packagePath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
