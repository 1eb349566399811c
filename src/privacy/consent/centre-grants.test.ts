import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DAY_MS,
  HandClock,
  idOf,
  LedgerRig,
  member,
  request,
} from "../../../test/fakes/consent-rig.ts";
import { epochMs, grantId } from "../../core/brand.ts";
import type { Grant } from "../../core/consent.ts";
import {
  type CentreChange,
  CentreGrants,
  type CentreNews,
  type LeaseStore,
} from "./centre-grants.ts";
import { LEASE_MS } from "./consent-gate.ts";
import { capOf, monthsLater } from "./grant-rules.ts";
import { JoinedBook } from "./joined-book.ts";

class MemoryLease implements LeaseStore {
  register: string | null = null;
  applied = 0;
  changes = new Map<string, CentreChange>();
  failure: Error | null = null;
  load = () => ({
    ...{ register: this.register, applied: this.applied },
    changes: [...this.changes.values()],
  });
  save(news: CentreNews, isAnew: boolean): void {
    if (this.failure !== null) throw this.failure;
    if (isAnew) this.changes.clear();
    for (const change of news.changes) this.changes.set(change.grant.grantId, change);
    [this.register, this.applied] = [news.register, news.to];
  }
}

class CentreRig {
  readonly hand = new HandClock();
  readonly clock = this.hand.ledgerClock();
  readonly store = new MemoryLease();
  grants = new CentreGrants(this.store, this.clock);

  grant(name: string, change: Partial<Grant> = {}): Grant {
    const { isMinor: _m, ...rest } = request(name);
    const grantedAt = epochMs(this.hand.epoch);
    const times = { grantedAt, expiresAt: monthsLater(grantedAt, 12) };
    return {
      ...rest,
      grantId: grantId(idOf(`g ${name}`)),
      jurisdiction: "off",
      ...times,
      ...change,
    };
  }

  news(
    from: number,
    changes: readonly CentreChange[],
    change: Partial<CentreNews> = {},
  ): CentreNews {
    const to = changes.at(-1)?.seq ?? from;
    const issuedAt = epochMs(this.hand.epoch);
    return { register: "r1", from, to, upTo: to, issuedAt, changes, ...change };
  }

  get hasLease(): boolean {
    const lease = this.grants.leaseMono;
    return lease !== "never" && this.hand.monoNow - lease <= LEASE_MS;
  }

  state(name: string): string {
    const booked = this.grants.find(member(name), "loyalty-beacon");
    return booked === null ? "none" : booked.isRevoked ? "revoked" : "live";
  }
}

const granted = (seq: number, grant: Grant): CentreChange => ({ seq, state: "granted", grant });
const revoked = (seq: number, grant: Grant): CentreChange => ({ seq, state: "revoked", grant });

test("changes are applied in order, and known ones are ignored", () => {
  const rig = new CentreRig();
  const [a, b] = [rig.grant("a"), rig.grant("b")];
  const first = rig.grants.take(rig.news(0, [granted(1, a), granted(2, b)]));
  assert.deepEqual(first, { kind: "applied", applied: 2, ended: [] });
  const second = rig.grants.take(rig.news(2, [revoked(3, a)]));
  assert.ok(second.kind === "applied");
  assert.deepEqual(
    second.ended.map((grant) => grant.grantId),
    [a.grantId],
  );
  assert.deepEqual(rig.grants.take(rig.news(0, [granted(1, a), granted(2, b)])), {
    ...{ kind: "known", applied: 3 },
  });
  assert.equal(rig.state("a"), "revoked", "an old message revives nothing");
  assert.equal(rig.state("b"), "live");
});

