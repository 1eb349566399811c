import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { oneFaceGrant } from "../../../test/fakes/face-permit.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { FAKE_FACE_VALUES, writeFakeFaceModels } from "../../../test/fakes/fake-face-models.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import type { Refusal } from "../../core/consent.ts";
import { seededRandom } from "../../core/random.ts";
import type { FacePicture } from "../../face/ports.ts";
import { QUALITY_LIMITS } from "../../face/quality.ts";
import type { Permit } from "../../privacy/consent/consent-gate.ts";
import { openFaceChain } from "./face-chain.ts";
import { type FaceThreadOptions, openFaceThread, type ThreadedFaceChain } from "./face-thread.ts";

const root = mkdtempSync(join(tmpdir(), "face-thread-"));
const dir = join(root, "models");
after(() => rmSync(root, { recursive: true, force: true }));
before(() => writeFakeFaceModels(dir));

/** The fake face is the same upside down, so that is not looked at. */
const ANY_WAY_UP = { ...QUALITY_LIMITS.match, maxRollDeg: 180 };
const birth = {
  dir,
  profile: "clean",
  limits: { enrol: ANY_WAY_UP, match: ANY_WAY_UP },
} as const;
const clock = createSystemClock();
const DIED = { code: "INFERENCE_FAILED" };

function noise(isShared = false): FacePicture {
  const [widthPx, heightPx] = [480, 360];
  const random = seededRandom(2);
  const length = widthPx * heightPx * 3;
  const rgb = isShared
    ? new Uint8Array(new SharedArrayBuffer(length))
    : new Uint8Array(new ArrayBuffer(length));
  for (let i = 0; i < length; i += 1) rgb[i] = random() * 256;
  return { widthPx, heightPx, rgb };
}

/** Threads that were begun since `watch` was called. */
function watch(): Worker[] {
  const begun: Worker[] = [];
  const note = (worker: Worker): void => void begun.push(worker);
  process.on("worker", note);
  after(() => process.off("worker", note));
  return begun;
}

/** A chain whose gate does something before it answers its n-th question. */
async function withThread(
  use: (
    chain: ThreadedFaceChain,
    permit: Permit<"loyalty-face">,
    threads: readonly Worker[],
  ) => Promise<void>,
  asked: (count: number) => Refusal | null = () => null,
  change: Partial<FaceThreadOptions> = {},
): Promise<void> {
  const { gate, permit } = oneFaceGrant();
  let count = 0;
  const counting = {
    refusalOf: (value: unknown, purpose: "loyalty-face") => {
      count += 1;
      return asked(count) ?? gate.refusalOf(value, purpose);
    },
  } as FaceThreadOptions["gate"];
  const threads = watch();
  const chain = await openFaceThread({ ...birth, gate: counting, clock, ...change });
  try {
    await use(chain, permit, threads);
  } finally {
    await chain.close();
  }
}

test("a thread of its own says what the chain says in the caller's", async () => {
  const { gate, permit } = oneFaceGrant();
  const own = await openFaceChain({ ...birth, gate });
  const expected = await own.probe(noise(), permit, "match");
  await own.close();
  await withThread(async (chain, itsPermit) => {
    for (const isShared of [false, true]) {
      const picture = noise(isShared);
      const probe = await chain.probe(picture, itsPermit, "match");
      assert.ok(probe.ok && expected.ok, probe.ok ? "" : probe.error);
      assert.deepEqual([...probe.value.values], [...Float32Array.from(FAKE_FACE_VALUES)]);
      assert.deepEqual(probe.value.quality, expected.value.quality);
      assert.deepEqual([probe.value.chain, chain.id], [own.id, own.id]);
      assert.deepEqual([...picture.rgb], [...noise().rgb], "the picture stays the caller's");
      probe.value.wipe();
      assert.ok(probe.value.values.every((value) => value === 0));
      await chain.scrub();
    }
    const dark = noise();
    dark.rgb.fill(3);
    const refused = await chain.probe(dark, itsPermit, "match");
    assert.deepEqual(refused, { ok: false, error: "face-poor-light" });
    const mistake = chain.probe({ ...dark, widthPx: 1 }, itsPermit, "match");
    await assert.rejects(mistake, TypeError);
  });
});

