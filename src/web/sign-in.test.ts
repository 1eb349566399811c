import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FREE_TRIES, SESSION_MS, SignIn } from "./sign-in.ts";

async function fail(signIn: SignIn, client: string, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await signIn.attempt(client, "wrong");
}

test("the right password opens a session that is known until it is closed", async () => {
  const signIn = new SignIn("open sesame", new FakeClock());
  const outcome = await signIn.attempt("a", "open sesame");
  assert.equal(outcome.kind, "welcome");
  if (outcome.kind !== "welcome") return;
  assert.match(outcome.session, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(signIn.isOpen(outcome.session), true);
  assert.equal(signIn.isOpen(`${outcome.session}x`), false);
  signIn.close(outcome.session);
  assert.equal(signIn.isOpen(outcome.session), false);
});

test("a session ends twelve hours after it was opened, however often it is used", async () => {
  const clock = new FakeClock();
  const signIn = new SignIn("p", clock);
  const outcome = await signIn.attempt("a", "p");
  assert.ok(outcome.kind === "welcome");
  clock.advance(SESSION_MS / 2);
  assert.equal(signIn.isOpen(outcome.session), true);
  clock.advance(SESSION_MS / 2 + 1);
  assert.equal(signIn.isOpen(outcome.session), false);
});

test("after five wrong tries even the right password waits, and the pause doubles", async () => {
  const clock = new FakeClock();
  const signIn = new SignIn("p", clock);
  assert.deepEqual(await signIn.attempt("a", "wrong"), {
    kind: "wrong",
    triesLeft: FREE_TRIES - 1,
  });
  await fail(signIn, "a", FREE_TRIES - 2);
  assert.deepEqual(await signIn.attempt("a", "wrong"), { kind: "wait", waitMs: 30_000 });
  assert.deepEqual(await signIn.attempt("a", "p"), { kind: "wait", waitMs: 30_000 });
  clock.advance(30_000);
  assert.deepEqual(await signIn.attempt("a", "wrong"), { kind: "wait", waitMs: 60_000 });
  clock.advance(60_000);
  assert.equal((await signIn.attempt("a", "p")).kind, "welcome");
  assert.deepEqual(await signIn.attempt("a", "wrong"), {
    kind: "wrong",
    triesLeft: FREE_TRIES - 1,
  });
});

test("one client's wrong tries do not lock out another", async () => {
  const signIn = new SignIn("p", new FakeClock());
  await fail(signIn, "a", FREE_TRIES);
  assert.equal((await signIn.attempt("b", "p")).kind, "welcome");
});

test("guesses sent at the same time are not checked beyond a few, nor beyond the five", async () => {
  const signIn = new SignIn("p", new FakeClock());
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => signIn.attempt("a", "wrong")),
  );
  assert.ok(outcomes.filter((outcome) => outcome.kind === "wrong").length <= 3);
  assert.ok(outcomes.some((outcome) => outcome.kind === "busy"));
});

test("sessions beyond the cap push out the least recently used one", async () => {
  const signIn = new SignIn("p", new FakeClock());
  const first = await signIn.attempt("a", "p");
  assert.ok(first.kind === "welcome");
  for (let i = 0; i < 256; i += 1) await signIn.attempt(`c${i}`, "p");
  assert.equal(signIn.sessions, 256);
  assert.equal(signIn.isOpen(first.session), false);
});
