import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { epochMs } from "../core/brand.ts";
import { fail, ok } from "../core/errors.ts";
import { type DesiredMessage, documentHash } from "../wire/fleet-messages.ts";
import {
  acceptTrial,
  beginLife,
  dropAccepted,
  type FleetState,
  type JudgeContext,
  judgeDesired,
  missedAfter,
  NO_WISHES,
  restartBy,
  revertTrial,
  toldLast,
  untold,
} from "./desired-config.ts";

const hash = (text: string): string =>
  `h${[...text].reduce((n, c) => (n * 31 + c.charCodeAt(0)) % 1e9, 7)}`;
const NOW = epochMs(Date.UTC(2026, 4, 1, 10));
const BASELINE = { seeing: ["door", "till"], isAcked: true };

function desired(
  version: number,
  fps: number,
  extra: Partial<DesiredMessage> = {},
): DesiredMessage {
  const document = { gateway: { cameras: [{ id: "door", fps }] } };
  return { v: 1, version, hash: documentHash(document, hash), notAfter: null, document, ...extra };
}

function context(extra: Partial<JudgeContext> = {}): JudgeContext {
  return {
    now: NOW,
    baseline: BASELINE,
    hash,
    check: () => ok({ needsRestart: true }),
    ...extra,
  };
}

/** The state after a judgement that changed it. */
function after(
  state: FleetState,
  message: DesiredMessage,
  extra?: Partial<JudgeContext>,
): FleetState {
  const judgement = judgeDesired(state, message, context(extra));
  assert.ok("state" in judgement, judgement.kind);
  return judgement.state;
}

test("a new configuration is kept as a trial and asks for a restart", () => {
  const judgement = judgeDesired(NO_WISHES, desired(3, 5), context());
  assert.equal(judgement.kind, "restart");
  const state = after(NO_WISHES, desired(3, 5));
  assert.deepEqual(state.trial?.baseline, BASELINE);
  assert.equal(state.last?.status, "pending");
  assert.equal(untold(state), null);
});

test("the same configuration is acted upon once, on probation, in force, reverted or rejected, under any version", () => {
  const trial = after(NO_WISHES, desired(3, 5));
  const states = [trial, acceptTrial(trial), revertTrial(trial, [])];
  for (const state of states)
    assert.equal(judgeDesired(state, desired(3, 5), context()).kind, "known");
  assert.equal(judgeDesired(acceptTrial(trial), desired(9, 5), context()).kind, "known");
  const faults = [{ path: "gateway.x", found: "1", expected: "2" }];
  const rejected = after(NO_WISHES, desired(3, 5), { check: () => fail(faults) });
  assert.deepEqual(rejected.last?.errors, faults);
  assert.equal(judgeDesired(rejected, desired(3, 5), context()).kind, "known");
});

test("one that was taken back is tried again only when it is wished again under a higher version", () => {
  const reverted = revertTrial(after(NO_WISHES, desired(3, 5)), []);
  assert.equal(reverted.last?.status, "reverted");
  assert.equal(judgeDesired(reverted, desired(4, 5), context()).kind, "restart");
});

test("an older version and one that is too late are ignored", () => {
  const state = acceptTrial(after(NO_WISHES, desired(3, 5)));
  assert.deepEqual(judgeDesired(state, desired(2, 9), context()), {
    kind: "ignored",
    why: "older",
  });
  const late = desired(4, 9, { notAfter: "2026-05-01T09:59:59Z" });
  assert.deepEqual(judgeDesired(state, late, context()), { kind: "ignored", why: "expired" });
  const punctual = desired(4, 9, { notAfter: "2026-05-01T10:00:00Z" });
  assert.equal(judgeDesired(state, punctual, context()).kind, "restart");
});

test("after a document that its hash does not name, the right one is taken under the same version", () => {
  const right = desired(3, 5);
  const wrong = { ...desired(3, 6), hash: right.hash };
  const state = after(NO_WISHES, wrong);
  assert.equal(judgeDesired(state, wrong, context()).kind, "known", "the broker repeats it");
  assert.equal(judgeDesired(state, right, context()).kind, "restart");
});

