import assert from "node:assert/strict";
import { randomBytes, randomFillSync } from "node:crypto";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { epochMs, gatewayId } from "../../core/brand.ts";
import { type KeyRequest, sealForRequest } from "../../privacy/vault/key-handover.ts";
import type { LinkMessage, LinkState } from "../mqtt/link.ts";
import { KeyFromCentre } from "./gateway-key.ts";
import { KeyAsker } from "./key-asker.ts";

const GATEWAY = gatewayId("gw1");
const TOPIC = "vitrine/v1/gw1/down/key";
const fill = (bytes: Uint8Array): void => void randomFillSync(bytes);
const HOUR_MS = 3_600_000;

/** A gateway that asks over a line that the test holds. */
function openAsker() {
  const clock = new FakeClock();
  const key = new KeyFromCentre();
  const said: string[] = [];
  const write = (fields: object, text: string): void => {
    said.push(`${JSON.stringify(fields)} ${text}`);
  };
  const log = { error: write, warn: write, info: write, debug: write };
  const asker = new KeyAsker({
    ...{ root: "vitrine", gatewayId: GATEWAY, key, clock, log, random: () => 0.5, fill },
  });
  const asked: KeyRequest[] = [];
  let onState: (state: LinkState) => void = () => undefined;
  let handler: (message: LinkMessage) => unknown = () => undefined;
  const state: LinkState = { kind: "offline", since: epochMs(0), code: null };
  asker.attach({
    state,
    publish: (topic, text, { qos, retain }) => {
      assert.deepEqual([topic, qos, retain], ["vitrine/v1/gw1/up/key-request", 1, false]);
      asked.push(JSON.parse(text) as KeyRequest);
    },
    subscribe: (filter, take) => {
      assert.equal(filter, TOPIC);
      handler = take;
    },
    onState: (listener) => {
      onState = listener;
    },
  });
  const turn = (kind: "connected" | "offline"): void =>
    onState(
      kind === "offline" ? state : { kind, since: epochMs(0), protocolVersion: 5, session: "s" },
    );
  const tell = (message: object | string, retained = false): void => {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    handler({ topic: TOPIC, text, retained });
  };
  return { asker, clock, key, asked, said, turn, tell };
}

/** What the centre answers to a question. */
function answer(wrapped: Uint8Array, ask: KeyRequest | undefined, gateway = GATEWAY): object {
  assert.ok(ask !== undefined, "nothing was asked");
  const sealed = sealForRequest(wrapped, gateway, ask, fill);
  assert.ok(sealed.ok);
  return { v: 1, at: "2026-11-22T10:00:00.000Z", ...sealed.value };
}

test("the key is asked for after each connection with growing pauses until it is there, and then no more", () => {
  const { asker, clock, key, asked, turn, tell } = openAsker();
  clock.advance(HOUR_MS);
  assert.equal(asked.length, 0, "nobody is asked without a line");
  turn("connected");
  clock.advance(1_000);
  assert.equal(asked.length, 1);
  clock.advance(60_000);
  const inAMinute = asked.length;
  assert.ok(inAMinute >= 3 && inAMinute <= 7, `${inAMinute}`);
  turn("offline");
  clock.advance(HOUR_MS);
  assert.equal(asked.length, inAMinute, "nor after the line was lost");
  turn("connected");
  clock.advance(1_000);
  assert.equal(asked.length, inAMinute + 1);
  assert.equal(new Set(asked.map(({ request }) => request)).size, asked.length);
  assert.equal(new Set(asked.map(({ publicKey }) => publicKey)).size, asked.length);
  const secret = randomBytes(32);
  tell(answer(secret, asked.at(-1)));
  assert.deepEqual(key.take(), new Uint8Array(secret));
  assert.equal(asker.hasKey, true);
  clock.advance(HOUR_MS);
  turn("connected");
  clock.advance(HOUR_MS);
  assert.equal(asked.length, inAMinute + 1);
});

test("answers that are wrong, repeated, late or not asked for change nothing and are counted", () => {
  const { asker, clock, key, asked, said, turn, tell } = openAsker();
  const secret = randomBytes(32);
  const stranger = { request: randomBytes(16).toString("base64url"), publicKey: "" };
  const early = { v: 1, at: "2026-11-22T10:00:00.000Z", ...stranger };
  tell(early);
  turn("connected");
  clock.advance(1_000);
  const first = asked.at(-1);
  const good = answer(secret, first);
  tell(good, true);
  tell("{");
  tell("x".repeat(5_000));
  tell({ ...good, sealed: 7 });
  tell(answer(secret, first, gatewayId("gw2")));
  tell({ ...good, request: randomBytes(16).toString("base64url") });
  tell({ ...good, publicKey: Buffer.alloc(32).toString("base64url") });
  clock.advance(10_000);
  tell(good);
  assert.equal(key.take(), null);
  tell(answer(secret, asked.at(-1)));
  assert.ok(key.take() !== null);
  tell(answer(randomBytes(32), asked.at(-1)));
  tell(good);
  assert.deepEqual(key.take(), new Uint8Array(secret));
  assert.deepEqual(asker.refused, {
    ...{ unasked: 4, unreadable: 3, "not-genuine": 1, "other-request": 2, "bad-public-key": 1 },
  });
  const lines = said.join("\n");
  for (const text of [
    secret.toString("hex"),
    secret.toString("base64url"),
    first?.publicKey ?? "?",
  ])
    assert.equal(lines.includes(text), false);
  assert.ok(said.length <= 3, "a flood is no flood of lines");
});

test("closed, it asks nothing and takes nothing", () => {
  const { asker, clock, key, asked, turn, tell } = openAsker();
  turn("connected");
  clock.advance(1_000);
  asker.close();
  clock.advance(HOUR_MS);
  assert.equal(asked.length, 1);
  tell(answer(randomBytes(32), asked[0]));
  assert.equal(key.take(), null);
  assert.equal(clock.pending, 0);
});
