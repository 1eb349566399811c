import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import type { CentralStore } from "../../src/central/repository.ts";
import { epochMs } from "../../src/core/brand.ts";
import {
  account,
  aside,
  batch,
  EPOCH,
  event,
  gap,
  ids,
  NOON,
  numbers,
  OTHER_EPOCH,
  RECEIVED,
} from "./batches.ts";
import { ENGINES, open } from "./engines.ts";

const HOUR = 3_600_000;
const SHOPS = numbers(1, 12).map((n) => `shop${n}`);
const birth = {
  v: 1 as const,
  online: true,
  session: "s-2",
  boot: "b1",
  storeId: "shop1",
  epoch: EPOCH,
  versions: { vitrine: "1" },
  schemaHash: "x",
  sensors: [{ id: "door", kind: "camera" as const, state: "seeing" as const }],
};

for (const engine of ENGINES) {
  describe(`events in ${engine.name}`, { skip: !engine.isThere }, () => {
    let store: CentralStore;
    let url = "";
    before(() => engine.start());
    after(() => engine.stop());
    beforeEach(async () => {
      url = await engine.create();
      store = await open(url);
    });
    afterEach(() => store.close());

    test("a batch is stored, and its repetition changes nothing", async () => {
      const three = batch(
        1,
        numbers(1, 3).map((n) => event(n)),
      );
      const [first] = await store.commit([three]);
      assert.deepEqual(first, {
        ...{ failed: null, need: null, positions: { journey: 3 } },
        ...{ stored: 3, known: 0, shed: 0, quarantined: 0 },
      });
      const [again] = await store.commit([three]);
      assert.deepEqual([again?.stored, again?.positions], [0, { journey: 3 }]);
      assert.equal((await ids(store)).length, 3);
      assert.deepEqual(await store.positions("gw1", EPOCH), { journey: 3 });
    });

    test("bodies come back to the byte, in order of time and id, page by page", async () => {
      const records = numbers(1, 40).map((n) => event(n, "shop1", NOON + 1000 * (n >> 3)));
      await store.commit([batch(1, records)]);
      const sorted = records.map((one) => (one.kind === "event" ? one.id : "")).sort();
      const query = { storeId: "shop1", from: epochMs(NOON), to: epochMs(NOON + HOUR), type: null };
      const first = await store.events({ ...query, limit: 7, after: null });
      const rest = await store.events({ ...query, limit: 99, after: first.at(-1) ?? null });
      assert.deepEqual(
        [...first, ...rest].map(({ id }) => id),
        sorted,
      );
      const bodies = new Map(
        records.map((one) => (one.kind === "event" ? [one.id, one.body] : ["", ""])),
      );
      for (const { id, body } of [...first, ...rest]) assert.equal(body, bodies.get(id));
      const none = await store.events({ ...query, type: "vitrine.exited", limit: 9, after: null });
      assert.deepEqual(none, []);
    });

    test("a batch that leaves a hole changes nothing and names the number waited for", async () => {
      const [hole] = await store.commit([batch(4, [event(4)])]);
      assert.deepEqual([hole?.need, hole?.stored], [1, 0]);
      assert.deepEqual(await store.gateways(), []);
      const both = await store.commit([batch(1, [event(1)]), batch(3, [event(3)])]);
      assert.deepEqual(
        both.map(({ need }) => need),
        [null, 2],
      );
      assert.deepEqual(await account(store), {
        seq: 1,
        stored: 1,
        known: 0,
        shed: 0,
        quarantined: 0,
      });
    });

    test("of a gap that overlaps what arrived before only the rest is missing", async () => {
      await store.commit([batch(1, [event(1), event(2)])]);
      await store.commit([batch(1, [gap(1, 5), event(6)])]);
      assert.deepEqual(await account(store), {
        seq: 6,
        stored: 3,
        known: 0,
        shed: 3,
        quarantined: 0,
      });
      const [row] = await store.gateways();
      assert.deepEqual(
        row?.gaps.map(({ from, to, n, why, stream }) => [from, to, n, why, stream]),
        [[3, 5, 3, "cap", "journey"]],
      );
    });

    test("a gap tells about when its events happened: between those around it, or up to when they were given up", async () => {
      const shedAt = epochMs(NOON + HOUR);
      await store.commit([
        batch(1, [event(1), { ...gap(2, 3), shedAt } as ReturnType<typeof gap>]),
      ]);
      await store.commit([batch(4, [gap(4, 5), event(6), gap(7, 8)])]);
      const [row] = await store.gateways();
      assert.deepEqual(
        row?.gaps.map(({ from, firstAt, lastAt }) => [from, firstAt, lastAt]),
        [
          [7, NOON + 6000, null],
          [4, NOON + 1000, NOON + 6000],
          [2, NOON + 1000, shedAt],
        ],
      );
      const within = async (from: number, to: number): Promise<number[]> =>
        (await store.gapsWithin("shop1", epochMs(from), epochMs(to))).map((one) => one.from);
      assert.deepEqual((await within(NOON + 2000, NOON + 3000)).sort(), [2, 4]);
      assert.deepEqual(await within(NOON - HOUR, NOON), []);
      assert.deepEqual(
        await within(RECEIVED, RECEIVED + 1),
        [7],
        "as long as nothing better is known",
      );
      const [gateway] = await store.gateways();
      assert.deepEqual(await store.lostSince(RECEIVED), [{ gatewayId: gateway?.gatewayId, n: 6 }]);
      assert.deepEqual(await store.lostSince(epochMs(RECEIVED + 1)), []);
    });

    test("events that come again under a new epoch are known, not duplicated", async () => {
      const ten = numbers(1, 10).map((n) => event(n));
      await store.commit([batch(1, ten, { epoch: OTHER_EPOCH })]);
      const [reborn] = await store.commit([batch(1, [...ten.slice(5), event(11)])]);
      assert.deepEqual([reborn?.stored, reborn?.known], [1, 5]);
      const [later] = await store.commit([batch(7, [event(3), event(12)])]);
      assert.deepEqual([later?.stored, later?.known], [1, 1]);
      assert.deepEqual(await account(store), {
        seq: 8,
        stored: 2,
        known: 6,
        shed: 0,
        quarantined: 0,
      });
      assert.equal((await ids(store)).length, 12);
    });

    test("the same event twice in one batch or in two of one commit is stored once", async () => {
      const [one, two] = await store.commit([
        batch(1, [event(1), event(2), event(1)]),
        batch(4, [event(2), event(3)]),
      ]);
      assert.deepEqual([one?.stored, one?.known, two?.stored, two?.known], [2, 1, 1, 1]);
      assert.deepEqual(await account(store), {
        seq: 5,
        stored: 3,
        known: 2,
        shed: 0,
        quarantined: 0,
      });
      assert.equal((await ids(store)).length, 3);
    });

    test("many stores in one commit: each outcome stands at its batch, each store counts its own", async () => {
      const outcomes = await store.commit(
        SHOPS.map((storeId, index) => {
          const records = numbers(1, index + 1).map((n) => event(n, storeId));
          return batch(1, records, { storeId, gatewayId: `gw-${storeId}` });
        }),
      );
      assert.deepEqual(
        outcomes.map(({ stored }) => stored),
        numbers(1, SHOPS.length),
      );
      const stores = await store.stores();
      assert.deepEqual(
        stores.map(({ storeId, events }) => [storeId, events]),
        SHOPS.map((storeId, index) => [storeId, index + 1]).sort(),
      );
      assert.deepEqual([stores[0]?.firstAt, stores[0]?.lastAt], [NOON + 1000, NOON + 1000]);
      assert.equal(new Set(SHOPS.map((storeId) => store.laneOf(storeId))).size, store.lanes);
    });

    test("streams of an outbox have cursors of their own", async () => {
      await store.commit([
        batch(1, [event(1)]),
        batch(1, [event(2), event(3)], { stream: "zone" }),
      ]);
      const [outcome] = await store.commit([batch(2, [event(4)])]);
      assert.deepEqual(outcome?.positions, { journey: 2, zone: 2 });
      assert.deepEqual(await store.positions("gw1", OTHER_EPOCH), {});
    });

    test("what is set aside can be read, newest first and by pages, and the cursor goes on", async () => {
      const [outcome] = await store.commit([batch(1, [aside("one"), event(2), aside("two")])]);
      assert.deepEqual([outcome?.quarantined, outcome?.positions], [2, { journey: 3 }]);
      const later = epochMs(RECEIVED + 5000);
      await store.quarantine("gw9", "payload too large", "\0x".repeat(60_000), later);
      const all = await store.quarantined(null, 10);
      assert.deepEqual(
        all.map(({ gatewayId, seq, reason }) => [gatewayId, seq, reason]).slice(0, 1),
        [["gw9", null, "payload too large"]],
      );
      assert.deepEqual(all.map(({ reason }) => reason).sort(), ["one", "payload too large", "two"]);
      assert.ok(Buffer.byteLength(all[0]?.body ?? "") <= 65_536);
      const next = await store.quarantined(all[0]?.n ?? null, 1);
      assert.deepEqual(
        next.map(({ n }) => n),
        [all[1]?.n],
      );
    });

    test("a gateway belongs to the store it was first registered for", async () => {
      assert.equal(await store.home("gw1"), null);
      assert.equal(await store.claimHome("gw1", "shop1"), "shop1");
      assert.equal(await store.claimHome("gw1", "shop2"), "shop1");
      assert.equal(await store.home("gw1"), "shop1");
    });

    test("a birth shows who is there, and a late farewell of an older session does not count", async () => {
      await store.recordBirth("gw1", birth, RECEIVED);
      await store.recordBirth("gw1", { ...birth, online: false, session: "s-1" }, RECEIVED);
      const [row] = await store.gateways();
      assert.deepEqual(
        [row?.storeId, row?.online, row?.session, row?.versions, row?.sensors],
        ["shop1", true, "s-2", { vitrine: "1" }, birth.sensors],
      );
      await store.recordBirth("gw1", { ...birth, online: false }, epochMs(RECEIVED + 1));
      const [gone] = await store.gateways();
      assert.deepEqual([gone?.online, gone?.lastSeenAt], [false, RECEIVED + 1]);
    });

    test("events of any age are stored, and retention drops whole old months", async () => {
      const times = [0, Date.UTC(2019, 11, 31), Date.UTC(2026, 0, 15), Date.UTC(2026, 3, 30), NOON];
      await store.commit([
        batch(
          1,
          times.map((at, n) => event(n, "shop1", at)),
        ),
      ]);
      assert.equal((await ids(store)).length, 5);
      assert.equal(await store.retain(epochMs(Date.UTC(2026, 3, 1))), 3);
      assert.equal((await ids(store)).length, 2);
      const [row] = await store.stores();
      assert.deepEqual([row?.events, row?.firstAt], [2, Date.UTC(2026, 3, 30)]);
      await store.commit([batch(6, [event(9, "shop1", Date.UTC(2026, 0, 20))])]);
      assert.equal((await ids(store)).length, 3);
    });

    test("what was stored is there after the store was opened again", async () => {
      await store.commit([batch(1, [event(1)])]);
      await store.close();
      store = await open(url);
      assert.deepEqual(await account(store), {
        seq: 1,
        stored: 1,
        known: 0,
        shed: 0,
        quarantined: 0,
      });
    });

    test("any order of batches, replays, holes and gaps keeps the account exact, to the unit", async () => {
      const part = fc.record({
        first: fc.integer({ min: 1, max: 30 }),
        length: fc.integer({ min: 1, max: 12 }),
        stream: fc.constantFrom("journey", "zone"),
      });
      const record = (seq: number, stream: string) =>
        seq % 7 === 0 ? gap(seq, seq) : seq % 11 === 0 ? aside() : event(seq, `${stream}-shop`);
      let run = 0;
      const property = async (parts: { first: number; length: number; stream: string }[][]) => {
        run += 1;
        const gatewayId = `p${run}`;
        const storeId = `shop${run}`;
        const play = async () => {
          for (const group of parts)
            await store.commit(
              group.map(({ first, length, stream }) => {
                const records = numbers(first, length).map((n) => record(n, `${stream}${run}`));
                const own = records.map((one) =>
                  one.kind === "event" ? { ...one, storeId } : one,
                );
                return batch(first, own, { gatewayId, storeId, stream });
              }),
            );
        };
        for (let round = 0; round < 3; round += 1) await play();
        const row = (await store.gateways()).find((one) => one.gatewayId === gatewayId);
        let events = 0;
        for (const { seq, stored, known, shed, quarantined } of row?.streams ?? []) {
          const all = numbers(1, seq);
          assert.equal(shed, all.filter((n) => n % 7 === 0).length);
          assert.equal(quarantined, all.filter((n) => n % 7 !== 0 && n % 11 === 0).length);
          assert.equal(stored + known, seq - shed - quarantined);
          events += stored;
        }
        assert.equal((await ids(store, storeId)).length, events);
      };
      const parts = fc.array(fc.array(part, { minLength: 1, maxLength: 4 }), { maxLength: 8 });
      await fc.assert(fc.asyncProperty(parts, property), { numRuns: 15 });
    });
  });
}
