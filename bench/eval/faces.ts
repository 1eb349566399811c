import { GatewayError } from "../../src/core/errors.ts";
import { faceDistance, matchDistance } from "../../src/face/comparison.ts";
import type { FaceChainId } from "../../src/face/ports.ts";
import type { QualityLimits } from "../../src/face/quality.ts";
import { findFfmpeg } from "../../src/io/camera/ffmpeg-binary.ts";
import { openFaceChain } from "../../src/io/face/face-chain.ts";
import { oneFaceGrant } from "../../test/fakes/face-permit.ts";
import { readTexts } from "../speed/flags.ts";
import { faceProfile, pickFaceModels } from "./face-models.ts";
import { type FacePair, readIndex, readPairs, readPhoto } from "./face-photos.ts";
import { type PairDistances, scoreFaces } from "./face-score.ts";

export const usage = `eval faces --index FILE --pairs FILE [--profile clean|accurate] [--threshold N] [--models DIR] [--json]

Runs the gateway's face chain over the photographs of an index (JSON list of {"file"}, relative to it) and compares the
pairs of a CSV file (file_a,file_b,same). Photographs are no station: nothing is refused for its quality, and of several
faces the largest counts. EER, farAtThreshold and frrAtThreshold are ratios over the pairs, misses the photographs in
which no face was found; a pair with one of those never matches. --threshold is in the profile's own unit (clean:
distance 0.58, accurate: cosine 0.45). Models that are missing are pulled.

Example: npm run eval -- faces --index ../shared/data/faces/index.json --pairs ../shared/data/faces/pairs.csv --json`;

/** Whatever can be seen is compared. */
const NO_LIMITS: QualityLimits = {
  minHeightPx: 0,
  minEyeDistancePx: 0,
  minSharpness: 0,
  maxTurn: 1,
  maxRollDeg: 180,
  minBrightness: 0,
  maxBrightness: 1,
  rivalRatio: Number.POSITIVE_INFINITY,
};

/** Runs the evaluation. @throws USAGE, INPUT_INVALID, MODEL_FETCH_FAILED, MODEL_MISSING */
export async function run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const options = readOptions(args);
  const files = await readIndex(options.index);
  const pairs = await readPairs(options.pairs);
  checkPairs(pairs, files, options.pairs);
  const faces = await facesOf(files, options);
  const distances = distancesOf(pairs, faces, options.profile);
  const threshold = matchDistance(options.profile, "verify", options.threshold);
  const finite = (values: readonly number[]): readonly number[] => values.filter(Number.isFinite);
  return {
    ...scoreFaces(distances, threshold),
    misses: files.filter((file) => !faces.has(file)).length,
    images: files.length,
    genuinePairs: distances.genuine.length,
    impostorPairs: distances.impostor.length,
    farthestGenuine: Math.max(...finite(distances.genuine)),
    nearestImpostor: Math.min(...finite(distances.impostor)),
    thresholdDistance: threshold,
    profile: options.profile,
  };
}

/** A photograph that is not in the index would pass for one without a face, and rates over no pairs are none. */
function checkPairs(pairs: readonly FacePair[], files: readonly string[], path: string): void {
  const known = new Set(files);
  const unknown = pairs.flatMap(({ a, b }) => [a, b]).find((file) => !known.has(file));
  if (unknown !== undefined) {
    throw new GatewayError("INPUT_INVALID", `${path}: ${unknown} is not in the index`);
  }
  if (pairs.some(({ isSame }) => isSame) && pairs.some(({ isSame }) => !isSame)) return;
  const message = `${path}: expected pairs of one person (1) and of two (0)`;
  throw new GatewayError("INPUT_INVALID", message);
}

/** The faces as numbers by file; one in which none was found is not there. */
async function facesOf(
  files: readonly string[],
  { index, profile, models }: Options,
): Promise<ReadonlyMap<string, Float32Array>> {
  await pickFaceModels(models, profile);
  const { path } = await findFfmpeg();
  const { gate, permit } = oneFaceGrant();
  const limits = { enrol: NO_LIMITS, match: NO_LIMITS };
  const chain = await openFaceChain({ dir: models, profile, gate, limits });
  const faces = new Map<string, Float32Array>();
  try {
    for (const file of files) {
      const probe = await chain.probe(await readPhoto(path, index, file), permit, "match");
      if (probe.ok) faces.set(file, probe.value.values);
    }
    return faces;
  } finally {
    await chain.close();
  }
}

function distancesOf(
  pairs: readonly FacePair[],
  faces: ReadonlyMap<string, Float32Array>,
  profile: FaceChainId["profile"],
): PairDistances {
  const genuine: number[] = [];
  const impostor: number[] = [];
  for (const { a, b, isSame } of pairs) {
    const [one, two] = [faces.get(a), faces.get(b)];
    const isSeen = one !== undefined && two !== undefined;
    const distance = isSeen ? faceDistance(profile, one, two) : Number.POSITIVE_INFINITY;
    (isSame ? genuine : impostor).push(distance);
  }
  return { genuine, impostor };
}

interface Options {
  readonly index: string;
  readonly pairs: string;
  readonly profile: FaceChainId["profile"];
  readonly threshold?: number;
  readonly models: string;
}

function readOptions(args: readonly string[]): Options {
  const values = readTexts(args, ["index", "pairs", "profile", "threshold", "models"]);
  const { index, pairs, models = "models", threshold } = values;
  if (index === undefined || pairs === undefined) {
    throw new GatewayError("USAGE", "expected --index FILE and --pairs FILE");
  }
  const profile = faceProfile(values.profile);
  if (threshold === undefined) return { index, pairs, profile, models };
  if (threshold.trim() === "" || !Number.isFinite(Number(threshold))) {
    throw new GatewayError("USAGE", `expected a number for --threshold, found ${threshold}`);
  }
  return { index, pairs, profile, models, threshold: Number(threshold) };
}
