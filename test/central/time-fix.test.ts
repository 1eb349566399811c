import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { Ingest } from "../../src/central/ingest.ts";
import type { CentralStore } from "../../src/central/repository.ts";
import { epochMs, gatewayId, storeId } from "../../src/core/brand.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { eventHash } from "../../src/io/mqtt/event-hash.ts";
import { type CloudEvent, toCloudEvent } from "../../src/wire/cloud-event.ts";
import { crossing } from "../e2e/delivery-rig.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { FakeLink } from "../fakes/fake-link.ts";
import { EPOCH, ids, OTHER_EPOCH } from "./batches.ts";
import { ENGINES, open } from "./engines.ts";

const HOUR = 3_600_000;
/** Where a clock begins that was never set, and when the gateway was really switched on. */
const WRONG = Date.UTC(2024, 0, 1);
const BOOT_AT = Date.UTC(2026, 3, 30, 23, 30);
const NOW = Date.UTC(2026, 4, 20);

interface Told {
  readonly boot?: string;
  readonly clock?: "synced" | "holdover" | "unsynced";
  /** What the gateway's clock said at monotonic 0. */
  readonly wall?: number;
}

/** The n-th crossing of a life of the gateway, ten minutes after the one before. */
function told(n: number, { boot = "b1", clock = "unsynced", wall = WRONG }: Told = {}): CloudEvent {
  const atMono = n * 600_000;
  const journey = { ...crossing(n, boot), at: wall + atMono, atMono, clock } as JourneyEvent;
  return dressed(journey, boot);
}

function fixOf(boot: string, atMono: number): CloudEvent {
  const at = epochMs(BOOT_AT + atMono);
  const head = { kind: "time-fix", source: `clock:${boot}`, seq: 0, at, atMono, clock: "synced" };
  return dressed({ ...head, boot, offsetMs: BOOT_AT - WRONG } as unknown as JourneyEvent, boot);
}

const dressed = (event: JourneyEvent, boot: string): CloudEvent =>
  toCloudEvent(event, {
    ...{ gatewayId: gatewayId("gw1"), storeId: storeId("shop1"), boot },
    ...{ recordedAt: event.at, hash: eventHash },
  });

