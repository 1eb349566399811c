import { join } from "node:path";
import { Low } from "lowdb";
import { z } from "zod";
import type { EpochMs } from "../../core/brand.ts";
import type { LearnedRadio } from "../../radio/zones/zone-engine.ts";
import { durableJson } from "./durable-json.ts";
import { jsonText } from "./json-text.ts";

/** What is remembered of a registered tag over a restart. */
export interface TagRecord {
  /** When anything of it was last heard; null when never. */
  readonly seenAt: EpochMs | null;
  readonly batteryRatio: number | null;
  readonly batteryMv: number | null;
  /** Since when it is known to tell that it is taken up and set down; absent = it never did. */
  readonly movesSince?: EpochMs | undefined;
}

/** The small state of tags: nothing in it but ids of the site plan, so no address and no stranger. */
export interface TagState {
  readonly tags: Readonly<Record<string, TagRecord>>;
  /** What the zone engine learned of the radios; null = nothing. */
  readonly learned: LearnedRadio | null;
}

/** The small state at rest. */
export interface TagStateFile {
  /** What the last life left. */
  readonly initial: TagState;
  /** Where a damaged file was put; null when it was well. */
  readonly setAside: string | null;
  /** Puts all of it on the disk. @throws DISK_FULL, STATE_UNWRITABLE */
  save(state: TagState): Promise<void>;
}

const CAP = 40_000;
const planId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const perId = <T extends z.ZodType>(value: T) =>
  z
    .record(planId, value)
    .refine((record) => Object.keys(record).length <= CAP, `at most ${CAP} entries`);
const level = z.number().min(-200).max(200);
const instant = z
  .number()
  .int()
  .nonnegative()
  .transform((ms) => ms as EpochMs);
const stateSchema = z.strictObject({
  v: z.literal(1),
  tags: perId(
    z.strictObject({
      seenAt: instant.nullable(),
      batteryRatio: z.number().min(0).max(1).nullable(),
      batteryMv: z.number().nonnegative().max(100_000).nullable(),
      movesSince: instant.optional(),
    }),
  ),
  learned: z
    .strictObject({ receiverOffsetsDb: perId(level), tagPowersDbm: perId(level) })
    .nullable(),
});

const EMPTY: TagState = { tags: {}, learned: null };

/**
 * Opens `tags.json` of the state folder. One that is damaged is set aside as `tags.json.bad`, and the gateway learns
 * anew.
 * @throws CONFIG_UNREADABLE when it is there and may not be read, STATE_UNWRITABLE when it cannot be set aside
 */
export async function openTagState(stateDir: string): Promise<TagStateFile> {
  let setAside: string | null = null;
  const adapter = durableJson<TagState>({
    path: join(stateDir, "tags.json"),
    check: (document) => {
      const { tags, learned } = stateSchema.parse(document);
      return { tags, learned };
    },
    print: (state) => jsonText({ v: 1, ...state }),
    unwritable: "STATE_UNWRITABLE",
    owner: "ours",
    onSetAside: (path) => {
      setAside = path;
    },
  });
  const low = new Low<TagState>(adapter, EMPTY);
  await low.read();
  return {
    initial: low.data,
    setAside,
    async save(state) {
      low.data = state;
      await low.write();
    },
  };
}
