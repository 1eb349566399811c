import { readFile, stat, writeFile } from "node:fs/promises";
import { z } from "zod";
import { epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { type Carried, TAGS_CAP } from "./member-seal.ts";
import { newAppKey } from "./staff-members.ts";

/** Where staff have what a customer carries; keys never stand on a command line, which others can see. */
export interface CarriedFiles {
  readonly appKeyFile?: string | undefined;
  /** The key is drawn and written there, for the app. */
  readonly newAppKey?: string | undefined;
  readonly eidFile?: readonly string[] | undefined;
}

/** Somebody else than the owner may read it. */
const READABLE_BY_OTHERS = 0o077;
const KEY_BYTES = 16;

const tagSchema = z.strictObject({
  key: z.string(),
  rotation: z.number().int().min(0).max(15),
  counter: z.number().min(0).max(0xffff_ffff),
  counterAt: z.iso.datetime({ offset: true }),
  lostMs: z.number().int().min(0).max(86_400_000).default(0),
});
const tagsSchema = z.union([tagSchema.transform((tag) => [tag]), z.array(tagSchema).max(TAGS_CAP)]);

/**
 * Reads what a customer carries. Files with keys must be for the owner's eyes only.
 * @throws CONFIG_UNREADABLE, CONFIG_INVALID, USAGE; never with anything of a key in it
 */
export async function readCarried({
  appKeyFile,
  newAppKey: newFile,
  eidFile = [],
}: CarriedFiles): Promise<Carried> {
  if (appKeyFile !== undefined && newFile !== undefined)
    throw new GatewayError("USAGE", "give --app-key-file or --new-app-key, and not both");
  const tags: Carried["tags"][number][] = [];
  for (const file of eidFile) tags.push(...(await readTags(file)));
  if (appKeyFile !== undefined)
    return { appKey: keyOf((await readPrivate(appKeyFile)).trim(), appKeyFile), tags };
  if (newFile !== undefined) return { appKey: await drawKey(newFile), tags };
  return { appKey: null, tags };
}

async function readTags(path: string): Promise<Carried["tags"]> {
  const outcome = tagsSchema.safeParse(jsonOf(await readPrivate(path)));
  if (!outcome.success)
    throw invalid(`${path}: expected key, rotation, counter and counterAt of one to four tags`);
  return outcome.data.map(({ key, counterAt, ...tag }) => ({
    ...{ ...tag, key: keyOf(key, path), counterAt: epochMs(Date.parse(counterAt)) },
  }));
}

function keyOf(text: string, path: string): Uint8Array {
  const isHex = /^[0-9a-f]{32}$/i.test(text);
  if (!isHex && !/^[A-Za-z0-9_-]{22}$/.test(text))
    throw invalid(`${path}: expected a key of 16 bytes as hexadecimal digits or base64url`);
  const bytes = new Uint8Array(Buffer.from(text, isHex ? "hex" : "base64url"));
  if (bytes.length !== KEY_BYTES) throw invalid(`${path}: expected a key of 16 bytes`);
  return bytes;
}

async function drawKey(path: string): Promise<Uint8Array> {
  const key = newAppKey();
  const text = `${Buffer.from(key).toString("base64url")}\n`;
  await writeFile(path, text, { mode: 0o600, flag: "wx" }).catch((cause: unknown) => {
    throw new GatewayError("STATE_UNWRITABLE", `cannot write ${path} anew`, { cause });
  });
  return key;
}

async function readPrivate(path: string): Promise<string> {
  const unreadable = (cause: unknown): never => {
    throw new GatewayError("CONFIG_UNREADABLE", `cannot read ${path}`, { cause });
  };
  const { mode } = await stat(path).catch(unreadable);
  if ((mode & READABLE_BY_OTHERS) !== 0)
    throw invalid(`${path} may be read by others: it holds a key, give it mode 0600`);
  return readFile(path, "utf8").catch(unreadable);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is refused by the schema; what stands in it is not repeated.
    return null;
  }
}

const invalid = (sentence: string): GatewayError => new GatewayError("CONFIG_INVALID", sentence);
