import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { TableDesk } from "../../central/loyalty/table-desk.ts";
import { epochMs, gatewayId, subjectRef } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import {
  type Link,
  type LinkState,
  type MessageHandler,
  topicMatches,
} from "../../io/mqtt/link.ts";
import { loyaltyEpoch, loyaltyId } from "../../privacy/beacon-crypto.ts";
import { TableKeeper } from "./table-keeper.ts";

const KEY = new Uint8Array(16).fill(3);
const subject = (i: number) => subjectRef(Buffer.alloc(16, i + 1).toString("base64url"));

/** A line on which nothing arrives before the test lets it. */
class HeldLine implements Link {
  readonly sent: { readonly topic: string; readonly text: string; readonly qos: 0 | 1 }[] = [];
  readonly #handlers: [string, MessageHandler][] = [];
  readonly #listeners: ((state: LinkState) => void)[] = [];
  state: LinkState = { kind: "offline", since: epochMs(0), code: null };
  publish(topic: string, text: string, { qos }: { readonly qos: 0 | 1 }): void {
    this.sent.push({ topic, text, qos });
  }
  subscribe(filter: string, handler: MessageHandler): void {
    assert.doesNotMatch(filter, /#/);
    this.#handlers.push([filter, handler]);
  }
  onState(listener: (state: LinkState) => void): void {
    this.#listeners.push(listener);
  }
  connect(): void {
    this.state = { kind: "connected", since: epochMs(0), protocolVersion: 5, session: "s" };
    for (const listener of this.#listeners) listener(this.state);
  }
  /** Hands what one side sent to the other; `loses` says which messages do not arrive. Returns how many did. */
  carry(to: HeldLine, loses: (topic: string) => boolean = () => false): number {
    const messages = this.sent.splice(0).filter(({ topic }) => !loses(topic));
    for (const { topic, text } of messages)
      for (const [filter, handler] of to.#handlers)
        if (topicMatches(filter, topic)) void handler({ topic, text, retained: false });
    return messages.length;
  }
}

function open(members = 0, nextDelayMs = 0) {
  const clock = new FakeClock();
  const state = { isSure: true };
  const centre = new TableDesk({
    root: "vitrine",
    groupOf: (id) => (id === "g1" ? "nordic" : "south"),
    pseudonymKeyOf: () => new Uint8Array(32),
    clock,
  });
  for (let i = 0; i < members; i += 1) {
    const reference = Buffer.alloc(16);
    reference.writeUInt32BE(i + 1);
    const one = subjectRef(reference.toString("base64url"));
    centre.put("nordic", { subject: one, appKey: i === 0 ? KEY : null, tags: [] });
  }
  const keeper = new TableKeeper({
    root: "vitrine",
    gatewayId: gatewayId("g1"),
    storeGroup: "nordic",
    nextDelayMs,
    epochNow: () => (state.isSure ? loyaltyEpoch(clock.now()) : null),
    clock,
    log: SILENT_LOG,
  });
  const [up, down] = [new HeldLine(), new HeldLine()];
  keeper.attach(up);
  centre.attach(down);
  void centre.start(new AbortController().signal);
  void keeper.start(new AbortController().signal);
  up.connect();
  const rid = (): Uint8Array =>
    loyaltyId(KEY, {
      version: 1,
      storeGroup: "nordic",
      epoch: loyaltyEpoch(clock.now()),
      size: 10,
    });
  const find = (): number => keeper.tables.find(rid(), 0, 10, "rid");
  const second = (loses?: (topic: string) => boolean): number => {
    clock.advance(1_000);
    let carried = 0;
    for (let hops = up.carry(down) + down.carry(up, loses); hops > 0; ) {
      carried += hops;
      hops = up.carry(down) + down.carry(up, loses);
    }
    return carried;
  };
  return { clock, state, centre, keeper, up, down, find, second };
}

test("a gateway gets all tables part by part, and asks no more than once a minute then", () => {
  const { keeper, find, second } = open(20_000);
  for (let i = 0; i < 60 && keeper.facts().partsHere < 80; i += 1) second();
  assert.deepEqual([keeper.facts().partsHere, keeper.facts().parts], [80, 80]);
  second();
  assert.ok(find() >= 0);
  let asked = 0;
  for (let i = 0; i < 300; i += 1) asked += second();
  assert.ok(asked <= 6, `${asked} messages in five minutes`);
});

test("no message is larger than a broker takes, and parts are not queued for who is away", () => {
  const { down, up, clock, centre } = open(3_000);
  for (let i = 0; i < 100; i += 1) clock.advance(100);
  up.carry(down);
  const told = down.sent.find(({ topic }) => topic.endsWith("down/loyalty"));
  const { digest } = JSON.parse(told?.text ?? "{}") as { digest: string };
  down.sent.length = 0;
  const want = [null, loyaltyEpoch(clock.now())].map((epoch) => ({ segment: 0, epoch }));
  const request = { v: 1, storeGroup: "nordic", catalogue: digest, want };
  centre.answer("vitrine/v1/g1/up/loyalty", JSON.stringify(request));
  assert.equal(down.sent.length, 2);
  for (const { text, qos } of down.sent) {
    assert.ok(text.length < 65_536, `${text.length}`);
    assert.equal(qos, 0);
  }
});

test("lost parts are asked for again, with longer and longer pauses while nobody answers", () => {
  const { keeper, find, second } = open(1);
  let parts = 0;
  const losesEveryOther = (topic: string): boolean => {
    if (topic.endsWith("-part")) parts += 1;
    return topic.endsWith("-part") && parts % 2 === 1;
  };
  for (let i = 0; i < 40; i += 1) second(losesEveryOther);
  assert.equal(keeper.facts().partsHere, 4);
  assert.ok(find() >= 0);
  const alone = open(1);
  let asked = 0;
  for (let i = 0; i < 600; i += 1) {
    alone.clock.advance(1_000);
    asked += alone.up.sent.splice(0).length;
  }
  assert.ok(asked >= 10 && asked <= 20, `${asked} requests in ten minutes`);
});

test("a member who joins is found within seconds, one who leaves is gone", () => {
  const { centre, keeper, find, second } = open(0);
  for (let i = 0; i < 5; i += 1) second();
  assert.equal(find(), -1);
  centre.put("nordic", { subject: subject(0), appKey: KEY, tags: [] });
  for (let i = 0; i < 3; i += 1) second();
  assert.ok(find() >= 0);
  centre.remove("nordic", subject(0));
  for (let i = 0; i < 3; i += 1) second();
  assert.equal(find(), -1);
  assert.equal(keeper.tables.memberAt(0), null);
});

test("messages of another group, no messages and far too long ones are refused and counted", () => {
  const { keeper, second, find } = open(1);
  for (let i = 0; i < 5; i += 1) second();
  const part = { v: 1, storeGroup: "south", segment: 0, of: 1, epoch: null, roll: null };
  const whole = { ...part, rows: "", eids: "", digest: "A".repeat(22) };
  keeper.takePart(JSON.stringify(whole));
  for (const text of ["", "{", "[]", JSON.stringify({ ...whole, key: "00" }), "null"])
    keeper.takePart(text);
  keeper.takePart(JSON.stringify({ ...whole, rows: "A".repeat(70_000) }));
  keeper.takeCatalogue("ø".repeat(40_000));
  keeper.takePart(JSON.stringify({ ...whole, storeGroup: "nordic" }));
  assert.deepEqual(
    [...keeper.refused],
    [
      ["foreign", 1],
      ["unreadable", 5],
      ["oversized", 2],
      ["cut", 1],
    ],
  );
  assert.ok(find() >= 0);
});

test("the next epoch is asked for later, each gateway at its own time, and at once when the clock turns before", () => {
  const { keeper, second, find, clock } = open(1, 120_000);
  const next = () => loyaltyEpoch(clock.now()) + 1;
  const findNext = (): number => {
    const terms = { version: 1, storeGroup: "nordic", epoch: next(), size: 10 } as const;
    return keeper.tables.find(loyaltyId(KEY, terms), 0, 10, "rid");
  };
  for (let i = 0; i < 100; i += 1) second();
  assert.ok(find() >= 0);
  assert.deepEqual([keeper.facts().partsHere, findNext()], [3, -1]);
  for (let i = 0; i < 80; i += 1) second();
  assert.equal(keeper.facts().partsHere, 4);
  assert.ok(findNext() >= 0);
  const turn = open(1, 890_000);
  for (let i = 0; i < 905; i += 1) turn.second();
  assert.ok(turn.find() >= 0, "without waiting for its time");
});

test("while the clock is not sure nothing is asked for and nobody is found", () => {
  const { keeper, state, find, second, up } = open(1);
  for (let i = 0; i < 5; i += 1) second();
  state.isSure = false;
  second();
  assert.equal(find(), -1);
  for (let i = 0; i < 200; i += 1) second();
  assert.equal(up.sent.length, 0);
  state.isSure = true;
  second();
  assert.ok(find() >= 0);
  assert.equal(keeper.facts().partsHere, 4);
});

test("a gateway gets the tables of its own group only, and not faster than is good for the others", () => {
  const { centre, down, second } = open(1);
  for (let i = 0; i < 5; i += 1) second();
  const request = { v: 1, storeGroup: "nordic", catalogue: null, want: [] };
  centre.answer("vitrine/v1/g2/up/loyalty", JSON.stringify(request));
  centre.answer("vitrine/v1/g1/up/loyalty", "{}");
  centre.answer("other/v1/g1/up/loyalty", JSON.stringify(request));
  assert.equal(down.sent.length, 0);
  assert.deepEqual(centre.counts, { unreadable: 2, foreign: 1, flooded: 0 });
  centre.answer("vitrine/v1/g1/up/loyalty", JSON.stringify(request));
  const { digest } = JSON.parse(down.sent.splice(0)[0]?.text ?? "{}") as { digest: string };
  const want = Array.from({ length: 16 }, () => ({ segment: 0, epoch: null }));
  for (let i = 0; i < 100; i += 1)
    centre.answer(
      "vitrine/v1/g1/up/loyalty",
      JSON.stringify({ ...request, catalogue: digest, want }),
    );
  assert.equal(down.sent.length, 256);
  assert.equal(centre.counts.flooded, 1_344);
});
