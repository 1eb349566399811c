import { createHash } from "node:crypto";
import type { Refusal } from "../../core/consent.ts";
import { fail, GatewayError, ok, type Result } from "../../core/errors.ts";
import type { FaceChainId, FacePicture, FaceProbe, FaceQuality } from "../../face/ports.ts";
import {
  type FaceLight,
  type FaceShape,
  lightRefusal,
  measureLight,
  measureShape,
  QUALITY_LIMITS,
  type QualityLimits,
  shapeRefusal,
} from "../../face/quality.ts";
import { eyeShade } from "../../face/upright.ts";
import { readManifest } from "../models/manifest.ts";
import { type BlazeNet, openBlazeNet } from "./blaze-net.ts";
import { type EmbeddingNet, openEmbeddingNet } from "./embedding-net.ts";
import { FaceFinder, type Run } from "./face-finder.ts";
import { chooseFaceModels, type FaceModels } from "./face-models.ts";
import type { FaceNet } from "./face-net.ts";
import { type LivenessNet, openLivenessNet } from "./liveness-net.ts";

const CHANNELS = 3;
const ANY_ROLL = 180;

/** What is asked of a face by what it is for. */
export type FaceLimits = Readonly<Record<FaceUse, QualityLimits>>;

/** What a face is looked at for. */
export type FaceUse = "enrol" | "match";

/** Asks the gate, before every single run of a network and once after the last: null, or why it may not. */
export type MayRun = () => Refusal | null | Promise<Refusal | null>;

/** How networks for faces are run. */
export interface FaceEngineOptions {
  /** Folder of the models. */
  readonly dir: string;
  readonly profile: FaceChainId["profile"];
  /** Threads of one inference; 1, the usual, leaves the other cores to cameras. */
  readonly threads?: number;
  /** What is asked of a face by use; absent: the usual limits. */
  readonly limits?: FaceLimits;
}

/**
 * The networks of a chain on onnxruntime, in the thread that opens it. It knows no permits: who opens one answers
 * `MayRun` out of the gate (`openFaceChain` in the same thread, `openFaceThread` from another one).
 */
export interface FaceEngine {
  readonly id: FaceChainId;
  /** Numbers of a face. */
  readonly dim: number;
  /** Runs of each network since it was opened. */
  readonly runs: Readonly<Record<keyof ChainNets, number>>;
  /** As `FaceChain.probe`. One at a time. @throws TypeError for a picture of another length than its size (a bug) */
  look(picture: FacePicture, use: FaceUse, mayRun: MayRun): Promise<Result<FaceProbe, Refusal>>;
  /**
   * Overwrites what the engine itself keeps of the last picture between two runs, by running every network once on
   * black; to be called when a shopper's act at the station ends. Does nothing while a probe is at work.
   */
  scrub(): Promise<void>;
  close(): Promise<void>;
}

/** The networks of a chain, each with memory of its own. */
interface ChainNets {
  readonly wide: BlazeNet;
  readonly near: BlazeNet;
  readonly embed: EmbeddingNet;
  readonly live: LivenessNet | null;
}

/**
 * Opens the networks of a profile.
 * @throws MODEL_MISSING when a model it needs is not installed, MODEL_HASH_MISMATCH, MODEL_UNSUPPORTED
 */
export async function openFaceEngine(options: FaceEngineOptions): Promise<FaceEngine> {
  const { dir, profile, threads = 1, limits = QUALITY_LIMITS } = options;
  const models = chooseFaceModels(await readManifest(dir), profile);
  if (models === null) {
    const name = profile === "clean" ? "face" : "face-accurate";
    const message = `No face models in ${dir}: vitrine models pull --profile ${name}`;
    throw new GatewayError("MODEL_MISSING", message, { context: { dir } });
  }
  const { wide, near, embedder, liveness } = models;
  const opened: { readonly net: FaceNet }[] = [];
  const keep = <T extends { readonly net: FaceNet } | null>(net: T): T => {
    if (net !== null) opened.push(net);
    return net;
  };
  try {
    const nets: ChainNets = {
      wide: keep(await openBlazeNet(wide, dir, threads)),
      near: keep(await openBlazeNet(near, dir, threads)),
      embed: keep(await openEmbeddingNet(embedder, dir, threads)),
      live: keep(await openLivenessNet(liveness, dir, threads)),
    };
    return new Engine({ profile, version: versionOf(models) }, nets, limits);
  } catch (error) {
    await Promise.all(opened.map(({ net }) => net.close()));
    throw error;
  }
}

/** The hint says nothing about the numbers, so its model does not count. */
function versionOf({ wide, near, embedder }: FaceModels): string {
  const hash = createHash("sha256");
  for (const { sha256 } of [wide, near, embedder]) hash.update(sha256);
  return hash.digest("hex");
}

