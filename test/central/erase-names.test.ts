import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { CentralStore } from "../../src/central/repository.ts";
import { epochMs } from "../../src/core/brand.ts";
import { account, batch, EPOCH, event, NOON, numbers, RECEIVED } from "./batches.ts";
import { ENGINES, open } from "./engines.ts";
import {
  ACME,
  eraserOn,
  everyBody,
  NAME,
  OTHER,
  STORES,
  stationEvent,
  tagEvent,
} from "./erase-rig.ts";

const DAY_MS = 86_400_000;
const WISH = [{ name: NAME, storeIds: STORES }];

/** Events of every shop: of the member on two days, of somebody else, and of nobody. */
async function fill(store: CentralStore, own = 20): Promise<void> {
  for (const [index, storeId] of STORES.entries()) {
    const records = [
      ...numbers(0, own).map((n) => tagEvent(n, NAME, storeId)),
      tagEvent(own, NAME, storeId, NOON + DAY_MS),
      stationEvent(1, NAME, storeId),
      ...numbers(own + 1, 5).map((n) => tagEvent(n, OTHER, storeId)),
      ...numbers(0, 5).map((n) => event(n, storeId)),
      { kind: "quarantined" as const, reason: `found "${NAME}"`, body: `{"tagId":"${NAME}"` },
    ];
    await store.commit([batch(1, records, { gatewayId: `gw${index + 1}`, storeId })]);
  }
}

/** Resolves when the child has said so much, and is dead. */
function killedAfterFirst(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const program = join(import.meta.dirname, "erase-child.ts");
    const child = spawn(process.execPath, ["--import", "tsx", program, url]);
    let said = "";
    child.stderr.on("data", (text) => {
      said += String(text);
    });
    child.stdout.on("data", (text) => {
      said += String(text);
      child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("exit", () => resolve(said));
  });
}

