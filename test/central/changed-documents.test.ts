import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { AuditEntry, CentralStore } from "../../src/central/repository.ts";
import { numbers, RECEIVED } from "./batches.ts";
import { ENGINES, open } from "./engines.ts";

const KEY = { kind: "desired", owner: "gw1", part: "" };
const entry = (detail: string): AuditEntry => ({
  ...{ at: RECEIVED, actor: "key", action: "config", target: "gw1", detail },
});

for (const engine of ENGINES)
  describe(`changed documents, in ${engine.name}`, { skip: !engine.isThere }, () => {
    let store: CentralStore;
    before(() => engine.start());
    after(() => engine.stop());
    beforeEach(async () => {
      store = await open(await engine.create());
    });
    afterEach(() => store.close());
    const text = async (): Promise<string | null> => (await store.document(KEY))?.text ?? null;
    const noted = async (): Promise<string[]> =>
      (await store.audits(null, 50)).map(({ detail }) => detail);

    test("a document that is no longer what it was read as is left alone, and nothing is noted", async () => {
      const change = (was: string | null, to: string | null): Promise<boolean> =>
        store.changeDocument(KEY, { was, text: to }, entry(`${was} to ${to}`));
      assert.equal(await change("x", "y"), false, "there is none");
      assert.equal(await change(null, "a"), true);
      assert.equal(await change(null, "b"), false, "there is one");
      assert.equal(await change("x", "b"), false, "it is another");
      assert.equal(await change("a", "b"), true);
      assert.equal(await change("a", null), false);
      assert.equal(await change("b", null), true);
      assert.equal(await text(), null);
      assert.deepEqual(await noted(), ["b to null", "a to b", "null to a"]);
    });

    test("of many changes at the same time one gets through, and it alone is noted", async () => {
      const isDone = await Promise.all(
        numbers(1, 20).map((n) =>
          store.changeDocument(KEY, { was: null, text: `t${n}` }, entry(`t${n}`)),
        ),
      );
      assert.equal(isDone.filter(Boolean).length, 1);
      assert.deepEqual(await noted(), [await text()]);
    });

    test("a change that cannot be noted is not made", async () => {
      const bad = { ...entry("x"), at: Number.NaN as AuditEntry["at"] };
      await assert.rejects(store.changeDocument(KEY, { was: null, text: "a" }, bad));
      assert.equal(await text(), null);
    });
  });
