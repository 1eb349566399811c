import assert from "node:assert/strict";
import { test } from "node:test";
import { receiverId } from "../core/brand.ts";
import type { ReceiverPlan } from "../core/site.ts";
import { createBeaconSpot, nextBeacon } from "./beacon.ts";
import { ReceiverLinks, sendingBoxes } from "./receiver-links.ts";
import { createTagBook } from "./tag-registry.ts";

const UUID = "3b8a1f70-52c4-4e19-9d06-c7f1a2e84b55";
const box = (id: string, minor: number | null): ReceiverPlan => ({
  id: receiverId(id),
  name: id,
  xM: 0,
  yM: 0,
  zM: 2,
  ...(minor === null ? {} : { beacon: { format: "ibeacon", uuid: UUID, major: 9, minor } }),
});

test("a box is recognised by its advert like a tag, whatever its place in the plan", () => {
  const { tags, senders } = sendingBoxes([box("a", null), box("b", 2), box("c", 3)]);
  const registry = createTagBook(tags);
  const advert = Uint8Array.from(
    Buffer.from(`1aff4c000215${UUID.replaceAll("-", "")}00090003c5`, "hex"),
  );
  const spot = createBeaconSpot();
  assert.ok(nextBeacon(advert, 0, spot) > 0);
  assert.equal(senders[registry.indexOf(advert, spot)], 2);
});

test("levels are means per direction, and pairs with few readings are left out", () => {
  const links = new ReceiverLinks(3);
  for (let i = 0; i < 60; i += 1) {
    links.heard(0, 1, i % 2 === 0 ? -70 : -72);
    links.heard(1, 0, -80);
  }
  for (let i = 0; i < 49; i += 1) links.heard(2, 0, -60);
  const levels = links.levels();
  assert.deepEqual(
    levels.map(({ sender, receiver, readings }) => [sender, receiver, readings]),
    [
      [0, 1, 60],
      [1, 0, 60],
    ],
  );
  assert.ok(Math.abs((levels[0]?.meanDbm ?? 0) + 71) < 1e-9);
  assert.equal(links.levels(1).length, 3);
});

test("a box that hears itself, strangers and impossible levels are counted and change nothing", () => {
  const links = new ReceiverLinks(2);
  links.heard(0, 0, -60);
  links.heard(0, 2, -60);
  links.heard(-1, 0, -60);
  links.heard(0, 1, 127);
  links.heard(0, 1, -127);
  links.heard(0, 1, Number.NaN);
  assert.equal(links.ignored, 6);
  assert.deepEqual(links.levels(1), []);
});

test("a mean follows a box that was hung elsewhere", () => {
  const links = new ReceiverLinks(2);
  for (let i = 0; i < 50_000; i += 1) links.heard(0, 1, -60);
  for (let i = 0; i < 30_000; i += 1) links.heard(0, 1, -80);
  assert.ok((links.levels()[0]?.meanDbm ?? 0) < -78);
});
