import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../../test/fakes/fake-clock.ts";
import { epochMs, gatewayId, monoMs, receiverId, type TagId, tagId } from "../../../core/brand.ts";
import { SILENT_LOG } from "../../../core/lifecycle.ts";
import {
  RADIO_MESSAGE_BYTES,
  type RadioMessage,
  radioSchema,
} from "../../../wire/radio-message.ts";
import type { Link, LinkState } from "../../mqtt/link.ts";
import { SightingShare } from "./sighting-share.ts";

const SHELF = receiverId("shelf");
const OFFLINE: LinkState = { kind: "offline", since: epochMs(0), code: null };
const CONNECTED: LinkState = {
  kind: "connected",
  since: epochMs(0),
  protocolVersion: 5,
  session: "s",
};

type Published = { readonly topic: string; readonly message: RadioMessage; readonly qos: number };

function rig(tags: readonly (TagId | null)[] = [tagId("b-0"), tagId("b-1")]) {
  const clock = new FakeClock({ mono: 5_000_000 });
  const published: Published[] = [];
  const pending: ((error: Error | null) => void)[] = [];
  const listeners: ((state: LinkState) => void)[] = [];
  let state: LinkState = CONNECTED;
  let isAcknowledging = true;
  let isSeeing = true;
  const link: Pick<Link, "publish" | "state" | "onState"> = {
    get state() {
      return state;
    },
    onState: (listener) => listeners.push(listener),
    publish: (topic, text, { qos }, onDone = () => undefined) => {
      assert.ok(text.length <= RADIO_MESSAGE_BYTES);
      const message = JSON.parse(text) as RadioMessage;
      assert.equal(radioSchema.safeParse(message).success, true, text.slice(0, 200));
      published.push({ topic, message, qos });
      if (isAcknowledging) onDone(null);
      else pending.push(onDone);
    },
  };
  const share = new SightingShare({
    root: "vitrine",
    to: [gatewayId("gw2")],
    receivers: [SHELF],
    tagOf: (tag) => tags[tag] ?? null,
    isSeeing: () => isSeeing,
    run: "run1",
    clock,
    log: SILENT_LOG,
  });
  share.attach(link);
  void share.start(new AbortController().signal);
  const become = (next: LinkState): void => {
    state = next;
    for (const listener of listeners) listener(next);
  };
  return {
    share,
    clock,
    published,
    pending,
    become,
    hold: () => {
      isAcknowledging = false;
    },
    acknowledge: () => {
      isAcknowledging = true;
    },
    blind: () => {
      isSeeing = false;
    },
  };
}

test("a second's readings of a tag become one with their number, mean level and mean time", () => {
  const { share, clock, published } = rig();
  const from = clock.mono();
  for (const [i, rssi] of [-70, -71, -75].entries())
    share.reading(0, SHELF, rssi, monoMs(from + 200 + i * 100));
  share.reading(1, SHELF, -90, monoMs(from + 900));
  clock.advance(1000);
  assert.equal(published.length, 1);
  const [{ topic, message, qos } = assert.fail()] = published;
  assert.deepEqual([topic, qos], ["vitrine/v1/gw2/in/radio/shelf", 1]);
  assert.deepEqual(message.sightings, [
    { tag: "b-0", rssi: -72, count: 3, at: 700 },
    { tag: "b-1", rssi: -90, count: 1, at: 100 },
  ]);
  assert.deepEqual([message.session, message.seq], ["run1", 0]);
});

test("readings of others' receivers and of tags no longer registered are not shared", () => {
  const { share, clock, published } = rig([tagId("b-0"), null]);
  share.reading(0, receiverId("of-another-gateway"), -70, clock.mono());
  share.reading(1, SHELF, -70, clock.mono());
  share.reading(0, SHELF, -71, clock.mono());
  clock.advance(1000);
  assert.deepEqual(
    published.flatMap(({ message }) => message.sightings.map(({ rssi }) => rssi)),
    [-71],
  );
});

test("a receiver that hears nobody says every ten seconds that it lives, and at once when it does not hear", () => {
  const { clock, published, blind } = rig();
  clock.advance(21_000);
  assert.equal(published.length, 3);
  assert.ok(published.every(({ message }) => message.sightings.length === 0));
  blind();
  clock.advance(1000);
  assert.equal(published.at(-1)?.message.seeing, false);
});

test("at the end the last second is told, and that the receiver hears nothing any more", async () => {
  const { share, clock, published, blind } = rig();
  clock.advance(1000);
  share.reading(0, SHELF, -70, clock.mono());
  blind();
  await share[Symbol.asyncDispose]();
  await share[Symbol.asyncDispose]();
  assert.equal(published.length, 2);
  const last = published.at(-1)?.message;
  assert.deepEqual([last?.seeing, last?.sightings.length], [false, 1]);
});

test("while the broker is away as much waits as can still be of use, older ones are given up and counted", () => {
  const { share, clock, published, become } = rig();
  become(OFFLINE);
  for (let second = 0; second < 40; second += 1) {
    share.reading(0, SHELF, -40 - second, clock.mono());
    clock.advance(1000);
  }
  assert.equal(published.length, 0);
  assert.deepEqual(share.counts, { sent: 0, dropped: 25, waiting: 15 });
  become(CONNECTED);
  const levels = published.flatMap(({ message }) => message.sightings.map(({ rssi }) => rssi));
  assert.deepEqual(
    levels,
    Array.from({ length: 15 }, (_, i) => -65 - i),
  );
  const [oldest] = published;
  assert.ok(Number(oldest?.message.sentAt) - Number(oldest?.message.time) === 14_000);
});

test("what the broker did not acknowledge is sent again under its number after the line broke", () => {
  const { share, clock, published, become, hold, acknowledge, pending } = rig();
  hold();
  share.reading(0, SHELF, -70, clock.mono());
  clock.advance(1000);
  become(OFFLINE);
  for (const done of pending) done(new Error("closed"));
  acknowledge();
  become(CONNECTED);
  assert.deepEqual(
    published.map(({ message }) => message.seq),
    [0, 0],
  );
  assert.deepEqual(share.counts, { sent: 1, dropped: 0, waiting: 0 });
});

test("a thousand tags with the longest ids go out in messages that fit", () => {
  const tags = Array.from({ length: 1000 }, (_, i) => tagId(`${i}-`.padEnd(64, "x")));
  const { share, clock, published } = rig(tags);
  for (let tag = 0; tag < tags.length; tag += 1) share.reading(tag, SHELF, -70.123, clock.mono());
  clock.advance(1000);
  assert.equal(published.flatMap(({ message }) => message.sightings).length, 1000);
  assert.equal(new Set(published.map(({ message }) => message.seq)).size, published.length);
});
