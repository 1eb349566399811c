import type { Refusal } from "../../src/core/consent.ts";
import { fail, ok, type Result } from "../../src/core/errors.ts";
import type { FaceChain, FacePicture, FaceProbe, FaceQuality } from "../../src/face/ports.ts";
import type { StationCamera, StationFrame } from "../../src/face/station/station-ports.ts";
import type { Permit } from "../../src/privacy/consent/consent-gate.ts";

/** What one picture of the fake camera shows: a person by a number, or why no face can be used. */
export interface Shown {
  readonly person?: number;
  readonly refusal?: Refusal;
  readonly live?: number;
}

const SIDE_PX = 16;

/** The face of a person as numbers: the same for the same person but for a little noise, far from everybody else's. */
export function faceOf(person: number, noise = 0): Float32Array {
  let state = person * 7_919 + 17;
  return Float32Array.from({ length: 128 }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) / 6 + Math.sin(i * 31 + noise) * 0.01 * Math.sign(noise);
  });
}

/** A chain that reads what the fake camera wrote into the picture, and keeps all it was handed for tests to look at. */
export class FakeFaceChain implements FaceChain {
  readonly id = { profile: "clean", version: "fake" } as const;
  readonly probes: FaceProbe[] = [];
  readonly pictures: FacePicture[] = [];
  readonly permits: Permit<"loyalty-face">[] = [];
  scrubs = 0;
  readonly #shown: readonly Shown[];

  constructor(shown: readonly Shown[]) {
    this.#shown = shown;
  }

  async probe(
    picture: FacePicture,
    permit: Permit<"loyalty-face">,
  ): Promise<Result<FaceProbe, Refusal>> {
    this.pictures.push(picture);
    this.permits.push(permit);
    const { person, refusal, live } = this.#shown[picture.rgb[0] ?? 0] ?? {};
    if (refusal !== undefined || person === undefined) return fail(refusal ?? "no-face");
    const values = faceOf(person, this.probes.length + 1);
    const quality: FaceQuality = {
      ...{ heightPx: 200, eyeDistancePx: 80, sharpness: 0.9, brightness: 0.5 },
      ...{ turn: 0, rollDeg: 0, live: live ?? null },
    };
    const probe = { chain: this.id, values, quality, wipe: () => void values.fill(0) };
    this.probes.push(probe);
    return ok(probe);
  }

  async scrub(): Promise<void> {
    this.scrubs += 1;
  }

  async close(): Promise<void> {}

  /** Whether everything that was ever handed out or in is overwritten. */
  get isWiped(): boolean {
    const numbers = this.probes.every(({ values }) => values.every((value) => value === 0));
    return numbers && this.pictures.every(({ rgb }) => rgb.every((byte) => byte === 0));
  }
}

/** A camera that shows a script of pictures, then stays silent until it is switched off. */
export class FakeStationCamera implements StationCamera {
  isOn = false;
  opened = 0;
  shownCount = 0;
  /** Rest between two pictures; 0: none. */
  paceMs = 0;
  /** Called before each picture. */
  onPicture: (index: number) => void = () => undefined;
  readonly #count: number;
  readonly #fault: unknown;

  constructor(count: number, fault?: unknown) {
    this.#count = count;
    this.#fault = fault;
  }

  async *frames(signal: AbortSignal): AsyncGenerator<StationFrame> {
    this.isOn = true;
    this.opened += 1;
    try {
      if (this.#fault !== undefined) throw this.#fault;
      for (let i = 0; i < this.#count && !signal.aborted; i += 1) {
        this.onPicture(i);
        const rgb = new Uint8Array(SIDE_PX * SIDE_PX * 3).fill(200);
        rgb[0] = i;
        this.shownCount += 1;
        if (this.paceMs > 0) await new Promise((resolve) => setTimeout(resolve, this.paceMs));
        yield {
          picture: { widthPx: SIDE_PX, heightPx: SIDE_PX, rgb },
          wipe: () => void rgb.fill(0),
        };
      }
      if (!signal.aborted)
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    } finally {
      this.isOn = false;
    }
  }
}
