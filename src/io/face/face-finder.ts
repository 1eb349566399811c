import type { Refusal } from "../../core/consent.ts";
import { actingFace, addFaces } from "../../face/acting-face.ts";
import {
  copyFace,
  createFaceBoxes,
  type FaceBoxes,
  faceSidePx,
  scaleFaces,
  wipeFaceBoxes,
} from "../../face/face-boxes.ts";
import type { FacePicture } from "../../face/ports.ts";
import { RegionSampler, type SampleSource } from "../../face/region-sampler.ts";
import type { BlazeNet } from "./blaze-net.ts";
import type { FaceNet } from "./face-net.ts";

/** Runs a network if it still may; else why not. */
export type Run = (net: FaceNet) => Promise<Refusal | null>;

/** Side of the picture with a border of its own edge: a face that fills it is found only with room around it. */
const ROOM = 1.3;
/** Sides of the second look's crop over the side of the face's box; the later ones while it is not sure. */
const CROPS = [2, 2.8, 1.5] as const;
/** From this score on the second look is sure. */
const SURE = 0.8;

/** The second look is good when the face fills its crop as meant, and lies in its middle; shares of the face's side. */
const LEAST_CROP = 1.7;
const MOST_CROP = 2.4;
const MOST_OFFSET = 0.15;

/** A square of the picture, which may reach beyond it; Px. */
interface Square {
  readonly leftPx: number;
  readonly topPx: number;
  readonly sidePx: number;
}

const NOWHERE: Square = Object.freeze({ leftPx: 0, topPx: 0, sidePx: 0 });

/**
 * Finds the face that acts in a picture and where its eyes, nose and mouth are. The first look goes over the whole
 * picture twice, in small for what is near and in detail for what is far; the second one looks at the one face again,
 * since the first does not place the points of a large face well.
 */
export class FaceFinder {
  readonly #wide: BlazeNet;
  readonly #near: BlazeNet;
  readonly #sampler: RegionSampler;
  readonly #all: FaceBoxes;
  /** What the small network looked at last. */
  #crop: Square = NOWHERE;
  /** The acting face after the second look; one entry. */
  readonly face = createFaceBoxes(1);
  /** What the last `lookTurned` saw; one entry. */
  readonly turned = createFaceBoxes(1);

  constructor(wide: BlazeNet, near: BlazeNet) {
    this.#wide = wide;
    this.#near = near;
    this.#sampler = new RegionSampler(Math.max(wide.net.sizePx.widthPx, near.net.sizePx.widthPx));
    this.#all = createFaceBoxes(wide.faces.score.length + near.faces.score.length);
  }