/** One probe at a time, since the networks' memory is used again for every picture. */
class Engine implements FaceEngine {
  readonly id: FaceChainId;
  readonly runs = { wide: 0, near: 0, embed: 0, live: 0 };
  readonly #nets: ChainNets;
  readonly #finder: FaceFinder;
  readonly #limits: FaceLimits;
  /** The aligned face while the same one is looked at the other way up. */
  readonly #kept: Uint8Array;
  #isBusy = false;

  constructor(id: FaceChainId, nets: ChainNets, limits: FaceLimits) {
    this.id = Object.freeze(id);
    this.#nets = nets;
    this.#limits = limits;
    this.#finder = new FaceFinder(nets.wide, nets.near);
    this.#kept = new Uint8Array(nets.embed.net.pixels.length);
  }

  get dim(): number {
    return this.#nets.embed.values.length;
  }

  async look(
    picture: FacePicture,
    use: FaceUse,
    mayRun: MayRun,
  ): Promise<Result<FaceProbe, Refusal>> {
    if (picture.rgb.length !== picture.widthPx * picture.heightPx * CHANNELS) {
      throw new TypeError("a picture of another length than its size says");
    }
    if (this.#isBusy) return fail("busy");
    this.#isBusy = true;
    try {
      return await this.#look(picture, this.#limits[use], mayRun);
    } finally {
      this.#wipe();
      this.#isBusy = false;
    }
  }

  async scrub(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (const each of this.#all()) await each.net.run();
    } finally {
      this.#wipe();
      this.#isBusy = false;
    }
  }

  async close(): Promise<void> {
    this.#wipe();
    await Promise.all(this.#all().map(({ net }) => net.close()));
  }

  async #look(
    picture: FacePicture,
    limits: QualityLimits,
    mayRun: MayRun,
  ): Promise<Result<FaceProbe, Refusal>> {
    const run: Run = async (net) => {
      const refused = await mayRun();
      if (refused !== null) return refused;
      await net.run();
      this.#count(net);
      return null;
    };
    const { embed, live } = this.#nets;
    const { face } = this.#finder;
    const absent = await this.#finder.find(picture, limits.rivalRatio, run);
    if (absent !== null) return fail(absent);
    const shape = measureShape(face, 0, picture);
    const unfit = shapeRefusal(shape, limits);
    if (unfit !== null) return fail(unfit);
    if (!embed.fill(picture, face, 0)) return fail("no-face");
    const light = measureLight(embed.net.pixels, embed.template);
    const refused =
      lightRefusal(light, limits) ??
      (limits.maxRollDeg < ANY_ROLL ? await this.#refuseUpsideDown(picture, run) : null) ??
      (await this.#hint(picture, run)) ??
      (await run(embed.net)) ??
      (await mayRun());
    if (refused !== null) return fail(refused);
    return ok(probeOf(this.id, embed.values, qualityOf(shape, light, live?.hint() ?? null)));
  }

  /** Runs the network of the hint, where there is one. */
  async #hint(picture: FacePicture, run: Run): Promise<Refusal | null> {
    const { live } = this.#nets;
    if (live === null) return null;
    live.fill(picture, this.#finder.face, 0);
    return run(live.net);
  }

  /**
   * Refuses a face that stands on its head: the detector sees an upright face in it all the same, and the template of
   * such a thing would be like that of anybody else who stands on their head. The aligned face stays in the input.
   */
  async #refuseUpsideDown(picture: FacePicture, run: Run): Promise<Refusal | null> {
    const { net, template, fill } = this.#nets.embed;
    const { turned } = this.#finder;
    const refused = await this.#finder.lookTurned(run);
    if (refused !== null) return refused;
    if (turned.count === 0) return null;
    const shade = eyeShade(net.pixels, template);
    this.#kept.set(net.pixels);
    const isTurned = fill(picture, turned, 0, "rough") && eyeShade(net.pixels, template) > shade;
    net.pixels.set(this.#kept);
    return isTurned ? "face-turned" : null;
  }

  #count(net: FaceNet): void {
    for (const name of ["wide", "near", "embed", "live"] as const) {
      if (this.#nets[name]?.net === net) this.runs[name] += 1;
    }
  }

  #all(): readonly { readonly net: FaceNet; wipe(): void }[] {
    const { wide, near, embed, live } = this.#nets;
    return live === null ? [wide, near, embed] : [wide, near, embed, live];
  }

  #wipe(): void {
    for (const net of this.#all()) net.wipe();
    this.#finder.wipe();
    this.#kept.fill(0);
  }
}

function qualityOf(shape: FaceShape, light: FaceLight, live: number | null): FaceQuality {
  return Object.freeze({ ...shape, ...light, live });
}

function probeOf(chain: FaceChainId, from: Float32Array, quality: FaceQuality): FaceProbe {
  const values = Float32Array.from(from);
  return { chain, values, quality, wipe: () => void values.fill(0) };
}
