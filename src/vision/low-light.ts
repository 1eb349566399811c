import type { MonoMs } from "../core/brand.ts";
import { HeldState } from "./held-state.ts";

/** When a picture is too dark to trust. Brightness and noise in levels 0..255, noise of one grid cell. */
export const LOW_LIGHT_RULE = {
  dark: 32,
  noLongerDark: 42,
  /** A camera that turns up its gain looks brighter than the scene is; its noise tells. */
  dim: 64,
  noLongerDim: 80,
  noisy: 4,
  noLongerNoisy: 3,
  beginMs: 30_000,
  endMs: 10_000,
} as const;

/** Recognises low light: dark for half a minute, or dim and full of noise. */
export class LowLight {
  readonly #state = new HeldState(LOW_LIGHT_RULE.beginMs, LOW_LIGHT_RULE.endMs);

  get isPresent(): boolean {
    return this.#state.isOn;
  }

  /** A gap in the stream, or a picture that cannot be judged: what was under way begins anew, the state stays. */
  pause(atMono: MonoMs): void {
    this.#state.observe(null, atMono);
  }

  /** Takes one picture in; true when the state changed. */
  look(luma: number, noise: number, atMono: MonoMs): boolean {
    const { isOn } = this.#state;
    const rule = LOW_LIGHT_RULE;
    const isDark = luma < (isOn ? rule.noLongerDark : rule.dark);
    const isDim = luma < (isOn ? rule.noLongerDim : rule.dim);
    const isNoisy = noise > (isOn ? rule.noLongerNoisy : rule.noisy);
    return this.#state.observe(isDark || (isDim && isNoisy), atMono) !== isOn;
  }
}