  /** Looks for the acting face and fills `face`; null when it is there, else why not. */
  async find(picture: FacePicture, rivalRatio: number, run: Run): Promise<Refusal | null> {
    const refused = await this.#search(picture, run);
    if (refused !== null) return refused;
    const acting = actingFace(this.#all, rivalRatio);
    return acting.ok ? this.#lookCloser(picture, acting.value, run) : acting.error;
  }

  /**
   * Turns the last crop of `find` upside down, looks at it again and fills `turned` with what is seen then, in Px of the
   * picture as it is; `turned.count` is 0 when that is no face.
   */
  async lookTurned(run: Run): Promise<Refusal | null> {
    turnAround(this.#near.net.pixels);
    const refused = await run(this.#near.net);
    if (refused !== null) return refused;
    const { leftPx, topPx, sidePx } = this.#crop;
    const scale = -sidePx / this.#near.net.sizePx.widthPx;
    this.#near.decode({ scale, leftPx: leftPx + sidePx, topPx: topPx + sidePx });
    this.turned.count = Math.min(1, this.#near.faces.count);
    if (this.turned.count > 0) copyFace(this.#near.faces, 0, this.turned, 0);
    return null;
  }

  /** Overwrites everything with zeros. */
  wipe(): void {
    for (const net of [this.#wide, this.#near]) net.wipe();
    for (const boxes of [this.#all, this.face, this.turned]) wipeFaceBoxes(boxes);
    this.#sampler.wipe();
    this.#crop = NOWHERE;
  }

  async #search(picture: FacePicture, run: Run): Promise<Refusal | null> {
    this.#all.count = 0;
    const small = this.#sampleWide(picture);
    const near = await this.#lookOver(picture, small, ROOM, run);
    if (near !== null) return near;
    const wide = await run(this.#wide.net);
    if (wide !== null) return wide;
    this.#wide.decode({ scale: picture.widthPx / small.widthPx, leftPx: 0, topPx: 0 });
    addFaces(this.#all, this.#wide.faces);
    return this.#all.count > 0 ? null : this.#lookOver(picture, small, 1, run);
  }

  /**
   * Looks at one face again, and once more around what it saw where the first look was far off: the points are placed
   * well only in a crop that the face fills as the network is used to.
   */
  async #lookCloser(picture: FacePicture, i: number, run: Run): Promise<Refusal | null> {
    const { face } = this;
    const refused = await this.#lookSurely(picture, i, run);
    if (refused !== null || isCentred(face, squareAround(this.#all, i, CROPS[0]))) return refused;
    const off = await this.#lookAt(picture, squareAround(face, 0, CROPS[0]), run);
    if (off === null && this.#near.faces.count > 0) copyFace(this.#near.faces, 0, face, 0);
    return off;
  }

  /** Looks with more and with less around the face while it is not sure, and keeps the surest look. */
  async #lookSurely(picture: FacePicture, i: number, run: Run): Promise<Refusal | null> {
    const { face } = this;
    face.count = 0;
    for (const crop of CROPS) {
      const refused = await this.#lookAt(picture, squareAround(this.#all, i, crop), run);
      if (refused !== null) return refused;
      const { faces } = this.#near;
      const isBetter = face.count === 0 || (faces.score[0] ?? 0) > (face.score[0] ?? 0);
      if (faces.count > 0 && isBetter) {
        copyFace(faces, 0, face, 0);
        face.count = 1;
      }
      if (face.count > 0 && (face.score[0] ?? 0) >= SURE) return null;
    }
    return face.count > 0 ? null : "no-face";
  }

  /** Puts the picture into the large network, as large as it fits; what lies there is a smaller copy of it. */
  #sampleWide(picture: FacePicture): SampleSource {
    const { pixels, sizePx } = this.#wide.net;
    const stridePx = sizePx.widthPx;
    const scale = Math.min(sizePx.widthPx / picture.widthPx, sizePx.heightPx / picture.heightPx);
    const widthPx = Math.max(1, Math.round(picture.widthPx * scale));
    const heightPx = Math.max(1, Math.round(picture.heightPx * scale));
    const target = { rgb: pixels, stridePx, leftPx: 0, topPx: 0, widthPx, heightPx };
    pixels.fill(0);
    this.#sampler.fill(picture, 0, 0, picture.widthPx, picture.heightPx, target);
    return { rgb: pixels, widthPx, heightPx, stridePx };
  }

  /** Looks over the whole picture in small, with room around it, and adds what it sees. */
  async #lookOver(
    picture: FacePicture,
    small: SampleSource,
    room: number,
    run: Run,
  ): Promise<Refusal | null> {
    // The smaller copy has detail enough, and is read much faster; a copy of a small picture is a larger one.
    const source = small.widthPx < picture.widthPx ? small : picture;
    const refused = await this.#lookAt(source, squareOver(source, room), run);
    if (refused !== null) return refused;
    scaleFaces(this.#near.faces, picture.widthPx / source.widthPx);
    addFaces(this.#all, this.#near.faces);
    return null;
  }

  async #lookAt(picture: SampleSource, square: Square, run: Run): Promise<Refusal | null> {
    const { pixels, sizePx } = this.#near.net;
    const { leftPx, topPx, sidePx } = square;
    this.#crop = square;
    this.#sampler.fill(picture, leftPx, topPx, sidePx, sidePx, {
      rgb: pixels,
      stridePx: sizePx.widthPx,
      leftPx: 0,
      topPx: 0,
      ...sizePx,
    });
    const refused = await run(this.#near.net);
    if (refused !== null) return refused;
    this.#near.decode({ scale: sidePx / sizePx.widthPx, leftPx, topPx });
    return null;
  }
}

function squareOver({ widthPx, heightPx }: SampleSource, room: number): Square {
  const sidePx = Math.max(widthPx, heightPx) * room;
  return { leftPx: (widthPx - sidePx) / 2, topPx: (heightPx - sidePx) / 2, sidePx };
}

function squareAround(faces: FaceBoxes, i: number, crop: number): Square {
  const { xyxy } = faces;
  const sidePx = faceSidePx(faces, i) * crop;
  const centreX = ((xyxy[i * 4] ?? 0) + (xyxy[i * 4 + 2] ?? 0)) / 2;
  const centreY = ((xyxy[i * 4 + 1] ?? 0) + (xyxy[i * 4 + 3] ?? 0)) / 2;
  return { leftPx: centreX - sidePx / 2, topPx: centreY - sidePx / 2, sidePx };
}

/** Whether the face lies in the middle of a square and has the size meant for it. */
function isCentred(face: FaceBoxes, { leftPx, topPx, sidePx }: Square): boolean {
  const own = faceSidePx(face, 0);
  const { leftPx: left, topPx: top } = squareAround(face, 0, sidePx / own);
  const crop = sidePx / own;
  const offset = Math.hypot(left - leftPx, top - topPx) / own;
  return crop >= LEAST_CROP && crop <= MOST_CROP && offset <= MOST_OFFSET;
}

/** Turns RGB pixels by half a turn, in place. */
function turnAround(rgb: Uint8Array): void {
  for (let a = 0, b = rgb.length - 3; a < b; a += 3, b -= 3) {
    for (let channel = 0; channel < 3; channel += 1) {
      const value = rgb[a + channel] ?? 0;
      rgb[a + channel] = rgb[b + channel] ?? 0;
      rgb[b + channel] = value;
    }
  }
}