test("the gate is asked before every run, once more at the end, and before a thread is woken", async () => {
  let asked = 0;
  let allowed = 0;
  const use: Parameters<typeof withThread>[0] = async (chain, permit) => {
    for (; allowed <= 7; allowed += 1) {
      asked = 0;
      const probe = await chain.probe(noise(), permit, "match");
      assert.deepEqual(probe, { ok: false, error: "grant-revoked" });
      // Of five runs: before it all, before each, after the last, and when the answer is here.
      assert.equal(asked, allowed + 1);
    }
  };
  await withThread(use, () => {
    asked += 1;
    return asked > allowed ? "grant-revoked" : null;
  });
});

test("one picture at a time, and no permit but one of this very gate", async () => {
  await withThread(async (chain, permit) => {
    const [first, second] = await Promise.all([
      chain.probe(noise(), permit, "match"),
      chain.probe(noise(), permit, "match"),
    ]);
    assert.ok(first.ok);
    assert.deepEqual(second, { ok: false, error: "busy" });
    const other = await chain.probe(noise(), oneFaceGrant().permit, "match");
    assert.deepEqual(other, { ok: false, error: "grant-foreign" });
  });
});

test("a thread that dies fails the look it was at, and the next look or the end of the act begins a new one", async () => {
  let threads: readonly Worker[] = [];
  const kill = (count: number): null => {
    if (count === 3) void threads[0]?.terminate();
    return null;
  };
  await withThread(async (chain, permit, begun) => {
    threads = begun;
    const [only] = begun;
    assert.ok(only !== undefined && begun.length === 1);
    await assert.rejects(chain.probe(noise(), permit, "match"), DIED);
    assert.equal(begun.length, 1, "nothing begins by itself");
    assert.ok((await chain.probe(noise(), permit, "match")).ok);
    assert.equal(begun.length, 2);
    await begun[1]?.terminate();
    await chain.scrub();
    assert.equal(begun.length, 3);
  }, kill);
});

test("a thread that dies between two looks costs nothing, and one that hangs is ended", async () => {
  const slow = new FakeClock();
  let isHanging = false;
  const hang = (): null => {
    if (isHanging) slow.advance(60_000);
    return null;
  };
  const use: Parameters<typeof withThread>[0] = async (chain, permit, begun) => {
    await begun[0]?.terminate();
    assert.ok((await chain.probe(noise(), permit, "match")).ok);
    isHanging = true;
    await assert.rejects(chain.probe(noise(), permit, "match"), DIED);
    isHanging = false;
    assert.ok((await chain.probe(noise(), permit, "match")).ok);
    assert.equal(begun.length, 3);
  };
  await withThread(use, hang, { clock: slow });
});

test("closing ends the thread, a look under way without another run", async () => {
  let close: (() => Promise<void>) | null = null;
  let closing: Promise<void> | undefined;
  const leave = (count: number): null => {
    if (count === 3) closing = close?.();
    return null;
  };
  const use: Parameters<typeof withThread>[0] = async (chain, permit, begun) => {
    close = () => chain.close();
    const [only] = begun;
    assert.ok(only !== undefined);
    const ended = once(only, "exit");
    const probe = await chain.probe(noise(), permit, "match");
    assert.deepEqual(probe, { ok: false, error: "not-at-station" });
    assert.deepEqual(await ended, [0], "by itself");
    await closing;
    await chain.scrub();
    const after = await chain.probe(noise(), permit, "match");
    assert.deepEqual(after, { ok: false, error: "not-at-station" });
    assert.equal(begun.length, 1);
  };
  await withThread(use, leave);
});

test("models that are missing or are other files are told, and no thread stays", async () => {
  const { gate } = oneFaceGrant();
  const begun = watch();
  const open = (folder: string) => openFaceThread({ ...birth, dir: folder, gate, clock });
  await assert.rejects(open(join(root, "absent")), {
    code: "MODEL_MISSING",
    message: /models pull --profile face$/,
  });
  const damaged = join(root, "damaged");
  await writeFakeFaceModels(damaged);
  writeFileSync(join(damaged, "face-dlib-150.onnx"), "damaged");
  await assert.rejects(open(damaged), { code: "MODEL_HASH_MISMATCH" });
  assert.deepEqual(
    begun.map(({ threadId }) => threadId),
    [-1, -1],
  );
});