for (const engine of ENGINES)
  describe(`erasing names on ${engine.name}`, {
    skip: engine.isThere ? false : "is not installed",
  }, () => {
    before(() => engine.start());
    after(() => engine.stop());

    test("a name goes out of every event, of what was set aside and of the days; counts and everybody else stay", async () => {
      const store = await open(await engine.create());
      await fill(store);
      await store.quarantine("gw1", "unreadable", `text ${NAME} text`, RECEIVED);
      const record = { kind: "day-record", owner: "shop2", part: String(NOON - (NOON % DAY_MS)) };
      await store.saveDocument(record, JSON.stringify({ names: [NAME, OTHER] }), RECEIVED);
      const [counted, dirty, had] = [
        await account(store),
        await store.dirtyHours(99),
        await everyBody(store),
      ];
      const { eraser } = await eraserOn(store);
      assert.equal(await eraser.erase(ACME, WISH), 22 * STORES.length);
      const has = await everyBody(store);
      assert.equal(has.filter((body) => body.includes(NAME)).length, 0);
      assert.equal(has.length, had.length);
      const others = (bodies: readonly string[]): string[] =>
        bodies.filter((body) => !body.includes("gone-") && !body.includes(NAME));
      assert.deepEqual(others(has), others(had), "nothing else was touched");
      assert.deepEqual([await account(store), await store.dirtyHours(99)], [counted, dirty]);
      const asides = await store.quarantined(null, 99);
      assert.equal(asides.length, 4);
      assert.ok(!JSON.stringify(asides).includes(NAME));
      const day = (await store.document(record))?.text ?? "";
      assert.ok(!day.includes(NAME) && day.includes(OTHER) && day.includes("gone-"), day);
      assert.equal(await eraser.erase(ACME, WISH), 0, "asked again, it finds nothing");
      await store.close();
    });

    test("visits of one day of a shop stay together, and hang together with no other day or shop", async () => {
      const store = await open(await engine.create());
      await fill(store);
      const { eraser } = await eraserOn(store);
      await eraser.erase(ACME, WISH);
      const aliases = new Map<string, Set<string>>();
      for (const body of await everyBody(store)) {
        const { id, data } = JSON.parse(body) as { id: string; data?: { tagId?: string } };
        const alias = data?.tagId ?? "";
        if (!alias.startsWith("gone-")) continue;
        assert.equal(body.split(alias).length, 3, "in the subject as in the data");
        const place = `${id.split("-")[0]} ${id.endsWith("000020") ? "second day" : "first day"}`;
        aliases.set(place, (aliases.get(place) ?? new Set()).add(alias));
      }
      assert.equal(aliases.size, 2 * STORES.length);
      const all = [...aliases.values()].flatMap((one) => [...one]);
      assert.equal(all.length, new Set(all).size);
      assert.equal(all.length, 2 * STORES.length);
      await store.close();
    });

    test("kill -9 in the middle of it: the centre that starts goes on, and nothing names the member", async () => {
      const url = await engine.create();
      const first = await open(url);
      await fill(first, 900);
      await first.close();
      const said = await killedAfterFirst(url);
      assert.match(said, /^out \d+/, said);
      const store = await open(url);
      const left = (await everyBody(store)).filter((body) => body.includes(NAME)).length;
      assert.ok(left > 0 && left < 902 * STORES.length, `killed in the middle: ${left} left`);
      const { eraser, gone } = await eraserOn(store);
      assert.equal(gone.size, 1, "the mark stood before anything was changed");
      assert.equal(await eraser.erase(ACME, WISH), left);
      const bodies = await everyBody(store);
      assert.ok(!bodies.some((body) => body.includes(NAME)));
      const names = new Set(bodies.flatMap((body) => body.match(/gone-[A-Za-z0-9_-]{16}/g) ?? []));
      assert.equal(names.size, 2 * STORES.length, "both halves go by the same names");
      await store.close();
    });

    test("what the store keeps of an erasure holds the name nowhere in the clear, and is gone after its time", async () => {
      const store = await open(await engine.create());
      await fill(store, 3);
      let now = NOON;
      const { eraser, gone } = await eraserOn(store, () => epochMs(now));
      await eraser.erase(ACME, WISH);
      const text = async (): Promise<string> =>
        JSON.stringify(await store.documents("loyalty-gone", null));
      for (const form of [NAME, Buffer.from(NAME).toString("base64url")])
        assert.ok(!(await text()).includes(form));
      now += 11 * 60_000;
      const record = { kind: "day-record", owner: "shop1", part: "0" };
      await store.saveDocument(record, `["${NAME}"]`, RECEIVED);
      assert.equal(await eraser.again(), 1);
      assert.ok(!(await store.document(record))?.text.includes(NAME), "figures wrote it back");
      assert.equal(await eraser.again(), 0);
      const late = tagEvent(5000, NAME);
      const [cleaned] = await eraser.cleaned(ACME, "shop1", [late], () => false);
      assert.ok(cleaned?.kind === "event" && !cleaned.body.includes(NAME));
      const again = await eraserOn(store, () => epochMs(now));
      const [same] = await again.eraser.cleaned(ACME, "shop1", [late], () => false);
      assert.deepEqual(same, cleaned, "after a restart too");
      now += 91 * DAY_MS;
      assert.equal(await gone.prune(), 1);
      assert.deepEqual(await store.documents("loyalty-gone", null), []);
      await store.close();
    });

    test("looking once more leaves what was told since the member agreed anew, and takes the rest", async () => {
      const store = await open(await engine.create());
      await store.commit([batch(1, [tagEvent(1, NAME)])]);
      let [now, since] = [NOON + 60_000, null as number | null];
      const { eraser } = await eraserOn(
        store,
        () => epochMs(now),
        () => (since === null ? null : epochMs(since)),
      );
      assert.equal(await eraser.erase(ACME, WISH), 1);
      since = NOON + DAY_MS;
      // An old one that was moved here past every check, and new ones on the day of the consent and the day after.
      const records = [
        tagEvent(2, NAME),
        tagEvent(3, NAME, "shop1", since + 60_000),
        tagEvent(4, NAME, "shop1", since + 2 * DAY_MS),
      ];
      await store.commit([batch(2, records)]);
      const dayOf = (at: number) => ({
        ...{ kind: "day-record", owner: "shop1", part: String(at - (at % DAY_MS)) },
      });
      for (const at of [NOON, since + 2 * DAY_MS])
        await store.saveDocument(dayOf(at), `["${NAME}"]`, RECEIVED);
      now = since + 11 * 60_000;
      assert.equal(await eraser.again(), 1);
      const named = await store.namedEvents(STORES, NAME, 9);
      assert.deepEqual(
        named.map(({ id }) => id),
        ["shop1-tag-000003", "shop1-tag-000004"],
      );
      assert.ok(!(await store.document(dayOf(NOON)))?.text.includes(NAME));
      assert.ok((await store.document(dayOf(since + 2 * DAY_MS)))?.text.includes(NAME));
      assert.equal(await eraser.erase(ACME, WISH), 0, "nor does an erasing that is tried again");
      await store.close();
    });

    test("what was set aside is looked through once for all names, however much it is", async () => {
      const store = await open(await engine.create());
      const rows = numbers(0, 450).map((n) => `text ${n} ${[NAME, OTHER, "nobody"][n % 3]} text`);
      for (const text of rows) await store.quarantine("gw1", "unreadable", text, RECEIVED);
      const { eraser } = await eraserOn(store);
      let looks = 0;
      const rename = store.renameAsides.bind(store);
      store.renameAsides = (changes) => {
        looks += 1;
        return rename(changes);
      };
      await eraser.erase(
        ACME,
        [NAME, OTHER].map((name) => ({ name, storeIds: STORES })),
      );
      const text = JSON.stringify(await store.quarantined(null, 999));
      assert.deepEqual(
        [NAME, OTHER, "nobody"].map((name) => text.split(name).length - 1),
        [0, 0, 150],
      );
      assert.equal(new Set(text.match(/gone-[A-Za-z0-9_-]{16}/g)).size, 2);
      assert.equal(looks, 1);
      await store.close();
    });

    test("the log of who did what loses the name in acts about members, and nowhere else", async () => {
      const store = await open(await engine.create());
      const entry = { at: RECEIVED, actor: "crm", detail: "" };
      await store.audit({ ...entry, action: "loyalty:profile", target: NAME });
      await store.audit({ ...entry, action: "export", target: NAME });
      const { eraser } = await eraserOn(store);
      assert.equal(eraser.auditNameOf(ACME, NAME), null);
      await eraser.eraseAudits(ACME, NAME);
      const targets = (await store.audits(null, 9)).map(({ target }) => target);
      assert.deepEqual(targets, [NAME, eraser.auditNameOf(ACME, NAME)]);
      await store.close();
    });

    test("an event that was moved meanwhile is not overwritten with what it was", async () => {
      const store = await open(await engine.create());
      const records = [tagEvent(1, NAME)];
      await store.commit([batch(1, records)]);
      const [found] = await store.namedEvents(["shop1"], NAME, 9);
      assert.ok(found !== undefined);
      const stale = { ...found, was: `${found.body} `, body: "{}" };
      assert.equal(await store.changeEvents([stale]), 0);
      assert.deepEqual(await store.namedEvents(["shop2"], NAME, 9), []);
      assert.deepEqual(await store.namedEvents(["shop1"], NAME.slice(0, 15), 9), []);
      assert.equal((await store.positions("gw1", EPOCH))["journey"], 1);
      await store.close();
    });
  });
