import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import type { ClockState } from "../core/clock.ts";
import type { TimeFixed } from "../core/events.ts";
import { createSteadyAnchor } from "./steady-anchor.ts";
import { anchorOf } from "./system-clock.ts";
import { createTimeFix } from "./time-fix.ts";

function watched(state: ClockState) {
  const clock = new FakeClock();
  const told: TimeFixed[] = [];
  const known = { state };
  const anchor = createSteadyAnchor(() => anchorOf(clock, known.state));
  const check = createTimeFix({ boot: "b1", anchor, onEvent: (event) => told.push(event) });
  return { clock, told, known, check };
}

test("when the clock is known for the first time it is told once, with what it was wrong by", () => {
  const { clock, told, known, check } = watched("unsynced");
  clock.advance(60_000);
  check();
  assert.deepEqual(told, []);
  clock.setWall(clock.now() + 3_600_000);
  known.state = "synced";
  check();
  clock.advance(1000);
  check();
  assert.deepEqual(
    told.map(({ kind, boot, offsetMs, clock: state, atMono }) => [
      kind,
      boot,
      offsetMs,
      state,
      atMono,
    ]),
    [["time-fix", "b1", 3_600_000, "synced", 60_000]],
  );
});

test("a clock that was known from the beginning, or coasts, tells nothing", () => {
  const { clock, told, known, check } = watched("holdover");
  clock.advance(1000);
  known.state = "synced";
  check();
  assert.deepEqual(told, []);
});
