import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { GatewayError } from "../core/errors.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { createDeadRadioExit } from "./dead-radio.ts";

test("a dead radio is heeded only when the process has been up for an hour, and the first one counts", () => {
  const clock = new FakeClock({ mono: 5_000 });
  const exit = createDeadRadioExit(clock, SILENT_LOG);
  const first = new GatewayError("RADIO_DEAD", "receiver door has heard nothing for 10 min");
  clock.advance(3_599_000);
  exit.onDead(first);
  assert.equal(exit.fault, null);
  assert.equal(exit.signal.aborted, false);
  clock.advance(1_000);
  exit.onDead(first);
  exit.onDead(new GatewayError("RADIO_DEAD", "receiver till has heard nothing for 10 min"));
  assert.equal(exit.fault, first);
  assert.equal(exit.signal.aborted, true);
});
