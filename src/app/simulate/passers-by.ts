import { between, chance, type Random, swellingInstants } from "./draws.ts";
import type { ShopLayout } from "./layout.ts";
import type { ShopModel } from "./model.ts";
import type { TruePasser } from "./true-day.ts";
import { Walk } from "./walk.ts";
import { zoneTimes } from "./zone-times.ts";

/** Time people stand before the window, and share of them who do. */
const WINDOW = { ratio: 0.08, shortestMs: 5_000, longestMs: 30_000 } as const;
const STREET_M_PER_S = 1.3;

/** People who come by and do not enter: through, turning around before the shop, or up to the door and back. */
export function passersOfDay(
  model: ShopModel,
  layout: ShopLayout,
  day: { readonly firstId: number; readonly from: number; readonly to: number },
  entrants: number,
  random: Random,
): TruePasser[] {
  const uTurns = entrants * model.uTurnRatio;
  const through = entrants * model.passersPerEntrant;
  const share = uTurns / Math.max(1, uTurns + through);
  return swellingInstants(random, day, through + uTurns).map((at, i) => {
    const isUTurn = chance(random, share);
    const way = isUTurn ? toTheDoor(layout, at, random) : throughStreet(model, layout, at, random);
    const path = way.spots;
    return {
      id: day.firstId + i,
      stays: path.length > 3 ? zoneTimes(path, layout.zones) : [],
      path,
    };
  });
}

function throughStreet(model: ShopModel, layout: ShopLayout, at: number, random: Random): Walk {
  const { leftX, rightX, nearY, farY } = layout.frontage;
  const isFromLeft = chance(random, 0.5);
  const y = between(random, nearY + 0.4, farY);
  const walk = new Walk(at, { x: isFromLeft ? leftX : rightX, y }, STREET_M_PER_S);
  const window = layout.zones.find(({ kind }) => kind === "window");
  const looks = chance(random, WINDOW.ratio);
  const restMs = between(random, WINDOW.shortestMs, WINDOW.longestMs);
  const turns = chance(random, model.pacerRatio);
  if (window !== undefined && looks) {
    const xs = window.area.map((p) => p.x);
    const ys = window.area.map((p) => p.y);
    const x = between(random, Math.min(...xs) + 0.3, Math.max(...xs) - 0.3);
    walk.to({ x, y }, { x, y: (Math.min(...ys) + Math.max(...ys)) / 2 });
    walk.restUntil(walk.now + restMs);
    walk.to({ x, y });
  } else if (turns) walk.to({ x: (leftX + rightX) / 2, y });
  const goesRight = isFromLeft !== turns;
  return walk.to({ x: goesRight ? rightX : leftX, y });
}

/** Up to the door, a moment of doubt on the step, and away again: nobody has come in. */
function toTheDoor(layout: ShopLayout, at: number, random: Random): Walk {
  const { leftX, rightX, nearY, farY } = layout.frontage;
  const door = layout.doors.find(({ isStreet }) => isStreet);
  const y = between(random, nearY + 0.4, farY);
  const edge = { x: chance(random, 0.5) ? leftX : rightX, y };
  const walk = new Walk(at, edge, STREET_M_PER_S);
  if (door === undefined) return walk.to({ x: leftX + rightX - edge.x, y });
  const x = door.outside.x + between(random, -0.4, 0.4);
  const step = { x, y: door.a.y + 0.35 * Math.sign(door.outside.y - door.inside.y) };
  walk.to({ x, y }, step).restUntil(walk.now + between(random, 1_000, 4_000));
  return walk.to({ x, y }, { x: chance(random, 0.5) ? leftX : rightX, y });
}
