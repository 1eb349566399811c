import assert from "node:assert/strict";
import { test } from "node:test";
import { Calibration, type LengthParts } from "./calibration.ts";

/** A third of the visits are short, of one minute; the rest of fifteen: a mean of 620 s. */
const parts = (more: Partial<LengthParts> = {}): LengthParts => ({
  mean: { value: 620_000, error: 12_000 },
  short: { value: 1 / 3, error: 0.01 },
  shortMeanMs: 60_000,
  longMean: { value: 900_000, error: 9_000 },
  ...more,
});

const found = ({ mean, short, longMean }: LengthParts): Parameters<Calibration["apply"]>[0] => ({
  meanMs: mean.value,
  shortRatio: short.value,
  longMeanMs: longMean.value,
});

test("parts that fit stay as they are", () => {
  const { shortRatio, longMeanMs } = new Calibration(parts()).apply(found(parts()));
  assert.ok(Math.abs(shortRatio - 1 / 3) < 1e-12 && Math.abs(longMeanMs - 900_000) < 1e-6);
});

test("the less sure a part is, the more of a difference it takes", () => {
  const off = { value: 635_000, error: 12_000 };
  const sure = parts({ mean: off, longMean: { value: 900_000, error: 1_000 } });
  const unsure = parts({ mean: off, longMean: { value: 900_000, error: 60_000 } });
  const [little, much] = [sure, unsure].map((one) => new Calibration(one).apply(found(one)));
  assert.ok((little?.longMeanMs ?? 0) > 900_000);
  assert.ok((much?.longMeanMs ?? 0) > (little?.longMeanMs ?? 0));
  assert.ok((little?.shortRatio ?? 1) < (much?.shortRatio ?? 0));
});

test("people with tags who stay much longer than others are calibrated to the doors' mean", () => {
  const selected = parts({ longMean: { value: 1_500_000, error: 12_000 } });
  const { shortRatio, longMeanMs } = new Calibration(selected).apply(found(selected));
  const mean = shortRatio * 60_000 + (1 - shortRatio) * longMeanMs;
  assert.ok(Math.abs(mean / 620_000 - 1) < 0.01, `${mean}`);
  assert.ok(Math.abs(longMeanMs / 900_000 - 1) < 0.03, `${longMeanMs}`);
});

test("parts without any error are left as they are, whatever they say", () => {
  const exact = parts({
    mean: { value: 620_000, error: 0 },
    short: { value: 1 / 3, error: 0 },
    longMean: { value: 0, error: 0 },
    shortMeanMs: 1_860_000,
  });
  const { shortRatio, longMeanMs } = new Calibration(exact).apply(found(exact));
  assert.ok(Number.isFinite(shortRatio) && Number.isFinite(longMeanMs));
});
