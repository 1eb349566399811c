import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Link, LinkState, MessageHandler } from "../../io/mqtt/link.ts";
import { topicMatches } from "../../io/mqtt/link.ts";
import { RollCall } from "./roll-call.ts";

/** A line without a broker, with a session that may or may not have been kept. */
class Wire implements Link {
  state: LinkState = { kind: "offline", since: epochMs(0), code: null };
  readonly asked: string[] = [];
  readonly #handlers: { readonly filter: string; readonly handler: MessageHandler }[] = [];
  #listener: (state: LinkState) => void = () => undefined;

  publish(...[topic, text]: Parameters<Link["publish"]>): void {
    const { command } = JSON.parse(text) as { command: string };
    this.asked.push(`${topic} ${command}`);
  }

  subscribe(filter: string, handler: MessageHandler): void {
    this.#handlers.push({ filter, handler });
  }

  onState(listener: (state: LinkState) => void): void {
    this.#listener = listener;
  }

  lose(): void {
    this.#listener({ kind: "offline", since: epochMs(0), code: null });
  }

  connect(isResumed: boolean): void {
    const session = { protocolVersion: 4, session: "s", isResumed } as const;
    this.#listener({ kind: "connected", since: epochMs(0), ...session });
  }

  async arrive(gateway: string, channel: "health" | "reported", retained = false): Promise<void> {
    const topic = `vitrine/v1/${gateway}/up/${channel}`;
    for (const { filter, handler } of this.#handlers)
      if (topicMatches(filter, topic)) await handler({ topic, text: "{}", retained });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function opened(share?: string) {
  const link = new Wire();
  const clock = new FakeClock();
  const reports = new Map<string, EpochMs>();
  let isDown = false;
  const repository = {
    document: async ({ owner }: { owner: string }) => {
      if (isDown) throw new GatewayError("STORE_FAILED", "away");
      const at = reports.get(owner);
      return at === undefined ? null : { text: "{}", at };
    },
  };
  const sharing = share === undefined ? {} : { share };
  const call = new RollCall({ repository, link, root: "vitrine", run: "c1", clock, ...sharing });
  const fail = (is: boolean): void => {
    isDown = is;
  };
  return { link, clock, reports, call, fail };
}

const ASKED = "vitrine/v1/gw1/down/cmd announce";

for (const share of [undefined, "chain"])
  test(`a gateway of which no report is known is asked at its first health${share === undefined ? "" : " (shared)"}`, async () => {
    const { link } = opened(share);
    link.connect(true);
    await link.arrive("gw1", "health");
    assert.deepEqual(link.asked, [ASKED]);
    await link.arrive("gw1", "reported");
    await link.arrive("gw1", "health");
    assert.deepEqual(link.asked, [ASKED]);
  });

test("health that the broker kept makes nobody ask", async () => {
  const { link } = opened();
  link.connect(false);
  await link.arrive("gw1", "health", true);
  assert.deepEqual(link.asked, []);
});

test("a known gateway is asked only when the broker lost the session, and its report is from before", async () => {
  const { link, clock, reports } = opened();
  reports.set("gw1", clock.now());
  clock.advance(1000);
  link.lose();
  link.connect(true);
  await link.arrive("gw1", "health");
  assert.deepEqual(link.asked, [], "nothing was missed");
  link.lose();
  link.connect(false);
  await link.arrive("gw1", "health");
  assert.deepEqual(link.asked, [ASKED]);
  link.lose();
  reports.set("gw1", clock.now());
  link.connect(false);
  await link.arrive("gw1", "health");
  assert.deepEqual(link.asked, [ASKED], "another centre of the group has taken its report");
});

test("a gateway that does not answer is asked three times, and not while the store is away", async () => {
  const { link, call, fail } = opened();
  link.connect(false);
  fail(true);
  for (let n = 0; n < 5; n += 1) await link.arrive("gw1", "health");
  assert.equal(call.asked, 0);
  fail(false);
  for (let n = 0; n < 9; n += 1) await link.arrive("gw1", "health");
  assert.equal(call.asked, 3);
  await link.arrive("gw2", "health");
  assert.equal(call.asked, 4);
});