for (const engine of ENGINES) {
  describe(`clocks that were not set, in ${engine.name}`, { skip: !engine.isThere }, () => {
    let store: CentralStore;
    let link: FakeLink;
    before(() => engine.start());
    after(() => engine.stop());
    beforeEach(async () => {
      store = await open(await engine.create());
      link = new FakeLink();
      const clock = new FakeClock({ epoch: epochMs(NOW) });
      const log = SILENT_LOG;
      new Ingest({ repository: store, link, root: "vitrine", clock, log, random: () => 0.5 });
    });
    afterEach(() => store.close());

    async function send(
      first: number,
      ev: readonly object[],
      stream = "journey",
      epoch = EPOCH,
    ): Promise<void> {
      const message = { v: 1, epoch, stream, first, hist: false, ev };
      const ack = await link.receive("vitrine/v1/gw1/up/ev", message);
      assert.equal(ack?.seq[stream], first + ev.length - 1);
    }
    /** Times of all crossings, as the rows and as their bodies tell them. */
    async function times(): Promise<readonly number[]> {
      const span = { storeId: "shop1", from: epochMs(0), to: epochMs(9e12) };
      const all = await store.events({ ...span, type: null, limit: 99, after: null });
      const rows = all.filter(({ body }) => !body.includes("vitrine.time-fix"));
      for (const { at, body } of rows)
        assert.equal(Date.parse((JSON.parse(body) as CloudEvent).time), at);
      return rows.map(({ at }) => at);
    }
    const really = (...all: number[]): number[] => all.map((n) => BOOT_AT + n * 600_000);
    const sums = async (): Promise<number[]> => {
      const streams = (await store.gateways()).flatMap((row) => row.streams);
      const sum = (key: "seq" | "stored" | "known" | "quarantined"): number =>
        streams.reduce((total, one) => total + one[key], 0);
      return [sum("seq"), sum("stored"), sum("known"), sum("quarantined")];
    };

    test("what was stored before the fix gets its time with it, over the border of a month, and both hours are made anew", async () => {
      await send(1, [told(0), told(1), told(9)]);
      const all = await store.dirtyHours(99);
      await store.saveRollups("shop1", [], all);
      await send(1, [fixOf("b1", 6_000_000)], "audit");
      assert.deepEqual(await times(), really(0, 1, 9));
      const hours = (await store.dirtyHours(99)).map(({ hour }) => hour);
      const touched = [WRONG, WRONG + HOUR, ...really(0, 9, 10)];
      assert.deepEqual(
        [...hours].sort((a, b) => a - b),
        [...new Set(touched.map((at) => Math.floor(at / HOUR) * HOUR))],
      );
      const [row] = await store.stores();
      assert.deepEqual([row?.events, row?.firstAt, row?.lastAt], [4, ...really(0, 10)]);
    });

    test("what comes after its fix is stored at the time it had, in one batch with it too", async () => {
      await send(1, [told(1), fixOf("b1", 6_000_000), told(2)]);
      await send(4, [told(3)]);
      assert.deepEqual(await times(), really(1, 2, 3));
    });

    test("repeats change nothing, whatever epoch they come under and however late", async () => {
      const before = [told(1), told(2), told(3)];
      const fix = fixOf("b1", 6_000_000);
      await send(1, before);
      await send(1, [fix], "audit");
      await send(1, before);
      await send(1, before, "journey", OTHER_EPOCH);
      await send(1, [fix], "audit", OTHER_EPOCH);
      assert.deepEqual(await times(), really(1, 2, 3));
      assert.equal((await ids(store)).length, 4);
      assert.deepEqual(await sums(), [8, 4, 4, 0]);
      const [row] = await store.stores();
      assert.equal(row?.events, 4);
    });

    test("another life, and a clock that was known, are left as they were told", async () => {
      await send(1, [told(1, { boot: "b0" }), told(2, { clock: "holdover" }), told(3)]);
      await send(1, [fixOf("b1", 6_000_000)], "audit");
      const wrong = [1, 2].map((n) => WRONG + n * 600_000);
      assert.deepEqual(await times(), [...wrong, ...really(3)]);
    });

    test("an event set aside only because its clock ran ahead is stored when the fix comes, and one that comes later too", async () => {
      const ahead = Date.UTC(2036, 0, 1);
      await send(1, [told(1, { wall: ahead }), told(2)]);
      assert.deepEqual(await sums(), [2, 1, 0, 1]);
      const [aside] = await store.quarantined(null, 9);
      assert.match(aside?.reason ?? "", /^time is \d+ s ahead$/);
      await send(1, [fixOf("b1", 6_000_000)], "audit");
      assert.deepEqual(await times(), really(1, 2));
      await send(3, [told(3, { wall: ahead }), told(4, { wall: ahead, clock: "synced" })]);
      assert.deepEqual(await times(), really(1, 2, 3));
      assert.deepEqual(await sums(), [5, 4, 0, 1]);
      assert.equal(
        (await store.quarantined(null, 9)).length,
        1,
        "a clock that was set has no excuse",
      );
      assert.equal((await store.stores())[0]?.events, 4);
    });

    test("a fix of nonsense mends nothing and harms nothing", async () => {
      const wild = [1e15, -1e15].map((mono, n) => ({ ...told(n), monoMs: String(mono) }));
      await send(1, [...wild, told(5)]);
      await send(1, [fixOf("b1", 6_000_000)], "audit");
      assert.deepEqual(await times(), [WRONG, WRONG + 600_000, ...really(5)]);
    });

    test("an event that came under its right time as well is there once", async () => {
      await send(1, [told(1), told(2)]);
      await send(1, [told(1, { clock: "holdover", wall: BOOT_AT })], "journey", OTHER_EPOCH);
      await send(1, [fixOf("b1", 6_000_000)], "audit");
      assert.deepEqual(await times(), really(1, 2));
      assert.equal((await store.stores())[0]?.events, 3);
    });
  });
}
