import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { type OneGrant, oneFaceGrant } from "../../../test/fakes/face-permit.ts";
import { type DrawnFace, drawnFaces } from "../../../test/fixtures/models/drawn-face.ts";
import { compareFaces, matchDistance } from "../../face/comparison.ts";
import { Enrolment } from "../../face/enrolment.ts";
import type { FacePicture, FaceProbe } from "../../face/ports.ts";
import { type OnnxFaceChain, openFaceChain } from "./face-chain.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const dir = process.env["VITRINE_MODELS_DIR"] ?? join(ROOT, "models");

const HEAD: DrawnFace = { x: 640, y: 360, radiusPx: 150 };
const draw = (...faces: readonly DrawnFace[]): FacePicture => drawnFaces(1280, 720, faces);

/** As through a lens out of focus: the mean of a square of `reach` Px each way. */
function blurred(picture: FacePicture, reach: number): FacePicture {
  let { rgb } = picture;
  for (const step of [3, picture.widthPx * 3]) {
    const from = rgb;
    rgb = from.map((_, at) => {
      let sum = 0;
      for (let k = -reach; k <= reach; k += 1) sum += from[at + k * step] ?? 128;
      return sum / (2 * reach + 1);
    });
  }
  return { ...picture, rgb };
}

const dimmed = (picture: FacePicture, by: number): FacePicture => {
  return { ...picture, rgb: picture.rgb.map((value) => value * by) };
};

const cases: readonly {
  readonly name: string;
  readonly picture: () => FacePicture;
  /** For enrolment, and for matching where that differs. */
  readonly expected: readonly [string, string?];
}[] = [
  { name: "a face before the camera", picture: () => draw(HEAD), expected: ["ok"] },
  {
    name: "a face close to the camera",
    picture: () => draw({ ...HEAD, radiusPx: 280 }),
    expected: ["ok"],
  },
  { name: "an empty station", picture: () => draw(), expected: ["no-face"] },
  {
    name: "two people side by side",
    picture: () => draw({ ...HEAD, x: 400 }, { ...HEAD, x: 880, radiusPx: 140 }),
    expected: ["several-faces"],
  },
  {
    name: "somebody waiting further back",
    picture: () => draw({ ...HEAD, x: 400 }, { ...HEAD, x: 980, radiusPx: 55 }),
    expected: ["several-faces", "ok"],
  },
  {
    name: "a face too far away",
    picture: () => draw({ ...HEAD, radiusPx: 24 }),
    expected: ["face-small"],
  },
  {
    name: "a face good enough to match only",
    picture: () => draw({ ...HEAD, radiusPx: 45 }),
    expected: ["face-small", "ok"],
  },
  {
    name: "a head tilted far",
    picture: () => draw({ ...HEAD, tiltDeg: 40 }),
    expected: ["face-turned"],
  },
  {
    name: "a camera upside down",
    picture: () => draw({ ...HEAD, tiltDeg: 180 }),
    expected: ["face-turned"],
  },
  {
    name: "half a face at the edge",
    picture: () => draw({ ...HEAD, x: 15 }),
    expected: ["face-turned"],
  },
  {
    name: "a face out of focus",
    picture: () => blurred(draw(HEAD), 14),
    expected: ["face-blurred"],
  },
  {
    name: "a face in the dark",
    picture: () => dimmed(draw(HEAD), 0.12),
    expected: ["face-poor-light"],
  },
];

for (const profile of ["clean", "accurate"] as const) {
  const model = profile === "clean" ? "face-dlib-150" : "face-accurate-112";
  const isInstalled = existsSync(join(dir, `${model}.onnx`));
  const skip = isInstalled
    ? false
    : `${model} is not in ${dir}: vitrine models pull --profile ${profile === "clean" ? "face" : "face-accurate"}`;

  describe(`the ${profile} chain on drawn faces`, { skip }, () => {
    let chain: OnnxFaceChain;
    let grant: OneGrant;

    before(async () => {
      grant = oneFaceGrant();
      chain = await openFaceChain({ dir, profile, gate: grant.gate });
    });
    after(() => chain.close());

    const probeOf = async (picture: FacePicture, use: "enrol" | "match"): Promise<FaceProbe> => {
      const probe = await chain.probe(picture, grant.permit, use);
      assert.ok(probe.ok, probe.ok ? "" : probe.error);
      return probe.value;
    };

    for (const { name, picture, expected } of cases) {
      const [enrol, match = enrol] = expected;
      test(`${name}: enrolment ${enrol}, match ${match}`, async () => {
        const found: string[] = [];
        const seen = picture();
        for (const use of ["enrol", "match"] as const) {
          const probe = await chain.probe(seen, grant.permit, use);
          found.push(probe.ok ? "ok" : probe.error);
          if (probe.ok) probe.value.wipe();
        }
        assert.deepEqual(found, [enrol, match]);
      });
    }

    test("three pictures make a template that the same face matches elsewhere and smaller", async () => {
      const enrolment = new Enrolment(chain.id);
      for (const x of [620, 640, 660]) enrolment.add(await probeOf(draw({ ...HEAD, x }), "enrol"));
      const template = enrolment.template();
      assert.ok(template.ok);
      const moved = draw({ x: 300, y: 300, radiusPx: 90, tiltDeg: 8 });
      const probe = await probeOf(moved, "match");
      const within = matchDistance(profile, "verify");
      const compared = compareFaces(probe, { chain: chain.id, values: template.value }, within);
      assert.ok(compared.ok && compared.value.isMatch);
    });

    test("the same picture gives the same numbers, and its quality is what was drawn", async () => {
      const [one, two] = [await probeOf(draw(HEAD), "match"), await probeOf(draw(HEAD), "match")];
      assert.deepEqual(one.values, two.values);
      const { eyeDistancePx, heightPx, rollDeg, turn } = one.quality;
      assert.ok(Math.abs(eyeDistancePx - 0.56 * 150) < 15, `${eyeDistancePx}`);
      assert.ok(heightPx > 230 && heightPx < 320, `${heightPx}`);
      assert.ok(Math.abs(rollDeg) < 4 && turn < 0.15);
      const tilted = await probeOf(draw({ ...HEAD, tiltDeg: 15 }), "match");
      assert.ok(Math.abs(tilted.quality.rollDeg - 15) < 6, `${tilted.quality.rollDeg}`);
    });
  });
}
