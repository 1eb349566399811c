import { mkdir, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Adapter } from "lowdb";
import { z } from "zod";
import { GatewayError } from "../../core/errors.ts";
import { type FleetState, NO_WISHES } from "../../fleet/desired-config.ts";
import { durableJson } from "../../io/site/durable-json.ts";
import { jsonText } from "../../io/site/json-text.ts";
import { replaceFile } from "../../io/site/replace-file.ts";
import { CONFIG_STATUSES, desiredSchema } from "../../wire/fleet-messages.ts";

const version = desiredSchema.shape.version;
const hash = desiredSchema.shape.hash;
const wish = { version, hash, document: desiredSchema.shape.document };
const fault = z.strictObject({ path: z.string(), found: z.string(), expected: z.string() });
const stateSchema = z.strictObject({
  v: z.literal(1),
  accepted: z.strictObject(wish).nullable(),
  trial: z
    .strictObject({
      ...wish,
      baseline: z.strictObject({ seeing: z.array(z.string()).max(512), isAcked: z.boolean() }),
      starts: z.number().int().nonnegative(),
    })
    .nullable(),
  last: z
    .strictObject({
      ...{ version, hash, status: z.enum(CONFIG_STATUSES) },
      errors: z.array(fault).max(64),
      isTold: z.boolean(),
    })
    .nullable(),
  failed: z.array(z.strictObject({ version, hash })).max(32),
  restartedBy: z.array(z.string()).max(32),
});

const SITE_FILE = /^site-[0-9a-f]{32}\.json$/;

/**
 * What the state folder remembers of the centre's wishes: `fleet.json`, and one site plan for each wish that has one.
 * Every write is whole and on the disk when it resolves.
 */
export class FleetMemory {
  readonly #stateDir: string;
  readonly #file: Adapter<FleetState>;
  #writing: Promise<void> = Promise.resolve();
  #state: FleetState;
  /** Where a damaged file was put; null when it was well. */
  readonly setAside: string | null;

  private constructor(
    stateDir: string,
    file: Adapter<FleetState>,
    state: FleetState,
    setAside: string | null,
  ) {
    this.#stateDir = stateDir;
    this.#file = file;
    this.#state = state;
    this.setAside = setAside;
  }

  /**
   * Reads the memory. A damaged file is set aside as `fleet.json.bad`: the gateway then runs with its own files until
   * the centre's wish comes again. @throws CONFIG_UNREADABLE, STATE_UNWRITABLE, DISK_FULL
   */
  static async open(stateDir: string): Promise<FleetMemory> {
    const path = join(stateDir, "fleet.json");
    await mkdir(stateDir, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      throw new GatewayError("STATE_UNWRITABLE", `cannot make ${stateDir}`, { cause });
    });
    let setAside: string | null = null;
    const file = durableJson<FleetState>({
      path,
      check: (document) => stateSchema.parse(document) as FleetState,
      print: jsonText,
      unwritable: "STATE_UNWRITABLE",
      owner: "ours",
      onSetAside: (asidePath) => {
        setAside = asidePath;
      },
    });
    const state = (await file.read()) ?? NO_WISHES;
    return new FleetMemory(stateDir, file, state, setAside);
  }

  get state(): FleetState {
    return this.#state;
  }

  /**
   * Keeps what `change` makes of the state; what was kept before holds until this resolves. Changes are made one after
   * the other, each of what the one before it left. @throws DISK_FULL, STATE_UNWRITABLE
   */
  update(change: (state: FleetState) => FleetState): Promise<void> {
    const turn = this.#writing.then(async () => {
      const state = change(this.#state);
      if (state === this.#state) return;
      await this.#file.write(state);
      this.#state = state;
    });
    // Whoever asked learns of the fault; the next change has its own try.
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  /** Where the plan of a wish lies, by the hash of the plan. */
  sitePath(siteHash: string): string {
    return join(this.#stateDir, `site-${siteHash}.json`);
  }

  /** Writes the plan of a wish, before the wish itself is kept. @throws DISK_FULL, STATE_UNWRITABLE */
  async placeSite(path: string, document: unknown): Promise<void> {
    await replaceFile(path, jsonText(document), "STATE_UNWRITABLE");
  }

  /** Takes plans away that no wish needs any more; what cannot be taken away stays. */
  async tidy(needed: readonly string[]): Promise<void> {
    const names = await readdir(this.#stateDir).catch(() => []);
    const old = names
      .filter((name) => SITE_FILE.test(name))
      .map((name) => join(this.#stateDir, name));
    for (const path of old) if (!needed.includes(path)) await unlink(path).catch(() => undefined);
  }
}