test("the lease is renewed only by a message that leaves nothing open, and ends a minute later", () => {
  const rig = new CentreRig();
  assert.equal(rig.grants.leaseMono, "never");
  rig.grants.take(rig.news(0, [granted(1, rig.grant("a"))], { upTo: 2 }));
  assert.equal(rig.hasLease, false, "more follows");
  rig.grants.take(rig.news(1, [granted(2, rig.grant("b"))]));
  assert.ok(rig.hasLease);
  rig.hand.pass(LEASE_MS);
  assert.ok(rig.hasLease);
  rig.hand.pass(1);
  assert.equal(rig.hasLease, false);
  assert.deepEqual(rig.grants.take(rig.news(2, [])), { kind: "known", applied: 2 });
  assert.ok(rig.hasLease);
});

test("a message that waited in a broker renews nothing: the lease runs from when it was issued", () => {
  const rig = new CentreRig();
  const old = rig.news(0, [granted(1, rig.grant("a"))]);
  rig.hand.pass(LEASE_MS + 1);
  assert.equal(rig.grants.take(old).kind, "applied");
  assert.equal(rig.hasLease, false);
  rig.grants.take(rig.news(1, []));
  rig.grants.take({ ...old, from: 1, changes: [] });
  assert.ok(rig.hasLease, "an older message takes nothing away");
});

test("a hole before the changes is refused, and nothing of them is applied", () => {
  const rig = new CentreRig();
  rig.grants.take(rig.news(0, [granted(1, rig.grant("a"))]));
  rig.hand.pass(LEASE_MS + 1);
  const outcome = rig.grants.take(rig.news(5, [revoked(6, rig.grant("a"))]));
  assert.deepEqual(outcome, { kind: "gap", applied: 1 });
  assert.equal(rig.state("a"), "live");
  assert.equal(rig.hasLease, false);
});

test("another register begins anew: nothing of the one before holds, and its first message must be the first", () => {
  const rig = new CentreRig();
  rig.grants.take(rig.news(0, [granted(1, rig.grant("a"))]));
  assert.equal(rig.grants.take(rig.news(4, [], { register: "r2" })).kind, "gap");
  assert.equal(rig.state("a"), "live");
  rig.grants.take(rig.news(0, [granted(1, rig.grant("b"))], { register: "r2", upTo: 9 }));
  assert.equal(rig.state("a"), "none");
  assert.equal(rig.hasLease, false);
  assert.deepEqual(rig.grants.applied, { register: "r2", seq: 1 });
});

test("after a restart the grants are there and the lease is not", () => {
  const rig = new CentreRig();
  rig.grants.take(rig.news(0, [granted(1, rig.grant("a")), granted(2, rig.grant("b"))]));
  rig.grants.take(rig.news(2, [revoked(3, rig.grant("b"))]));
  rig.grants = new CentreGrants(rig.store, rig.clock);
  assert.deepEqual([rig.state("a"), rig.state("b")], ["live", "revoked"]);
  assert.deepEqual(rig.grants.applied, { register: "r1", seq: 3 });
  assert.equal(rig.grants.leaseMono, "never");
});

test("what the disk refuses holds in memory, renews no lease, and is taken again", () => {
  const rig = new CentreRig();
  rig.grants.take(rig.news(0, [granted(1, rig.grant("a"))]));
  rig.hand.pass(LEASE_MS + 1);
  rig.store.failure = new Error("disk full");
  const news = rig.news(1, [revoked(2, rig.grant("a"))]);
  assert.throws(() => rig.grants.take(news), /disk full/);
  assert.equal(rig.state("a"), "revoked");
  assert.equal(rig.hasLease, false);
  rig.store.failure = null;
  assert.equal(rig.grants.take(news).kind, "applied");
  assert.ok(rig.hasLease);
  assert.equal(rig.store.applied, 2);
});

test("a grant that claims to last for ever is cut to the cap", () => {
  const rig = new CentreRig();
  const grant = rig.grant("a", { expiresAt: epochMs(8e15) });
  rig.grants.take(rig.news(0, [granted(1, grant)]));
  const booked = rig.grants.byId(grant.grantId);
  assert.equal(booked?.grant.expiresAt, capOf(grant.grantedAt));
});

