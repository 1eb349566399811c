/** Noise of the box filter; every sigma is in body heights, so that the scale of the picture does not matter. */
export interface BoxNoise {
  /** Acceleration of the centre, heights per s^2. */
  readonly acceleration: number;
  /** Random walk of the centre beside its motion, heights per sqrt(s). */
  readonly wander: number;
  /** Random walk of width and height, heights per sqrt(s). */
  readonly sizeDrift: number;
  /** Error of a measured coordinate, heights, before the score is regarded. */
  readonly measurement: number;
  /** Speed of somebody first seen, heights per s. */
  readonly initialSpeed: number;
}

/**
 * Constant-velocity Kalman filter of one box: state cx, cy, w, h (Px) and vx, vy (Px/s), real time steps.
 * The model treats x and y alike and couples neither to the size, so one 2x2 covariance serves both axes and one
 * variance both sizes; the result is the same as with the full 6x6 matrices. Mutable and reusable by `init`.
 * @source Kalman 1960; white-acceleration model, Bar-Shalom, Estimation with Applications, 6.3.2.
 */
export class KalmanBox {
  cx = 0;
  cy = 0;
  w = 0;
  h = 0;
  vx = 0;
  vy = 0;
  /** Covariance of (position, speed), the same for both axes, and variance of a size. */
  #pp = 0;
  #pv = 0;
  #vv = 0;
  #ss = 0;

  /** Variance of the centre along one axis, Px^2. */
  get placeVariance(): number {
    return this.#pp;
  }

  /** Starts at a measured box; the first measurement is trusted half as much as a later one. */
  init(cx: number, cy: number, w: number, h: number, noise: BoxNoise): void {
    this.cx = cx;
    this.cy = cy;
    this.w = w;
    this.h = h;
    this.vx = 0;
    this.vy = 0;
    this.#pp = (2 * noise.measurement * h) ** 2;
    this.#pv = 0;
    this.#vv = (noise.initialSpeed * h) ** 2;
    this.#ss = this.#pp;
  }

  /** Moves the state `dtS` seconds ahead. */
  predict(dtS: number, noise: BoxNoise): void {
    const h = Math.max(this.h, 1);
    const q = (noise.acceleration * h) ** 2;
    const dt2 = dtS * dtS;
    this.cx += this.vx * dtS;
    this.cy += this.vy * dtS;
    this.#pp +=
      2 * dtS * this.#pv + dt2 * this.#vv + (q * dt2 * dt2) / 4 + (noise.wander * h) ** 2 * dtS;
    this.#pv += dtS * this.#vv + (q * dt2 * dtS) / 2;
    this.#vv += q * dt2;
    this.#ss += (noise.sizeDrift * h) ** 2 * dtS;
  }

  /** Blends a measured box in; `score` 0..1 sharpens or blunts it. Sizes are taken as half as certain as places. */
  update(cx: number, cy: number, w: number, h: number, score: number, noise: BoxNoise): void {
    const r = (noise.measurement * Math.max(h, 1) * (1.6 - 0.8 * score)) ** 2;
    const gain = this.#pp / (this.#pp + r);
    const speedGain = this.#pv / (this.#pp + r);
    const sizeGain = this.#ss / (this.#ss + 2 * r);
    const dx = cx - this.cx;
    const dy = cy - this.cy;
    this.cx += gain * dx;
    this.cy += gain * dy;
    this.vx += speedGain * dx;
    this.vy += speedGain * dy;
    this.w += sizeGain * (w - this.w);
    this.h += sizeGain * (h - this.h);
    this.#vv -= speedGain * this.#pv;
    this.#pv *= 1 - gain;
    this.#pp *= 1 - gain;
    this.#ss *= 1 - sizeGain;
  }
}
