import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraId, monoMs, trackId, zoneId } from "../core/brand.ts";
import type { ZoneApproached } from "../core/events.ts";
import type { CameraPlan } from "../core/site.ts";
import { createCameraPipeline, type EntryForecast, type VisionEvent } from "./camera-pipeline.ts";

/** 10 m by 5 m from straight above, 100 Px to the metre; a zone from x = 6 m to 8 m. */
const picture = { widthPx: 1000, heightPx: 500 };
const plan: CameraPlan = {
  id: cameraId("cam"),
  name: "camera",
  lines: [],
  zones: [
    {
      id: zoneId("shelf"),
      name: "shelf",
      kind: "display",
      polygon: [
        { x: 0.6, y: 0.2 },
        { x: 0.8, y: 0.2 },
        { x: 0.8, y: 0.8 },
        { x: 0.6, y: 0.8 },
      ],
    },
  ],
  exclusions: [],
  ground: [
    { image: { x: 0, y: 0 }, xM: 0, yM: 0 },
    { image: { x: 1, y: 0 }, xM: 10, yM: 0 },
    { image: { x: 1, y: 1 }, xM: 10, yM: 5 },
    { image: { x: 0, y: 1 }, xM: 0, yM: 5 },
  ],
};

/** Somebody goes from corner to corner of a way in metres at 1.3 m/s, a sight every `stepMs`. */
function go(
  way: readonly (readonly [number, number])[],
  options: { readonly plan?: CameraPlan; readonly stepMs?: number } = {},
): {
  readonly told: readonly ZoneApproached[];
  readonly forecasts: EntryForecast[];
  readonly events: VisionEvent[];
} {
  const events: VisionEvent[] = [];
  const forecasts: EntryForecast[] = [];
  const pipeline = createCameraPipeline({
    plan: options.plan ?? plan,
    picture,
    run: "r",
    onEvent: (event) => events.push(event),
    onPeople: () => undefined,
    onForecast: (forecast) => forecasts.push(forecast),
  });
  let atMs = 0;
  let [x, y] = way[0] ?? [0, 0];
  const step = (1.3 * (options.stepMs ?? 125)) / 1000;
  for (const [toX, toY] of way.slice(1)) {
    for (let left = Math.hypot(toX - x, toY - y); left > 0; left = Math.hypot(toX - x, toY - y)) {
      const share = Math.min(1, step / left);
      x += share * (toX - x);
      y += share * (toY - y);
      atMs += options.stepMs ?? 125;
      const person = { trackId: trackId(1), xPx: 100 * x, yPx: 100 * y, heightPx: 170, score: 1 };
      pipeline.pushTracks([person], monoMs(atMs));
      if (share === 1) break;
    }
  }
  const told = events.filter((event): event is ZoneApproached => event.kind === "zone-approached");
  return { told, forecasts, events };
}

test("somebody who walks into a zone is told once, before, with the time it takes", () => {
  const { told, events } = go([
    [1, 2.5],
    [9, 2.5],
  ]);
  assert.equal(told.length, 1);
  const entered = events.find(({ kind }) => kind === "zone-entered");
  const [event] = told;
  assert.ok(event !== undefined && entered !== undefined);
  assert.ok(event.probability >= 0.7 && event.horizonMs === 3000);
  const trueLeadMs = entered.atMono - event.atMono;
  assert.ok(trueLeadMs > 1500, `told only ${trueLeadMs} ms before`);
  assert.ok(Math.abs(event.leadMs - trueLeadMs) < 500, `${event.leadMs} for ${trueLeadMs} ms`);
});

test("somebody who passes by beside the zone is not told", () => {
  const { told } = go([
    [1, 4.9],
    [9, 4.9],
  ]);
  assert.deepEqual(told, []);
});

test("who turns away and comes again is told again, and so is who comes back after a visit", () => {
  const turned = go([
    [1, 2.5],
    [5, 2.5],
    [1, 2.5],
    [7, 2.5],
  ]).told;
  assert.equal(turned.length, 2);
  const returned = go([
    [1, 2.5],
    [7, 2.5],
    [3, 2.5],
    [7, 2.5],
  ]).told;
  assert.equal(returned.length, 2);
});

test("nobody inside a zone is forecast to come in", () => {
  const { forecasts, events } = go([
    [6.2, 2.5],
    [7.8, 2.5],
  ]);
  assert.deepEqual(forecasts, []);
  assert.ok(events.every(({ kind }) => kind !== "zone-approached"));
});

test("frames come as they like: the same person is told at 4 and at 25 frames a second", () => {
  for (const stepMs of [40, 125, 250]) {
    const { told } = go(
      [
        [1, 2.5],
        [9, 2.5],
      ],
      { stepMs },
    );
    assert.equal(told.length, 1, `${stepMs} ms`);
  }
});

test("a floor that is not measured is judged by bodies", () => {
  const { ground: _, ...unmeasured } = plan;
  const way = [
    [1, 2.5],
    [9, 2.5],
  ] as const;
  assert.equal(go(way, { plan: unmeasured }).told.length, 1);
});

test("a plan with a zone above the horizon is judged by bodies too", () => {
  const slant: CameraPlan = {
    ...plan,
    ground: [
      { image: { x: 0.45, y: 0.4 }, xM: 0, yM: 30 },
      { image: { x: 0.55, y: 0.4 }, xM: 8, yM: 30 },
      { image: { x: 1, y: 1 }, xM: 8, yM: 0 },
      { image: { x: 0, y: 1 }, xM: 0, yM: 0 },
    ],
  };
  const { told, forecasts } = go(
    [
      [1, 2.5],
      [9, 2.5],
    ],
    { plan: slant },
  );
  assert.equal(told.length, 1);
  assert.ok(forecasts.every(({ probability }) => Number.isFinite(probability)));
});