test("a centre whose clock is wrong by months renews nothing and spoils no clock", () => {
  const rig = new CentreRig();
  const issuedAt = epochMs(rig.hand.epoch + 400 * DAY_MS);
  rig.grants.take(rig.news(0, [granted(1, rig.grant("a"))], { issuedAt }));
  assert.equal(rig.hasLease, false);
  assert.ok(rig.clock.isSure());
});

test("a centre an hour ahead of a clock that a time server vouches for is not believed, and moves no time", () => {
  const rig = new CentreRig();
  const now = rig.clock.now();
  const soon = epochMs(rig.hand.epoch + DAY_MS / 24);
  rig.grants.take(rig.news(0, [], { issuedAt: soon }));
  assert.equal(rig.hasLease, false);
  assert.equal(rig.clock.latest, now);
  rig.grants.take(rig.news(0, []));
  assert.ok(rig.hasLease, "its clock was put right");
});

test("a gateway that no time server vouches for is not sure when the centre says that it is hours later", () => {
  const rig = new CentreRig();
  rig.hand.state = "unsynced";
  rig.grants.take(rig.news(0, [], { issuedAt: epochMs(rig.hand.epoch + DAY_MS / 24) }));
  assert.equal(rig.clock.isSure(), false);
});

test("news that waited are as old as the latest time that was seen says, whatever the wall clock says", () => {
  const rig = new CentreRig();
  const old = rig.news(0, []);
  rig.hand.pass(200_000);
  rig.clock.now();
  rig.hand.epoch -= 240_000;
  rig.grants.take(old);
  assert.equal(rig.hasLease, false, "200 s old, on a clock that is four minutes behind");
});

test("news that waited are as old as the time since the centre was heard, whatever any wall clock says", () => {
  const rig = new CentreRig();
  rig.hand.state = "unsynced";
  rig.grants.take(rig.news(0, []));
  const old = rig.news(0, []);
  rig.hand.monoNow += 120_000;
  rig.grants.take(old);
  assert.equal(rig.hasLease, false);
  rig.hand.epoch += 120_000;
  rig.grants.take(rig.news(0, []));
  assert.ok(rig.hasLease);
});

test("joined with the shop's own ledger, revoked by either is revoked and only the newest grant counts", () => {
  const rig = new CentreRig();
  const own = new LedgerRig();
  const ledger = own.open();
  const book = new JoinedBook(ledger.book, rig.grants);
  const given = ledger.grant(request("a"));
  assert.ok(given.ok);
  rig.grants.take(rig.news(0, [granted(1, given.value)]));
  assert.equal(book.byId(given.value.grantId)?.isRevoked, false);
  rig.grants.take(rig.news(1, [revoked(2, given.value)]));
  assert.equal(book.byId(given.value.grantId)?.isRevoked, true);
  assert.deepEqual(book.liveOf(member("a")), []);

  const remote = rig.grant("b");
  rig.grants.take(rig.news(2, [granted(3, remote)]));
  assert.equal(book.find(member("b"), "loyalty-beacon")?.isRevoked, false);
  ledger.revoke({ subjectRef: member("b"), grants: [remote], by: "shopper", ref: "station" });
  assert.equal(book.byId(remote.grantId)?.isRevoked, true, "taken back at the station");
  assert.equal(own.open().book.hasRevoked(remote.grantId), true, "and still after a restart");

  const older = rig.grant("c");
  rig.grants.take(rig.news(3, [granted(4, older)]));
  own.hand.pass(DAY_MS);
  const newer = ledger.grant(request("c"));
  assert.ok(newer.ok);
  assert.equal(book.byId(older.grantId)?.isRevoked, true, "the newer one took its place");
  assert.equal(book.find(member("c"), "loyalty-beacon")?.grant.grantId, newer.value.grantId);
});
