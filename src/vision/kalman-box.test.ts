import assert from "node:assert/strict";
import { test } from "node:test";
import { KalmanBox } from "./kalman-box.ts";
import { TRACKER_PARAMETERS } from "./tracker-parameters.ts";

const { noise } = TRACKER_PARAMETERS;

test("a person walking steadily is predicted where they will be", () => {
  const box = new KalmanBox();
  box.init(100, 200, 40, 100, noise);
  for (let i = 1; i <= 12; i += 1) {
    box.predict(0.2, noise);
    box.update(100 + 20 * i, 200, 40, 100, 0.9, noise);
  }
  box.predict(1, noise);
  assert.ok(Math.abs(box.cx - (340 + 100)) < 8, `cx ${box.cx}`);
  assert.ok(Math.abs(box.vx - 100) < 8, `vx ${box.vx}`);
  assert.ok(Math.abs(box.cy - 200) < 1e-9);
});

test("the first step already carries the speed of a walker", () => {
  const box = new KalmanBox();
  box.init(0, 0, 40, 100, noise);
  box.predict(0.2, noise);
  box.update(20, 0, 40, 100, 0.9, noise);
  assert.ok(box.vx > 40, `vx ${box.vx}`);
});

test("a sure detection moves the box more than an unsure one", () => {
  const moved = [0.1, 0.9].map((score) => {
    const box = new KalmanBox();
    box.init(0, 0, 40, 100, noise);
    box.predict(0.1, noise);
    box.update(10, 0, 40, 100, score, noise);
    return box.cx;
  });
  assert.ok((moved[0] ?? 0) < (moved[1] ?? 0));
});

test("two half steps of prediction lead to the same place as one whole step", () => {
  const whole = new KalmanBox();
  const halves = new KalmanBox();
  for (const box of [whole, halves]) {
    box.init(0, 0, 40, 100, noise);
    box.predict(0.1, noise);
    box.update(10, 5, 40, 100, 0.9, noise);
  }
  whole.predict(1, noise);
  halves.predict(0.5, noise);
  halves.predict(0.5, noise);
  assert.ok(Math.abs(whole.cx - halves.cx) < 1e-9);
  assert.ok(Math.abs(whole.cy - halves.cy) < 1e-9);
});
