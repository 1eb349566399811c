import assert from "node:assert/strict";
import { test } from "node:test";
import { createCameraModels, isSameModel } from "./camera-models.ts";
import { CATALOGUE } from "./catalogue.ts";
import type { ModelManifest } from "./manifest.ts";

const ALL: ModelManifest = { v: 1, models: CATALOGUE.models.map(({ entry }) => entry) };
const OPTIONS = { dir: "/models", threads: 1, profile: "default" } as const;

test("a camera not yet asked gets the wide model, and the one of its shape when it answers", () => {
  const models = createCameraModels(ALL, OPTIONS);
  const before = models.modelFor(null);
  const wide = models.modelFor({ widthPx: 1920, heightPx: 1080 });
  const tall = models.modelFor({ widthPx: 768, heightPx: 576 });
  assert.equal(before?.entry.id, "person-centernet-512x288");
  assert.equal(tall?.entry.id, "person-centernet-512x384");
  assert.ok(before !== null && wide !== null && tall !== null);
  assert.ok(isSameModel(before, wide), "a wide camera needs no other model");
  assert.ok(!isSameModel(before, tall));
});

test("the same picture never asks for another model, so a camera does not swap for ever", () => {
  const models = createCameraModels(ALL, OPTIONS);
  for (const picture of [null, { widthPx: 640, heightPx: 480 }, { widthPx: 3, heightPx: 4000 }]) {
    const [first, second] = [models.modelFor(picture), models.modelFor(picture)];
    assert.ok(first !== null && second !== null && isSameModel(first, second));
  }
});

test("without models, or without one of the profile, there is none", () => {
  assert.equal(createCameraModels(null, OPTIONS).modelFor(null), null);
  const own = { v: 1, models: ALL.models.filter(({ profile }) => profile === "default") } as const;
  const permissive = createCameraModels(own, { ...OPTIONS, profile: "permissive" });
  assert.equal(permissive.modelFor(null), null);
});
