import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { readSitePlanFile } from "../../../test/fakes/demo-site.ts";
import { insidePolygon, type Point, segmentsTouch } from "../../core/geometry.ts";
import { seededRandom } from "../../core/random.ts";
import { createFloorGround, createOpenGround } from "./demo-ground.ts";
import { createTag, type DemoTransmission } from "./demo-senders.ts";

const site = readSitePlanFile(join(import.meta.dirname, "../../../config/demo/site.json"));
const { floor } = site;
assert.ok(floor !== undefined);
const flat = (polygon: readonly Point[]): number[] => polygon.flatMap(({ x, y }) => [x, y]);
const outline = flat(floor.outline);
const obstacles = floor.obstacles.map(flat);
const isIndoors = ({ x, y }: Point): boolean => insidePolygon(outline, x, y);
const isInShelf = ({ x, y }: Point): boolean => obstacles.some((p) => insidePolygon(p, x, y));
const ground = createFloorGround(floor);

/** Points every 10 cm along a way, its turning points among them. */
function pointsAlong(from: Point, way: readonly Point[]): Point[] {
  const points: Point[] = [];
  let at = from;
  for (const next of way) {
    const steps = Math.ceil(Math.hypot(next.x - at.x, next.y - at.y) / 0.1);
    for (let i = 1; i <= steps; i += 1)
      points.push({
        x: at.x + ((next.x - at.x) * i) / steps,
        y: at.y + ((next.y - at.y) * i) / steps,
      });
    at = next;
  }
  return points;
}

test("ways go around shelves, and through the walls by the door only", () => {
  const random = seededRandom(4);
  const ways = Array.from({ length: 200 }, () => {
    const from = random() < 0.3 ? ground.outside : ground.spot(random);
    return { from, way: ground.route(from, ground.spot(random)) };
  });
  for (const { from, way } of ways) {
    assert.ok(way.length > 0);
    let before = from;
    for (const point of pointsAlong(from, way)) {
      assert.ok(!isInShelf(point), `through a shelf at ${JSON.stringify(point)}`);
      if (isIndoors(point) !== isIndoors(before))
        assert.ok(floor?.doors.some((door) => segmentsTouch(before, point, door.a, door.b)));
      before = point;
    }
  }
});

test("people come from outside, and baskets stand inside, in no zone", () => {
  assert.ok(!isIndoors(ground.outside));
  const { rack } = ground;
  assert.ok(rack !== null && isIndoors(rack) && !isInShelf(rack));
  const zones = floor?.zones.map(({ polygon }) => flat(polygon)) ?? [];
  assert.ok(zones.every((polygon) => !insidePolygon(polygon, rack.x, rack.y)));
});

test("there is no way to a place that is walled in", () => {
  const cell = [
    { x: 1, y: 1 },
    { x: 3, y: 1 },
    { x: 3, y: 3 },
    { x: 1, y: 3 },
  ];
  const walled = createFloorGround({ ...floor, obstacles: [cell] });
  assert.deepEqual(walled.route({ x: 6, y: 7 }, { x: 2, y: 2 }), []);
});

/** What the tags of the demonstration send within an hour. */
function sentBy(kind: "basket" | "staff"): readonly (readonly [atMs: number, DemoTransmission])[] {
  const tag = site.tags.find((one) => one.kind === kind);
  assert.ok(tag !== undefined);
  const sender = createTag(tag, { random: seededRandom(2), ground, startMs: 0, slowdown: 1 });
  const sent: [number, DemoTransmission][] = [];
  while (sender.nextMs < 3_600_000) {
    const atMs = sender.nextMs;
    const one = sender.send();
    if (one !== null) sent.push([atMs, one]);
  }
  return sent;
}

const placeOf = ({ xM, yM }: DemoTransmission): Point => ({ x: xM, y: yM });

test("a basket never leaves the shop, stands in its rack in between, and moves on at a walk", () => {
  const sent = sentBy("basket");
  assert.ok(sent.every(([, one]) => isIndoors(placeOf(one)) && !isInShelf(placeOf(one))));
  const { rack } = ground;
  const resting = sent.filter(([, { xM, yM }]) => xM === rack?.x && yM === rack.y).length;
  assert.ok(resting > 50 && resting < sent.length / 2, `${resting} of ${sent.length}`);
  for (const [i, [atMs, one]] of sent.entries()) {
    const last = sent[i - 1];
    if (last === undefined) continue;
    const wayM = Math.hypot(one.xM - last[1].xM, one.yM - last[1].yM);
    assert.ok(wayM <= ((atMs - last[0]) / 1000) * 0.8 + 1e-6, `${wayM} m in ${atMs - last[0]} ms`);
  }
});

test("staff comes in by the door, goes out by it, and is not heard in between", () => {
  const sent = sentBy("staff");
  const gaps = sent.filter(([atMs], i) => i > 0 && atMs - (sent[i - 1]?.[0] ?? 0) > 60_000);
  assert.ok(gaps.length >= 1);
  const first = sent[0];
  assert.ok(first !== undefined && !isIndoors(placeOf(first[1])));
  for (const [atMs] of gaps) {
    const back = sent.find(([at]) => at === atMs);
    assert.ok(back !== undefined && !isIndoors(placeOf(back[1])));
  }
});

test("without a floor plan people walk in a rectangle around the receivers", () => {
  const open = createOpenGround(site.receivers);
  const random = seededRandom(1);
  const place = open.spot(random);
  assert.deepEqual(open.route(open.outside, place), [place]);
  assert.equal(open.rack, null);
});
