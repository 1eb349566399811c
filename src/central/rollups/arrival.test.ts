import assert from "node:assert/strict";
import { test } from "node:test";
import { epochMs } from "../../core/brand.ts";
import type { StreamAccount } from "../repository.ts";
import { arrivalOf, type OutboxNews, type Teller } from "./arrival.ts";

const HOUR_MS = 3_600_000;
const NOON = Date.UTC(2026, 4, 12, 12);
const NOW = epochMs(NOON);
const ago = (hours: number) => epochMs(NOON - hours * HOUR_MS);

function account(stream: string, seq: number, lastAgoHours: number): StreamAccount {
  const counts = { stored: seq, known: 0, shed: 0, quarantined: 0 };
  const lastAt = ago(lastAgoHours);
  return { epoch: "e", stream, seq, ...counts, updatedAt: lastAt, lastAt };
}

const teller = (gatewayId: string, ...streams: StreamAccount[]): Teller => ({
  ...{ gatewayId, streams, lastSeenAt: streams[0]?.updatedAt ?? NOW },
});

const until = (gateways: readonly Teller[], news: Record<string, OutboxNews>): number =>
  Math.abs(
    Math.round((NOON - arrivalOf(gateways, new Map(Object.entries(news)), NOW, NOW).until) / 1000),
  ) / 3600;

const healthy = (committed: Record<string, number>): OutboxNews => ({ at: NOW, committed });

test("a quiet gateway that has told all it kept is told up to its health", () => {
  const gateway = teller("a", account("journey", 10, 9), account("zone", 4, 20));
  assert.equal(until([gateway], { a: healthy({ journey: 10, zone: 4 }) }), 0);
});

test("a gateway that is away holds the shop back, however much another one tells", () => {
  const away = teller("a", account("journey", 10, 10));
  const live = teller("b", account("journey", 90, 0));
  const news = { a: { at: ago(10), committed: { journey: 10 } }, b: healthy({ journey: 90 }) };
  assert.equal(until([away, live], news), 10);
});

test("a stream with a backlog holds the shop back, though another stream is told", () => {
  const gateway = teller("a", account("journey", 10, 0), account("zone", 4, 6));
  assert.equal(until([gateway], { a: healthy({ journey: 10, zone: 9000 }) }), 6);
});

test("a stream of which nothing came holds everything back", () => {
  const gateway = teller("a", account("journey", 10, 0));
  assert.ok(until([gateway], { a: healthy({ journey: 10, zone: 5 }) }) > 1000);
});

test("streams that are no part of figures do not count", () => {
  const gateway = teller("a", account("journey", 10, 1), account("raw", 1, 40));
  assert.equal(until([gateway], { a: healthy({ journey: 10, raw: 7000 }) }), 0);
});

test("without a health a gateway is believed up to its newest event", () => {
  const gateway = teller("a", account("journey", 10, 3), account("zone", 4, 20));
  assert.equal(until([gateway], {}), 3);
});

test("who was silent for a fortnight is not waited for", () => {
  const gone = teller("a", account("journey", 10, 15 * 24));
  const live = teller("b", account("journey", 90, 0));
  const news = { a: { at: ago(15 * 24), committed: { journey: 12 } }, b: healthy({ journey: 90 }) };
  assert.equal(until([gone, live], news), 0);
});
