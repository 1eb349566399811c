import assert from "node:assert/strict";
import { test } from "node:test";
import {
  epochMs,
  grantId,
  type MonoMs,
  monoMs,
  receiverId,
  type SubjectRef,
  tagId,
  tenantId,
} from "../../core/brand.ts";
import type { IdentifierAnomaly } from "../../core/events.ts";
import { type BookedGrant, ConsentGate } from "../../privacy/consent/consent-gate.ts";
import type { MemberIdSpot } from "../../radio/loyalty/member-ids.ts";
import { MemberDesk } from "./member-desk.ts";

const TENANT = tenantId("acme");
const RECEIVERS = [0, 60].map((xM, i) => {
  const id = receiverId(i === 0 ? "door" : "back");
  return { id, name: id, xM, yM: 0, zM: 2 };
});
const pseudonym = (i: number): string => `pseudonym-${String(i).padStart(6, "0")}`;
const subject = (i: number): string => `subject-${i}`;

function open(members = 3) {
  const revoked = new Set<string>();
  let mono: MonoMs = monoMs(0);
  const booked = (ref: string): BookedGrant | null =>
    ref.startsWith("subject-")
      ? {
          isRevoked: revoked.has(ref),
          grant: {
            ...{ grantId: grantId(ref), tenantId: TENANT, subjectRef: ref as SubjectRef },
            ...{ purpose: "loyalty-beacon", jurisdiction: "off" },
            notice: { id: "n", version: 1, language: "en", sha256: "0".repeat(64) },
            proof: { kind: "device", ref: "app" },
            grantedAt: epochMs(0),
            expiresAt: epochMs(1_000_000_000),
          },
        }
      : null;
  const gate = new ConsentGate({
    book: { find: booked, byId: booked },
    tenantId: TENANT,
    jurisdiction: () => "off",
    clock: { now: () => epochMs(0), mono: () => mono, isSure: () => true },
    leaseMono: () => null,
  });
  let searches = 0;
  const visits: SubjectRef[] = [];
  const desk = new MemberDesk({
    tables: {
      find: (bytes, from) => ((bytes[from] ?? 255) < members ? (bytes[from] ?? -1) : -1),
      memberAt: (i) => (i < 0 ? null : { pseudonym: pseudonym(i), subject: subject(i) }),
      positionOf: (name) => {
        searches += 1;
        return Array.from({ length: members }, (_, i) => pseudonym(i)).indexOf(name);
      },
    },
    gate,
    receivers: RECEIVERS,
    run: "r",
    visited: (subject) => visits.push(subject),
  });
  const anomalies: IdentifierAnomaly[] = [];
  desk.onAnomaly = (anomaly) => anomalies.push(anomaly);
  const hear = (i: number, at = "door", rssiDbm: number | null = -60, seconds = 0) => {
    const bytes = Uint8Array.of(i, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    const spot: MemberIdSpot = { bytes, from: 0, size: 10, kind: "rid", txPower1mDbm: -59 };
    mono = monoMs(1000 * seconds);
    return desk.memberOf(spot, { receiverId: receiverId(at), rssiDbm, atMono: mono });
  };
  return { desk, hear, revoked, anomalies, visits, searched: () => searches };
}

test("a member with a live consent is a loyalty card named by the pseudonym, anybody else is nobody", () => {
  const { desk, hear } = open();
  assert.deepEqual(hear(1), { id: pseudonym(1), kind: "loyalty-card" });
  assert.equal(hear(7), null);
  assert.ok(desk.mayFollow(tagId(pseudonym(1))));
  assert.equal(desk.mayFollow(tagId(pseudonym(2))), false, "never heard");
  assert.equal(desk.counts().matched, 1);
});

test("consent is asked for every frame: a revoked member is nobody from the next one on", () => {
  const { desk, hear, revoked } = open();
  assert.notEqual(hear(1), null);
  revoked.add(subject(1));
  assert.equal(desk.mayFollow(tagId(pseudonym(1))), false);
  assert.equal(hear(1), null);
  assert.equal(desk.memberNamed(tagId(pseudonym(1))), null);
  assert.notEqual(hear(2), null);
  assert.ok((desk.counts().refused["grant-revoked"] ?? 0) >= 2);
  revoked.clear();
  assert.notEqual(hear(1), null, "agreed again");
});

test("another gateway's name of a member is looked up, and not as often as somebody likes", () => {
  const { desk, searched } = open();
  desk.advance(monoMs(1_000));
  assert.equal(desk.memberNamed(tagId(pseudonym(1)))?.id, pseudonym(1));
  desk.memberNamed(tagId(pseudonym(1)));
  assert.equal(searched(), 1);
  for (let i = 0; i < 100; i += 1) assert.equal(desk.memberNamed(tagId(`stranger-${i}`)), null);
  assert.equal(searched(), 20);
  assert.equal(desk.counts().unsearched, 81);
  desk.advance(monoMs(2_000));
  assert.notEqual(desk.memberNamed(tagId(pseudonym(2))), null);
});

test("a copy of an identifier at the other end of the shop is told once, without the identifier", () => {
  const { hear, anomalies } = open();
  for (let s = 0; s < 30; s += 1) hear(1, s % 2 === 0 ? "door" : "back", -55, s);
  assert.equal(anomalies.length, 1);
  const [told] = anomalies;
  assert.equal(told?.tagId, pseudonym(1));
  assert.deepEqual(Object.keys(told ?? {}).sort(), [
    "apartM",
    "atMono",
    "kind",
    "receivers",
    "seq",
    "source",
    "tagId",
    "withinMs",
  ]);
  for (let s = 100; s < 130; s += 1) hear(2, s % 2 === 0 ? "door" : "back", null, s);
  assert.equal(anomalies.length, 1, "levels that were not measured prove nothing");
});

test("members who were not heard for an hour are forgotten", () => {
  const { desk, hear } = open(255);
  for (let i = 0; i < 255; i += 1) hear(i);
  assert.ok(desk.mayFollow(tagId(pseudonym(0))));
  desk.advance(monoMs(3_700_000));
  assert.equal(desk.mayFollow(tagId(pseudonym(0))), false, "an hour later");
});

test("that a member is here is told once while they stay, once a day to who never leaves, and of nobody else", () => {
  const { desk, hear, revoked, visits } = open();
  revoked.add(subject(2));
  for (let minute = 0; minute < 100; minute += 1)
    for (const i of [1, 2, 7]) hear(i, "door", -60, 60 * minute);
  assert.deepEqual(visits, [subject(1)]);
  hear(1, "door", -60, 86_400);
  assert.equal(visits.length, 2);
  desk.advance(monoMs(2 * 86_400_000));
  hear(1, "door", -60, 2 * 86_400);
  assert.equal(visits.length, 3, "who went and came back");
});