test("a document that is not the one its hash names is rejected without being looked at", () => {
  const check = (): never => assert.fail("looked at");
  const state = after(NO_WISHES, desired(3, 5, { hash: "ffff" }), { check });
  assert.equal(state.last?.errors[0]?.path, "hash");
  assert.equal(state.accepted, null);
});

test("a change that needs no restart is in force at once, but not over the head of a trial", () => {
  const check = () => ok({ needsRestart: false });
  assert.equal(judgeDesired(NO_WISHES, desired(3, 5), context({ check })).kind, "taken");
  const trial = after(NO_WISHES, desired(3, 5));
  assert.equal(judgeDesired(trial, desired(4, 6), context({ check })).kind, "restart");
});

test("going back to what is in force while something else is tried needs no second probation", () => {
  const before = acceptTrial(after(NO_WISHES, desired(1, 5)));
  const trying = after(before, desired(2, 9));
  const back = judgeDesired(trying, desired(3, 5), context());
  assert.equal(back.kind, "restart");
  const state = after(trying, desired(3, 5));
  assert.deepEqual([state.trial, state.accepted?.version], [null, 3]);
});

test("a wish that overtakes another on probation has to bring back what was there before both", () => {
  const trying = after(NO_WISHES, desired(1, 5));
  const state = after(trying, desired(2, 9), { baseline: { seeing: [], isAcked: false } });
  assert.deepEqual(state.trial?.baseline, BASELINE);
});

test("a trial that never reaches its end is taken back at the fourth start", () => {
  let state = after(NO_WISHES, desired(3, 5));
  for (let start = 1; start <= 3; start += 1) {
    state = beginLife(state);
    assert.equal(state.trial?.starts, start);
  }
  state = beginLife(state);
  assert.deepEqual([state.trial, state.last?.status], [null, "reverted"]);
  assert.equal(beginLife(state), state);
});

test("what saw and sees no more is missed; what was taken out, or was blind before, is not", () => {
  const { trial } = after(NO_WISHES, desired(3, 5));
  assert.ok(trial !== null);
  const missed = (seeing: string[], configured: string[], isAcked = true): string[] =>
    missedAfter(trial, { seeing, configured, isAcked }).map(({ path }) => path);
  assert.deepEqual(missed(["door", "till"], ["door", "till", "new"]), []);
  assert.deepEqual(missed(["till"], ["door", "till"]), ["sensors.door"]);
  assert.deepEqual(missed(["till"], ["till"]), []);
  assert.deepEqual(missed(["door", "till"], ["door", "till"], false), ["delivery"]);
  const quiet = { ...trial, baseline: { seeing: [], isAcked: false } };
  assert.deepEqual(missedAfter(quiet, { seeing: [], configured: ["door"], isAcked: false }), []);
});

test("each verdict is told once", () => {
  const state = acceptTrial(after(NO_WISHES, desired(3, 5)));
  assert.equal(untold(state)?.status, "applied");
  assert.equal(untold(toldLast(state)), null);
  const dropped = dropAccepted(toldLast(state), []);
  assert.deepEqual([dropped.accepted, untold(dropped)?.status], [null, "rejected"]);
});

const steps = fc.record({
  version: fc.integer({ min: 1, max: 200 }),
  fps: fc.integer({ min: 1, max: 60 }),
  outcome: fc.constantFrom("good", "bad", "live"),
  next: fc.constantFrom("accept", "revert", "start", "restart", "nothing"),
});

const AFTERWARDS: Readonly<Record<string, (state: FleetState) => FleetState>> = {
  accept: acceptTrial,
  revert: (state) => revertTrial(state, []),
  start: beginLife,
  restart: (state) => restartBy(state, "c"),
};

test("whatever comes in whatever order, memory stays bounded and what is pending is what is tried", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 120 }), (taken) => {
      let state = NO_WISHES;
      for (const { version, fps, outcome, next } of taken) {
        const check = () =>
          outcome === "bad" ? fail([]) : ok({ needsRestart: outcome === "good" });
        const judgement = judgeDesired(state, desired(version, fps), context({ check }));
        if ("state" in judgement) state = judgement.state;
        state = AFTERWARDS[next]?.(state) ?? state;
        assert.ok(state.failed.length <= 32 && state.restartedBy.length <= 32);
        if (state.last?.status === "pending") assert.equal(state.trial?.hash, state.last.hash);
      }
    }),
    { numRuns: 60 },
  );
});
