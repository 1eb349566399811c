import type { InputFault } from "../core/errors.ts";
import { cross, type Point } from "../core/geometry.ts";

/** What is read of a camera's lines. */
interface ArrowLine {
  readonly id: string;
  readonly role: string;
  readonly frontage?: boolean | undefined;
  readonly a: Point;
  readonly b: Point;
}

/**
 * Passing lines whose arrow points the wrong way, one fault each. Two of them in one picture stand on either side of
 * the door, and `in` of both is towards it, so each must have the other on its `in` side; else people who leave
 * would be counted as passers-by and passers-by not at all. With more than two, each needs a door onto the frontage
 * or another passing line there. A single line is only an index and may point either way. Pure.
 */
export function turnedPassingLines(
  cameras: readonly { readonly lines: readonly ArrowLine[] }[],
): readonly InputFault[] {
  return cameras.flatMap(({ lines }, camera) => {
    const passing = lines.filter(({ role }) => role === "passing");
    if (passing.length < 2) return [];
    return lines.flatMap((line, index) =>
      line.role !== "passing" || facesTheFrontage(line, passing, lines)
        ? []
        : [faultOf(line, passing, `cameras[${camera}].lines[${index}]`)],
    );
  });
}

function facesTheFrontage(
  line: ArrowLine,
  passing: readonly ArrowLine[],
  lines: readonly ArrowLine[],
): boolean {
  const others = passing.filter((other) => other !== line);
  const doors = lines.filter(({ role, frontage }) => role === "door" && frontage !== false);
  const wanted = others.length === 1 ? others : [...others, ...doors];
  return wanted.some((other) => isOnInSide(line, middleOf(other)));
}

/** `in` ends left of a->b. */
const isOnInSide = ({ a, b }: ArrowLine, p: Point): boolean =>
  cross(a.x, a.y, b.x, b.y, p.x, p.y) < 0;

const middleOf = ({ a, b }: ArrowLine): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

function faultOf(line: ArrowLine, passing: readonly ArrowLine[], path: string): InputFault {
  const others = passing.filter((other) => other !== line).map(({ id }) => `"${id}"`);
  return {
    path,
    found: `"${line.id}" with its in side away from ${others.join(" and ")}`,
    expected:
      "a passing line whose arrow points to the door; turn the arrow by swapping a and b (left of a->b is in)",
  };
}
