import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { MemberBook } from "../../src/central/loyalty/member-book.ts";
import { VisitBook } from "../../src/central/loyalty/visit-book.ts";
import type { CentralStore } from "../../src/central/repository.ts";
import { epochMs, tenantId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { LoyaltyKeys } from "../../src/privacy/loyalty/loyalty-keys.ts";
import { visit } from "../fakes/loyalty-centre.ts";
import { ENGINES, open } from "./engines.ts";

const ACME = tenantId("acme");
const OTHER = tenantId("other");
const NAME = "Ingeborg.Planted@example.com";
const KINDS = [
  "loyalty-member",
  "loyalty-identity",
  "loyalty-visit",
  "loyalty-look",
  "loyalty-key",
];
const keysOf = (byte: number): LoyaltyKeys => new LoyaltyKeys(new Uint8Array(32).fill(byte));
const now = (): ReturnType<typeof epochMs> => epochMs(1_780_000_000_000);

async function everything(store: CentralStore): Promise<string> {
  const rows = await Promise.all(KINDS.map((kind) => store.documents(kind, null)));
  return JSON.stringify(rows);
}

for (const engine of ENGINES)
  describe(`members on ${engine.name}`, {
    skip: engine.isThere ? false : "is not installed",
  }, () => {
    before(() => engine.start());
    after(() => engine.stop());

    const bookOf = (store: CentralStore, byte = 7): Promise<MemberBook> =>
      MemberBook.open({ store, keys: keysOf(byte), now, cap: 3 }, [ACME, OTHER]);

    test("a member is found by the customer's name after a restart, by its tenant alone, with keys and tags", async () => {
      const url = await engine.create();
      const store = await open(url);
      const book = await bookOf(store);
      const added = await book.add(ACME, NAME, { withApp: true });
      assert.ok(added !== null && added.appKey?.length === 16);
      const tag = { rotation: 10, counter: 5, counterAt: now(), lostMs: 0 };
      const tags = [{ ...tag, key: new Uint8Array(16).fill(9) }];
      await book.change(added.subject, (old) => ({ ...old, tags }));
      assert.equal(await book.add(ACME, NAME, { withApp: false }), null);
      assert.equal(book.byCustomer(OTHER, NAME), null);
      await store.close();
      const again = await open(url);
      const read = await bookOf(again);
      assert.deepEqual(read.byCustomer(ACME, NAME), { ...added, tags });
      assert.equal(await read.customerOf(added.subject), NAME);
      await again.close();
    });

    test("the store holds neither a name nor a key in the clear, and nothing of the name beside the keys", async () => {
      const store = await open(await engine.create());
      const book = await bookOf(store);
      const added = await book.add(ACME, NAME, { withApp: true });
      assert.ok(added?.appKey != null);
      const text = await everything(store);
      const secrets = [NAME, Buffer.from(NAME).toString("base64url")];
      for (const form of ["base64", "base64url", "hex"] as const)
        secrets.push(Buffer.from(added.appKey).toString(form));
      for (const secret of secrets) assert.ok(!text.includes(secret), secret);
      assert.ok(
        !JSON.stringify(await store.documents("loyalty-identity", null)).includes(added.subject),
      );
      await store.close();
    });

    test("another key opens nothing: the centre does not start with it, and nothing is changed", async () => {
      const store = await open(await engine.create());
      await (await bookOf(store)).add(ACME, NAME, { withApp: false });
      const before = await everything(store);
      const wrong = (error: unknown): boolean =>
        error instanceof GatewayError && error.code === "LOYALTY_KEY_WRONG";
      await assert.rejects(bookOf(store, 8), wrong);
      assert.equal(await everything(store), before);
      await store.close();
    });

    test("a sealed text that was moved to another member opens nothing", async () => {
      const store = await open(await engine.create());
      const book = await bookOf(store);
      const [one, two] = [
        await book.add(ACME, "one", { withApp: true }),
        await book.add(ACME, "two", { withApp: true }),
      ];
      const place = (subject: string) => ({ kind: "loyalty-member", owner: "acme", part: subject });
      const row = await store.document(place(one?.subject ?? ""));
      await store.saveDocument(place(two?.subject ?? ""), row?.text ?? "", now());
      await assert.rejects(bookOf(store), { code: "LOYALTY_KEY_WRONG" });
      await store.close();
    });

    test("beyond the cap nobody is registered, and whoever is removed leaves nothing and makes room", async () => {
      const store = await open(await engine.create());
      const book = await bookOf(store);
      const visits = new VisitBook(store);
      const added = await book.add(ACME, "a", { withApp: true });
      for (const name of ["b", "c"]) assert.ok(await book.add(ACME, name, { withApp: false }));
      assert.equal(await book.add(ACME, "d", { withApp: false }), null);
      assert.ok(added !== null);
      await visits.keep(added.subject, "shop1", visit("card"), now());
      await visits.look(added.subject, { at: now(), actor: "crm", action: "profile" });
      assert.equal((await visits.of(added.subject)).length, 1);
      assert.equal(await visits.forget(added.subject, now()), 1);
      assert.equal(await book.remove(added.subject, () => true), true);
      assert.ok(!(await everything(store)).includes(added.subject));
      assert.ok(await book.add(ACME, "d", { withApp: false }));
      await store.close();
    });

    test("a visit that is told again is one visit; a newer telling replaces it, a withdrawn one is taken out", async () => {
      const store = await open(await engine.create());
      const visits = new VisitBook(store);
      const subject = (await (await bookOf(store)).add(ACME, "a", { withApp: false }))?.subject;
      assert.ok(subject !== undefined);
      const told = async (change: object): Promise<unknown> =>
        visits.keep(subject, "shop1", { ...visit("card"), ...change }, now());
      assert.deepEqual(await told({}), { isNew: true, isGone: false });
      assert.deepEqual(await told({}), { isNew: false, isGone: false });
      const exitedAt = epochMs(now() + 1);
      await told({ revision: 2, exitedAt });
      await told({ revision: 1 });
      assert.deepEqual(
        (await visits.of(subject)).map((one) => one.exitedAt),
        [exitedAt],
      );
      assert.deepEqual(await told({ revision: 3, isWithdrawn: true }), {
        isNew: false,
        isGone: true,
      });
      assert.deepEqual(await visits.of(subject), []);
      assert.deepEqual(await told({}), { isNew: false, isGone: false });
      assert.deepEqual(await visits.of(subject), []);
      assert.deepEqual(await told({ revision: 4 }), { isNew: true, isGone: false });
      assert.equal(await visits.prune(subject, now()), 0);
      assert.equal(await visits.prune(subject, epochMs(now() + 91 * 86_400_000)), 1);
      await store.close();
    });
  });
