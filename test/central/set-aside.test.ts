import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { Ingest } from "../../src/central/ingest.ts";
import type { CentralStore } from "../../src/central/repository.ts";
import { epochMs, gatewayId, storeId } from "../../src/core/brand.ts";
import type { Log } from "../../src/core/lifecycle.ts";
import { eventHash } from "../../src/io/mqtt/event-hash.ts";
import { toCloudEvent } from "../../src/wire/cloud-event.ts";
import type { AckMessage } from "../../src/wire/envelopes.ts";
import { crossing } from "../e2e/delivery-rig.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { FakeLink } from "../fakes/fake-link.ts";
import { account, EPOCH } from "./batches.ts";
import { ENGINES, open } from "./engines.ts";

const UP = "vitrine/v1/gw1/up/ev";

function event(n: number): object {
  const at = epochMs(Date.UTC(2026, 4, 19, 12) + n);
  return toCloudEvent(
    { ...crossing(n, "run"), at },
    {
      ...{ gatewayId: gatewayId("gw1"), storeId: storeId("shop1"), boot: "b1" },
      ...{ recordedAt: epochMs(0), hash: eventHash },
    },
  );
}

const batch = (first: number, ev: readonly unknown[], extra: object = {}): object => ({
  ...{ v: 1, epoch: EPOCH, stream: "journey", first, hist: false, ev },
  ...extra,
});

for (const engine of ENGINES) {
  describe(`messages set aside whole, in ${engine.name}`, { skip: !engine.isThere }, () => {
    let store: CentralStore;
    let link: FakeLink;
    let clock: FakeClock;
    let ingest: Ingest;
    let lines: Readonly<Record<string, unknown>>[];
    before(() => engine.start());
    after(() => engine.stop());
    beforeEach(async () => {
      store = await open(await engine.create());
      link = new FakeLink();
      clock = new FakeClock({ epoch: epochMs(Date.UTC(2026, 4, 20)) });
      lines = [];
      const silent = (): void => undefined;
      const warn = (fields: object): void => void lines.push({ ...fields });
      const log = { error: silent, warn, info: silent, debug: silent } as unknown as Log;
      const random = () => 0;
      ingest = new Ingest({ repository: store, link, root: "vitrine", clock, log, random });
      await store.claimHome("gw1", "shop1");
    });
    afterEach(() => store.close());

    const send = (message: object | string): Promise<AckMessage | undefined> =>
      link.receive(UP, message);
    const warned = (): readonly unknown[] =>
      lines.filter((one) => one["event"] === "ingest.invalid");

    test("a batch of a later version stays with its gateway, which is told to wait longer each time, and is kept once", async () => {
      const pauses: number[] = [];
      for (let round = 0; round < 12; round += 1) {
        // Batches are cut anew each time: the text differs, the place does not.
        const ev = Array.from({ length: 1 + round }, (_, n) => event(n));
        const ack = await send(batch(1, ev, { v: 2 }));
        assert.deepEqual([ack?.seq, ack?.need], [{}, { journey: 1 }]);
        pauses.push(ack?.pauseMs ?? 0);
      }
      assert.deepEqual(pauses.slice(0, 3), [2000, 4000, 8000]);
      assert.equal(pauses.at(-1), 240_000);
      assert.equal(link.published.at(-1)?.retain, false);
      const rows = await store.quarantined(null, 10);
      assert.deepEqual(
        rows.map(({ times, reason }) => [times, reason]),
        [[12, "v: expected 1, found 2"]],
      );
      assert.equal(ingest.counts.held, 12);
      assert.equal(await account(store), null, "nothing was counted off");
      await send(batch(1, [event(0)]));
      assert.deepEqual((await account(store))?.["stored"], 1, "a centre that can takes it");
      assert.equal((await send(batch(2, [event(1)], { v: 2 })))?.pauseMs, 2000, "from the start");
    });

    test("a message that comes again is counted, and another is kept beside it", async () => {
      for (let n = 0; n < 5; n += 1) {
        clock.advance(1000);
        assert.equal(await send("{"), undefined);
      }
      await send("[");
      const rows = await store.quarantined(null, 10);
      assert.deepEqual(
        rows.map(({ body, times, receivedAt, lastReceivedAt }) => [
          ...[body, times, lastReceivedAt - receivedAt],
        ]),
        [
          ["[", 1, 0],
          ["{", 5, 4000],
        ],
      );
      assert.equal(ingest.counts.quarantined, 6);
    });

    test("the same about one gateway is logged at most every ten minutes, with how often it was not", async () => {
      for (let n = 0; n < 30; n += 1) await send("{");
      assert.equal(warned().length, 1);
      await link.receive("vitrine/v1/gw2/up/ev", "{");
      assert.equal(warned().length, 2, "another gateway is another matter");
      clock.advance(600_000);
      await send("{");
      assert.equal(lines.at(-1)?.["suppressed"], 29);
    });

    test("an envelope that breaks the contract but says what its records are is counted off: each is set aside", async () => {
      const ack = await send(batch(1, [event(0), "text", 7], { hist: "no" }));
      assert.deepEqual([ack?.seq, ack?.need, ack?.pauseMs], [{ journey: 3 }, null, 0]);
      assert.deepEqual((await send(batch(4, [event(3)])))?.seq, { journey: 4 });
      const many = Array.from({ length: 1030 }, () => ({}));
      assert.deepEqual((await send(batch(5, many)))?.seq, { journey: 4 + 1024 });
      const large = { ...event(9), data: { text: "x".repeat(140_000) } };
      assert.deepEqual((await send(batch(1029, [large])))?.seq, { journey: 1029 });
      const sums = await account(store);
      assert.deepEqual([sums?.["stored"], sums?.["quarantined"]], [1, 1028]);
      const [newest] = await store.quarantined(null, 1);
      assert.deepEqual([newest?.reason, newest?.seq], ["payload too large", 1029]);
      assert.ok(Buffer.byteLength(newest?.body ?? "") <= 65_536);
    });

    test("a key that a later version adds to the envelope keeps no event out", async () => {
      assert.deepEqual((await send(batch(1, [event(0)], { zone: "eu" })))?.seq, { journey: 1 });
      assert.equal((await account(store))?.["stored"], 1);
    });

    test("numbers that cannot be counted off stay with the gateway: no records, a gap out of place", async () => {
      const gap = { ...event(0), type: "vitrine.gap" };
      const data = { stream: "journey", from: 3, to: 4, n: 2, why: "cap" };
      for (const ev of [[], null, [{ ...gap, data }]] as const) {
        const ack = await send(batch(1, ev as readonly unknown[]));
        assert.deepEqual([ack?.seq, ack?.need], [{}, { journey: 1 }]);
        assert.ok((ack?.pauseMs ?? 0) > 0);
      }
      assert.equal(await account(store), null);
      // All stand at the same place, but are wrong in different ways.
      assert.deepEqual(
        (await store.quarantined(null, 9)).map(({ times }) => times),
        [1, 1, 1],
      );
    });

    test("what a gateway without a store sends waits until it has said where it is", async () => {
      const odd = { ...batch(1, [{ nonsense: true }]) };
      const ack = await link.receive("vitrine/v1/gw7/up/ev", odd);
      assert.deepEqual([ack?.seq, ack?.need], [{}, { journey: 1 }]);
      await store.claimHome("gw7", "shop1");
      assert.deepEqual((await link.receive("vitrine/v1/gw7/up/ev", odd))?.seq, { journey: 1 });
    });
  });
}
