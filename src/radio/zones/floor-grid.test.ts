import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CORRIDOR, SHOP } from "../../../test/fakes/zone-shop.ts";
import { zoneId } from "../../core/brand.ts";
import type { FloorPlan } from "../../core/site.ts";
import { createFloorGrid } from "./floor-grid.ts";
import { createFloorMotion } from "./floor-motion.ts";
import { createFloorStates } from "./floor-states.ts";
import { ZONE_PARAMETERS } from "./zone-parameters.ts";

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** Index of the cell nearest to a place. */
function cellAt(floor: FloorPlan, x: number, y: number): number {
  const grid = createFloorGrid(floor, 1, 4_000);
  let best = 0;
  for (let i = 0; i < grid.count; i += 1) {
    const far = (c: number): number => Math.hypot((grid.xM[c] ?? 0) - x, (grid.yM[c] ?? 0) - y);
    if (far(i) < far(best)) best = i;
  }
  return best;
}

test("cells cover the ground: their areas and the shares of zones add up to those of the plan", () => {
  const grid = createFloorGrid(SHOP, 1, 4_000);
  const areaM2 = sum(grid.area) * grid.sizeM ** 2;
  assert.ok(Math.abs(areaM2 - (120 + 96)) < 2, `${areaM2}`);
  grid.zones.forEach(({ cells, shares }, zone) => {
    const zoneM2 = sum(shares.map((share, i) => share * (grid.area[cells[i] ?? 0] ?? 0)));
    assert.ok(Math.abs(zoneM2 - (zone === 4 ? 96 : 30)) < 1.5, `zone ${zone}: ${zoneM2}`);
  });
});

test("a cell on the border of two zones belongs to both by its ground", () => {
  const floor: FloorPlan = {
    ...SHOP,
    zones: [
      { ...SHOP.zones[0], id: zoneId("l"), name: "l", kind: "area", polygon: box(0, 0, 6.4, 10) },
      { ...SHOP.zones[1], id: zoneId("r"), name: "r", kind: "area", polygon: box(6.4, 0, 12, 10) },
    ],
  };
  const grid = createFloorGrid(floor, 1, 4_000);
  const cell = grid.xM.findIndex((x) => Math.abs(x - 6.5) < 0.01);
  const share = (zone: number): number => {
    const at = grid.zones[zone]?.cells.indexOf(cell) ?? -1;
    return grid.zones[zone]?.shares[at] ?? 0;
  };
  assert.ok(Math.abs(share(0) - 0.4) < 0.01, `${share(0)}`);
  assert.ok(Math.abs(share(1) - 0.6) < 0.01, `${share(1)}`);
});

test("a zone narrower than anything, or outside of the walls, still has a cell", () => {
  const floor: FloorPlan = {
    ...SHOP,
    zones: [
      { id: zoneId("slit"), name: "slit", kind: "display", polygon: box(3.01, 3.01, 3.05, 3.05) },
      { id: zoneId("lost"), name: "lost", kind: "area", polygon: box(40, 40, 41, 41) },
    ],
  };
  const grid = createFloorGrid(floor, 1, 4_000);
  assert.deepEqual(
    grid.zones.map(({ cells }) => cells.length),
    [1, 1],
  );
});

test("a large floor gets coarser cells, never more than the cap", () => {
  const floor: FloorPlan = { ...SHOP, outline: box(0, 0, 100, 100), zones: [], doors: [] };
  const grid = createFloorGrid(floor, 1, 1_000);
  assert.ok(grid.count <= 1_000 && grid.count > 700, `${grid.count}`);
  assert.ok(grid.sizeM > 3, `${grid.sizeM}`);
});

test("the motion keeps all probability, wherever it begins", () => {
  for (const floor of [SHOP, CORRIDOR.floor]) {
    const states = createFloorStates(floor, ZONE_PARAMETERS);
    const motion = createFloorMotion(floor, states, ZONE_PARAMETERS);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: states.count - 1 }), (state) => {
        const from = new Float32Array(states.count);
        from[state] = 1;
        const out = new Float32Array(states.count);
        motion.forward(from, 0, out, 0);
        assert.ok(Math.abs(sum(out) - 1) < 1e-5);
      }),
    );
  }
});

test("forwards and backwards are the same motion", () => {
  const states = createFloorStates(SHOP, ZONE_PARAMETERS);
  const motion = createFloorMotion(SHOP, states, ZONE_PARAMETERS);
  const [a, b, moved, back] = Array.from({ length: 4 }, () => new Float32Array(states.count));
  assert.ok(a && b && moved && back);
  for (let i = 0; i < states.count; i += 1) {
    a[i] = 0.5 + ((i * 7) % 11) / 11;
    b[i] = ((i * 5) % 13) / 13;
  }
  motion.forward(a, 0, moved, 0);
  motion.backward(b, back, a, 0);
  const one = sum(moved.map((value, i) => value * (b[i] ?? 0)));
  const other = sum(back.map((value, i) => value * (a[i] ?? 0)));
  assert.ok(Math.abs(one / other - 1) < 1e-4, `${one} and ${other}`);
});

test("nobody steps through shelves or walls, and everybody through a door", () => {
  const step = (floor: FloorPlan, from: number): Float32Array => {
    const states = createFloorStates(floor, ZONE_PARAMETERS);
    const places = new Float32Array(states.count);
    places[from] = 1;
    const out = new Float32Array(states.count);
    createFloorMotion(floor, states, ZONE_PARAMETERS).forward(places, 0, out, 0);
    return out;
  };
  const { floor } = CORRIDOR;
  const aisle = step(floor, cellAt(floor, 2.5, 2.5));
  assert.equal(aisle[cellAt(floor, 2.5, 3.5)], 0);
  assert.ok((aisle[cellAt(floor, 3.5, 2.5)] ?? 0) > 0);
  const front = step(SHOP, cellAt(SHOP, 1.5, 0.5));
  assert.equal(front[cellAt(SHOP, 1.5, -0.5)], 0);
  const door = step(SHOP, cellAt(SHOP, 6.5, 0.5));
  assert.ok((door[cellAt(SHOP, 6.5, -0.5)] ?? 0) > 0.01);
});

function box(x0: number, y0: number, x1: number, y1: number): FloorPlan["outline"] {
  return [
    { x: x0, y: y0 },
    { x: x1, y: y0 },
    { x: x1, y: y1 },
    { x: x0, y: y1 },
  ];
}

test("a zone drawn kilometres away by mistake makes the cells coarse, not their number endless", () => {
  const far = [
    { x: 9_000, y: 9_000 },
    { x: 9_003, y: 9_000 },
    { x: 9_003, y: 9_003 },
  ];
  const outline = [
    { x: 0, y: 0 },
    { x: 20, y: 0 },
    { x: 20, y: 18 },
  ];
  const zones = [{ id: zoneId("far"), name: "far", kind: "outside" as const, polygon: far }];
  const grid = createFloorGrid({ outline, obstacles: [], zones, doors: [] }, 1, 4_000);
  assert.ok(9_000 ** 2 / grid.sizeM ** 2 <= 250_000, `${grid.sizeM}`);
});
