import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ACME, NAME, OTHER, stationEvent, tagEvent } from "../../../test/central/erase-rig.ts";
import { apiConsent, visit } from "../../../test/fakes/loyalty-centre.ts";
import { LoyaltyDeskRig, START } from "../../../test/fakes/loyalty-desk-rig.ts";
import { type EpochMs, epochMs, visitId } from "../../core/brand.ts";
import { LoyaltyKeys } from "../../privacy/loyalty/loyalty-keys.ts";
import type { BatchRecord } from "../repository.ts";
import { SqliteStore } from "../sqlite/sqlite-store.ts";
import { GoneBook } from "./gone-book.ts";
import { ShopDays } from "./shop-days.ts";
import { StoreEraser } from "./store-eraser.ts";

const ADA = { tenantId: "acme", customer: "ada" };
const DAY_MS = 86_400_000;
let rig: LoyaltyDeskRig;
beforeEach(async () => {
  rig = await LoyaltyDeskRig.open();
});
afterEach(() => rig.close());

const turns = async (): Promise<void> => {
  for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A gate in the way of what is written, and what says whether anybody stands before it. */
function gate() {
  let open = (): void => undefined;
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), isOpen, waiting: 0 };
}

/** Asks to erase, and says whether that is done. */
function erasing(): { isDone: boolean; readonly done: Promise<void> } {
  const asked = { isDone: false, done: Promise.resolve() };
  asked.done = rig.ask("/erasures", ADA).then(({ status }) => {
    assert.equal(status, 200);
    asked.isDone = true;
  });
  return asked;
}

async function everything(): Promise<string> {
  const span = { from: epochMs(0), to: epochMs(9e12), type: null, limit: 99, after: null };
  const events = await rig.bare.events({ storeId: "shop1", ...span });
  return JSON.stringify([events, await rig.bare.quarantined(null, 99)]);
}

test("a batch that was heard before the erasure and is stored during it is waited for, and erased", async () => {
  const { card } = await rig.member();
  const door = gate();
  const commit = rig.bare.commit.bind(rig.bare);
  rig.bare.commit = async (batches) => {
    door.waiting += 1;
    await door.isOpen;
    return commit(batches);
  };
  const sent = rig.send("shop1", visit(card));
  await turns();
  assert.equal(door.waiting, 1);
  const asked = erasing();
  await turns();
  assert.equal(asked.isDone, false);
  door.open();
  await Promise.all([sent, asked.done]);
  assert.ok(!(await everything()).includes(card));
  assert.ok((await everything()).includes("gone-"), "the event is there");
});

test("what was being set aside when the member was erased is waited for, and erased", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", visit(card));
  const door = gate();
  const quarantine = rig.bare.quarantine.bind(rig.bare);
  rig.bare.quarantine = async (...row) => {
    door.waiting += 1;
    await door.isOpen;
    return quarantine(...row);
  };
  const set = rig.store.quarantine("gw-shop1", "no event", `{"tagId":"${card}"}`, rig.clock.now());
  await turns();
  assert.equal(door.waiting, 1);
  const asked = erasing();
  await turns();
  assert.equal(asked.isDone, false);
  door.open();
  await Promise.all([set, asked.done]);
  assert.ok(!(await everything()).includes(card));
  assert.ok((await everything()).includes("no event"), "the row is there");
});

test("erasing takes the name out of the days of its shops at once, each under the name of its day", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", visit(card));
  const part = String(START - (START % DAY_MS));
  const key = { kind: "day-record", owner: "shop1", part };
  await rig.store.saveDocument(key, JSON.stringify(["other", card]), rig.clock.now());
  await rig.ask("/erasures", ADA);
  const text = (await rig.store.document(key))?.text ?? "";
  assert.ok(!text.includes(card));
  const [, alias] = JSON.parse(text) as string[];
  assert.ok((await everything()).includes(String(alias)), "events of the day say the same");
});

test("a member who agrees anew within minutes keeps the name of what comes since, and what was before is looked for again", async () => {
  const { card } = await rig.member();
  await rig.ask("/consents", { ...ADA, consent: apiConsent("messages") });
  await rig.send("shop1", visit(card));
  await rig.ask("/revocations", { ...ADA, purposes: ["loyalty-beacon"] });
  assert.ok(!(await everything()).includes(card));
  rig.clock.advance(120_000);
  await rig.ask("/consents", { ...ADA, consent: apiConsent() });
  const at = epochMs(rig.clock.now() + 60_000);
  const when = { at, enteredAt: at, exitedAt: at, seq: 2, visitId: visitId("visit-2") };
  await rig.send("shop1", visit(card, when));
  // Figures that were being made wrote the name back.
  const key = { kind: "day-record", owner: "shop1", part: String(START - DAY_MS) };
  await rig.store.saveDocument(key, JSON.stringify([card]), rig.clock.now());
  rig.clock.advance(11 * 60_000);
  await rig.desk.sweep();
  assert.ok((await everything()).includes(card), "the new visit keeps its name");
  assert.ok(!((await rig.store.document(key))?.text ?? card).includes(card));
});

/** An eraser that counts how often it asks whether a name was taken out. */
async function counting() {
  const keys = new LoyaltyKeys(new Uint8Array(32).fill(7));
  const [store, now] = [new SqliteStore(":memory:"), (): EpochMs => epochMs(START)];
  const asked: string[] = [];
  const gone = await GoneBook.open(
    {
      keys: {
        goneIndexOf: (tenant, name) => {
          asked.push(name);
          return keys.goneIndexOf(tenant, name);
        },
        seal: (...given) => keys.seal(...given),
        open: (...given) => keys.open(...given),
      },
      ...{ store, now, keptMs: DAY_MS },
    },
    [ACME],
  );
  const days = new ShopDays(async () => null);
  const commitsDone = async (): Promise<void> => undefined;
  const eraser = new StoreEraser({ store, gone, days, now, keptSince: () => null, commitsDone });
  return { asked, eraser, store };
}

test("what comes in is asked for names where an event says whom it is about, and nowhere else", async () => {
  const { asked, eraser, store } = await counting();
  await eraser.erase(ACME, [{ name: NAME, storeIds: ["shop1"] }]);
  asked.length = 0;
  const body = JSON.stringify({ data: { zoneId: "zone-16-chars-xx", lineId: "line-16-chars-xx" } });
  const nobody: BatchRecord = {
    ...{ kind: "event", storeId: "shop1", at: epochMs(START), id: "event-16-chars-x", body },
    type: "vitrine.zone-entered",
  };
  const spaced = { ...nobody, body: `{ "data": { "pseudonym" : "${NAME}", "tagId": null } }` };
  const records = [nobody, tagEvent(1, OTHER), tagEvent(2, NAME), stationEvent(3, NAME), spaced];
  const kept = await eraser.cleaned(ACME, "shop1", records, () => false);
  assert.deepEqual(new Set(asked), new Set([OTHER, NAME]));
  assert.deepEqual(kept.slice(0, 2), records.slice(0, 2), "as they came");
  const texts = kept.slice(2).map((one) => (one.kind === "event" ? one.body : ""));
  assert.deepEqual(
    texts.map((text) => [text.includes(NAME), text.includes("gone-")]),
    texts.map(() => [false, true]),
  );
  const aside: BatchRecord = { kind: "quarantined", reason: `no ${NAME}`, body: `tag/${NAME}` };
  assert.ok(!JSON.stringify(await eraser.cleaned(ACME, "s", [aside], () => false)).includes(NAME));
  await store.close();
});
