import { type MonoMs, monoMs } from "../../src/core/brand.ts";
import { normalDraw, seededRandom } from "../../src/core/random.ts";
import { type Letterbox, letterboxOf } from "../../src/vision/ports.ts";

/** How a room is seen in one frame. All of it in Px of the picture and levels 0..255. */
export interface RoomView {
  /** Factor on all brightness. Default 1. */
  readonly light?: number;
  /** How much brighter the right edge is than the left, as a part of the light: a lamp on one side. Default 0. */
  readonly lamp?: number;
  /** Standard deviation of the sensor's noise. Default 4. */
  readonly noise?: number;
  /** How far the scene is shifted right and down. */
  readonly shiftXPx?: number;
  readonly shiftYPx?: number;
  /** People, as dark upright rectangles. */
  readonly people?: readonly RoomPerson[];
  /** The lens is covered by something of this colour, darker towards the left. */
  readonly cover?: readonly [red: number, green: number, blue: number];
  /** A bright clock burnt into the upper left corner, over any cover. */
  readonly hasClock?: boolean;
}

export interface RoomPerson {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

const WIDTH_PX = 256;
const HEIGHT_PX = 144;

/** Where the room's pictures stand in the network input: they fill it. */
export const ROOM_LETTERBOX: Letterbox = letterboxOf(
  { widthPx: WIDTH_PX, heightPx: HEIGHT_PX },
  { widthPx: WIDTH_PX, heightPx: HEIGHT_PX },
);

/** A shop as a camera sees it: shelves, a door, a floor, shading and sensor noise; 256x144, the same for one seed. */
export class PaintedRoom {
  readonly #scene: Float32Array;
  readonly #noise: Float32Array;
  readonly #random: () => number;
  readonly #levels = new Float32Array(WIDTH_PX * HEIGHT_PX);
  #frame = new Uint8Array(WIDTH_PX * HEIGHT_PX * 3);
  #before = new Uint8Array(WIDTH_PX * HEIGHT_PX * 3);
  #atMono = 0;

  constructor(seed = 1) {
    this.#random = seededRandom(seed);
    this.#scene = paintScene(this.#random);
    this.#noise = Float32Array.from({ length: 65_536 }, () => normalDraw(this.#random));
  }

  get frame(): Uint8Array {
    return this.#frame;
  }

  /** The frame before; the two change places at every shot. */
  get before(): Uint8Array {
    return this.#before;
  }

  get atMono(): MonoMs {
    return monoMs(this.#atMono);
  }

  /** Lets time pass and takes the next picture. */
  shoot(stepMs: number, view: RoomView = {}): Uint8Array {
    this.#atMono += stepMs;
    [this.#frame, this.#before] = [this.#before, this.#frame];
    const { noise = 4, lamp = 0, light = 1, cover } = view;
    this.#compose(view);
    const mask = this.#noise.length - 1;
    let drawn = Math.floor(this.#random() * mask);
    for (let i = 0; i < this.#levels.length; i += 1) {
      drawn = (drawn + 1) & mask;
      const lit = light * (1 + lamp * ((i % WIDTH_PX) / WIDTH_PX - 0.5));
      const grain = noise * (this.#noise[drawn] ?? 0) + 0.5;
      const level = (this.#levels[i] ?? 0) * lit;
      this.#frame[3 * i] = clampLevel(level * ((cover?.[0] ?? 255) / 255) + grain);
      this.#frame[3 * i + 1] = clampLevel(level * ((cover?.[1] ?? 255) / 255) + grain);
      this.#frame[3 * i + 2] = clampLevel(level * ((cover?.[2] ?? 255) / 255) + grain);
    }
    if (view.hasClock === true) this.#burnClock();
    return this.#frame;
  }

  /** Time passes and the same bytes come once more. */
  repeat(stepMs: number): Uint8Array {
    this.#atMono += stepMs;
    this.#before.set(this.#frame);
    return this.#frame;
  }

  /** Brightness of everything before light, colour and noise. */
  #compose({ shiftXPx = 0, shiftYPx = 0, people = [], cover }: RoomView): void {
    for (let y = 0; y < HEIGHT_PX; y += 1) {
      const from = (y - shiftYPx + MARGIN_PX) * SCENE_WIDTH_PX + MARGIN_PX - shiftXPx;
      if (cover === undefined) {
        this.#levels.set(this.#scene.subarray(from, from + WIDTH_PX), y * WIDTH_PX);
      } else {
        for (let x = 0; x < WIDTH_PX; x += 1)
          this.#levels[y * WIDTH_PX + x] = 255 * (0.7 + (0.3 * x) / WIDTH_PX);
      }
    }
    for (const { leftPx, topPx, widthPx, heightPx } of cover === undefined ? people : []) {
      const left = Math.max(0, Math.min(Math.round(leftPx), WIDTH_PX));
      const right = Math.max(0, Math.min(Math.round(leftPx + widthPx), WIDTH_PX));
      for (let y = topPx; y < Math.min(topPx + heightPx, HEIGHT_PX); y += 1)
        this.#levels.fill(40, y * WIDTH_PX + left, y * WIDTH_PX + right);
    }
  }

  #burnClock(): void {
    for (let y = 6; y < 14; y += 1)
      for (let x = 8; x < 88; x += 8)
        this.#frame.fill(250, (y * WIDTH_PX + x) * 3, (y * WIDTH_PX + x + 5) * 3);
  }
}

function clampLevel(level: number): number {
  return Math.max(0, Math.min(level, 255));
}

/** The scene is larger than the picture, so that a turned camera sees something new. */
const MARGIN_PX = 96;
const SCENE_WIDTH_PX = WIDTH_PX + 2 * MARGIN_PX;
const SCENE_HEIGHT_PX = HEIGHT_PX + 2 * MARGIN_PX;

function paintScene(random: () => number): Float32Array {
  const scene = new Float32Array(SCENE_WIDTH_PX * SCENE_HEIGHT_PX);
  for (let y = 0; y < SCENE_HEIGHT_PX; y += 1)
    for (let x = 0; x < SCENE_WIDTH_PX; x += 1)
      scene[y * SCENE_WIDTH_PX + x] = 110 + 40 * (y / SCENE_HEIGHT_PX) - 20 * (x / SCENE_WIDTH_PX);
  for (let i = 0; i < 90; i += 1) {
    const left = Math.floor(random() * SCENE_WIDTH_PX);
    const top = Math.floor(random() * SCENE_HEIGHT_PX);
    const width = 8 + Math.floor(random() * 40);
    const height = 8 + Math.floor(random() * 40);
    const level = 40 + random() * 190;
    for (let y = top; y < Math.min(top + height, SCENE_HEIGHT_PX); y += 1)
      scene.fill(
        level,
        y * SCENE_WIDTH_PX + left,
        y * SCENE_WIDTH_PX + Math.min(left + width, SCENE_WIDTH_PX),
      );
  }
  return scene;
}
