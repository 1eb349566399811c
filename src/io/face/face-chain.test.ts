import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { oneFaceGrant } from "../../../test/fakes/face-permit.ts";
import { FAKE_FACE_VALUES, writeFakeFaceModels } from "../../../test/fakes/fake-face-models.ts";
import { seededRandom } from "../../core/random.ts";
import type { FacePicture } from "../../face/ports.ts";
import { QUALITY_LIMITS } from "../../face/quality.ts";
import type { Permit } from "../../privacy/consent/consent-gate.ts";
import { type FaceChainOptions, type OnnxFaceChain, openFaceChain } from "./face-chain.ts";

const root = mkdtempSync(join(tmpdir(), "face-chain-"));
const dir = join(root, "models");
after(() => rmSync(root, { recursive: true, force: true }));
before(() => writeFakeFaceModels(dir));

/** The fake face is the same upside down, so that is not looked at unless a test asks for it. */
const ANY_WAY_UP = { ...QUALITY_LIMITS.match, maxRollDeg: 180 };
const LIMITS = { enrol: ANY_WAY_UP, match: ANY_WAY_UP };

/** Sharp, bright enough, and nothing like a face: the fake networks see one all the same. */
function noise(widthPx = 480, heightPx = 360): FacePicture {
  const random = seededRandom(2);
  const rgb = Uint8Array.from({ length: widthPx * heightPx * 3 }, () => random() * 256);
  return { widthPx, heightPx, rgb };
}

async function withChain(
  use: (chain: OnnxFaceChain) => Promise<void>,
  options: Omit<FaceChainOptions, "dir" | "profile">,
): Promise<void> {
  const chain = await openFaceChain({ dir, profile: "clean", limits: LIMITS, ...options });
  try {
    await use(chain);
  } finally {
    await chain.close();
  }
}

const total = ({ runs }: OnnxFaceChain): number => runs.wide + runs.near + runs.embed + runs.live;

test("a face becomes numbers of the chain's own, with its quality and the hint", async () => {
  const { gate, permit } = oneFaceGrant();
  await withChain(
    async (chain) => {
      const probe = await chain.probe(noise(), permit, "match");
      assert.ok(probe.ok, probe.ok ? "" : probe.error);
      assert.deepEqual(probe.value.values, Float32Array.from(FAKE_FACE_VALUES));
      assert.deepEqual(probe.value.chain, chain.id);
      assert.equal(chain.id.profile, "clean");
      assert.match(chain.id.version, /^[0-9a-f]{64}$/);
      const { live, turn, eyeDistancePx } = probe.value.quality;
      assert.ok(live !== null && Math.abs(live - Math.E ** 2 / (Math.E ** 2 + 2)) < 1e-5);
      assert.ok(turn < 0.01 && eyeDistancePx > 100);
      assert.deepEqual(chain.runs, { wide: 1, near: 2, embed: 1, live: 1 });
      probe.value.wipe();
      assert.ok(probe.value.values.every((value) => value === 0));
    },
    { gate },
  );
});

test("the gate is asked before every single run: a consent taken back stops the next one", async () => {
  const { gate, permit } = oneFaceGrant();
  const picture = noise();
  for (let allowed = 0; allowed <= 5; allowed += 1) {
    let asked = 0;
    const counting = {
      refusalOf: (value: unknown, purpose: "loyalty-face") => {
        asked += 1;
        return asked > allowed ? "grant-revoked" : gate.refusalOf(value, purpose);
      },
    } as unknown as FaceChainOptions["gate"];
    await withChain(
      async (chain) => {
        const probe = await chain.probe(picture, permit, "match");
        assert.deepEqual(probe, { ok: false, error: "grant-revoked" });
        // The fifth question comes after the last run: what was revoked meanwhile is not handed out.
        assert.equal(total(chain), Math.min(allowed, 5));
      },
      { gate: counting },
    );
  }
});

test("without a permit of this very gate nothing runs", async () => {
  const own = oneFaceGrant();
  const other = oneFaceGrant();
  const lookAlike = { ...own.permit, refusal: null, purpose: "loyalty-face" };
  await withChain(
    async (chain) => {
      const refusals = [];
      for (const permit of [lookAlike, other.permit, null, undefined, {}, "loyalty-face"]) {
        const probe = await chain.probe(noise(), permit as Permit<"loyalty-face">, "match");
        refusals.push(probe.ok ? "ok" : probe.error);
      }
      own.revoke();
      const revoked = await chain.probe(noise(), own.permit, "enrol");
      refusals.push(revoked.ok ? "ok" : revoked.error);
      const none = ["no-grant", "grant-foreign", "no-grant", "no-grant", "no-grant", "no-grant"];
      assert.deepEqual(refusals, [...none, "grant-revoked"]);
      assert.equal(total(chain), 0);
    },
    { gate: own.gate },
  );
});

test("one picture at a time: who comes meanwhile is told so", async () => {
  const { gate, permit } = oneFaceGrant();
  await withChain(
    async (chain) => {
      const [first, second] = await Promise.all([
        chain.probe(noise(), permit, "match"),
        chain.probe(noise(), permit, "match"),
      ]);
      assert.ok(first.ok);
      assert.deepEqual(second, { ok: false, error: "busy" });
      assert.ok((await chain.probe(noise(), permit, "match")).ok, "and served afterwards");
    },
    { gate },
  );
});

test("a picture that is too dark, too small or cut off gives a reason and no numbers", async () => {
  const { gate, permit } = oneFaceGrant();
  await withChain(
    async (chain) => {
      const reasonFor = async (picture: FacePicture): Promise<string> => {
        const probe = await chain.probe(picture, permit, "match");
        return probe.ok ? "ok" : probe.error;
      };
      const dark = noise();
      assert.equal(
        await reasonFor({ ...dark, rgb: dark.rgb.map((value) => value / 16) }),
        "face-poor-light",
      );
      assert.equal(await reasonFor({ ...dark, rgb: dark.rgb.map(() => 128) }), "face-blurred");
      assert.equal(await reasonFor(noise(72, 54)), "face-small");
      // The fake face is as wide as the picture is long, so its eyes are beside a narrow one.
      assert.equal(await reasonFor(noise(40, 900)), "face-turned");
      const { embed, live } = chain.runs;
      assert.deepEqual([embed, live], [0, 0]);
    },
    { gate },
  );
});

test("a picture of another length than it says is a mistake of the caller", async () => {
  const { gate, permit } = oneFaceGrant();
  await withChain(
    async (chain) => {
      const picture = { ...noise(), widthPx: 100 };
      await assert.rejects(chain.probe(picture, permit, "match"), TypeError);
      assert.ok((await chain.probe(noise(), permit, "match")).ok, "it serves the next");
    },
    { gate },
  );
});

test("a chain whose models are missing or are other files does not open", async () => {
  const { gate } = oneFaceGrant();
  const open = (folder: string, profile: "clean" | "accurate") =>
    openFaceChain({ dir: folder, profile, gate });
  await assert.rejects(open(join(root, "absent"), "clean"), {
    code: "MODEL_MISSING",
    message: /models pull --profile face$/,
  });
  await assert.rejects(open(dir, "accurate"), {
    code: "MODEL_MISSING",
    message: /--profile face-accurate$/,
  });
  const damaged = join(root, "damaged");
  await writeFakeFaceModels(damaged);
  writeFileSync(join(damaged, "face-dlib-150.onnx"), "damaged");
  await assert.rejects(open(damaged, "clean"), { code: "MODEL_HASH_MISMATCH" });
});
