import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY_MS, HandClock, LedgerRig, member, request } from "../../../test/fakes/consent-rig.ts";
import { epochMs } from "../../core/brand.ts";
import { CLOCK_LEAP_MS, CLOCK_TOLERANCE_MS, CLOCK_TRIAL_MS } from "./ledger-clock.ts";

test("a clock set back is not sure, and expiries are judged by the latest time that was ever seen", () => {
  const hand = new HandClock();
  const clock = hand.ledgerClock();
  const latest = clock.now();
  hand.epoch -= CLOCK_TOLERANCE_MS;
  assert.ok(clock.isSure(), "as much as a time server steps");
  assert.equal(clock.now(), latest);
  hand.epoch -= 1;
  assert.equal(clock.isSure(), false);
  assert.equal(clock.now(), latest);
  hand.epoch = latest + 1;
  assert.ok(clock.isSure());
  assert.equal(clock.now(), latest + 1);
});

test("a clock that nobody has set yet in this boot is not sure, and what it says is not believed", () => {
  const hand = new HandClock();
  const clock = hand.ledgerClock();
  [hand.isAwaited, hand.state] = [true, "unsynced"];
  assert.equal(clock.isSure(), false);
  clock.now();
  assert.equal(clock.latest, 0);
  hand.isAwaited = false;
  assert.ok(clock.isSure(), "nothing on this machine sets it: its owner does");
});

test("a leap ahead of more than a closed shop explains needs a time server", () => {
  const hand = new HandClock();
  const clock = hand.ledgerClock();
  const latest = clock.now();
  hand.state = "unsynced";
  hand.epoch += CLOCK_LEAP_MS + 1;
  assert.equal(clock.isSure(), false);
  clock.now();
  assert.equal(clock.latest, latest, "it does not become the time that is never gone behind");
  hand.state = "synced";
  assert.ok(clock.isSure());
});

test("a clock set back does not stretch a consent, also across a restart", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  const given = ledger.grant(request("m"));
  assert.ok(given.ok);
  rig.hand.pass(400 * DAY_MS);
  assert.ok(ledger.grant(request("n")).ok, "an entry of the later time");
  rig.hand.epoch -= 200 * DAY_MS;
  const clock = rig.hand.ledgerClock();
  const again = rig.open({ clock });
  assert.equal(clock.isSure(), false);
  assert.ok(clock.now() >= given.value.expiresAt);
  assert.deepEqual(again.grant(request("o")), { ok: false, error: "clock-unsure" });
  assert.equal(again.visited(member("n")), 0);
  assert.equal(again.expireDue(), 0, "nothing is ended by a clock that is not believed either");
});

test("a consent is taken back whatever the clock says, and that entry moves no time", () => {
  const rig = new LedgerRig();
  const ledger = rig.open();
  assert.ok(ledger.grant(request("m")).ok);
  const grants = ledger.book.liveOf(member("m"));
  rig.hand.epoch += 4_000 * DAY_MS;
  rig.hand.state = "unsynced";
  assert.ok(ledger.revoke({ subjectRef: member("m"), grants, by: "shopper", ref: "s" }) !== null);
  rig.hand.epoch -= 4_000 * DAY_MS;
  const clock = rig.hand.ledgerClock();
  const again = rig.open({ clock });
  assert.ok(clock.isSure());
  assert.equal(again.book.latestAt, epochMs(rig.hand.epoch));
});

test("a clock that leapt ahead by itself and is put right leaves no mark, and ends nobody's consent meanwhile", () => {
  const rig = new LedgerRig();
  const clock = rig.hand.ledgerClock();
  const ledger = rig.open({ clock });
  assert.ok(ledger.grant(request("m")).ok);
  rig.hand.pass(330 * DAY_MS);
  clock.now();
  rig.hand.state = "unsynced";
  rig.hand.epoch += 39 * DAY_MS;
  assert.ok(clock.isSure() && !clock.isSettled());
  assert.equal(ledger.expireDue(), 0, "an end that is written is one for good");
  assert.ok(ledger.grant(request("n")).ok);
  rig.hand.epoch -= 39 * DAY_MS;
  rig.hand.state = "synced";
  assert.ok(clock.isSure());
  const again = rig.hand.ledgerClock();
  rig.open({ clock: again });
  assert.ok(again.isSure(), "nor does an entry that was written by it");
});

test("a clock that nobody vouches for is gone by once it has run for an hour: shops are closed at night", () => {
  const hand = new HandClock();
  const clock = hand.ledgerClock();
  clock.now();
  hand.state = "unsynced";
  hand.epoch += 2 * DAY_MS;
  assert.equal(clock.isSettled(), false);
  hand.pass(CLOCK_TRIAL_MS - 1);
  assert.equal(clock.isSettled(), false);
  hand.epoch += DAY_MS;
  hand.pass(1);
  assert.equal(clock.isSettled(), false, "it leapt again");
  hand.pass(CLOCK_TRIAL_MS);
  assert.ok(clock.isSettled());
  assert.equal(clock.latest, hand.epoch);
});

test("somebody who says that the clock is right now is believed, whatever was seen before", () => {
  const hand = new HandClock();
  const clock = hand.ledgerClock();
  hand.epoch += 300 * DAY_MS;
  clock.now();
  hand.epoch -= 300 * DAY_MS;
  assert.equal(clock.isSure(), false);
  clock.reset();
  assert.ok(clock.isSure() && clock.isSettled());
  assert.equal(clock.now(), hand.epoch);
});
