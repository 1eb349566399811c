import assert from "node:assert/strict";
import { test } from "node:test";
import { shopSite } from "../../../test/fakes/journey-events.ts";
import { visit } from "../../../test/fakes/loyalty-centre.ts";
import { epochMs, tagId } from "../../core/brand.ts";
import { createMetrics } from "../metrics.ts";

const DAY_MS = 86_400_000;

test("a visit whose newer telling names its customer otherwise is one customer's", () => {
  const metrics = createMetrics({ site: shopSite() });
  const customers = () =>
    metrics.sources.book.days.flatMap(({ span }) =>
      ["gone-A", "gone-b"].map((name) => {
        const days = metrics.sources.customers.visitsOf(name);
        return days.find(({ dayStart }) => dayStart === span.start)?.visits ?? 0;
      }),
    );
  metrics.ingest(visit("gone-A"));
  assert.deepEqual(customers(), [1, 0]);
  metrics.ingest(visit("gone-b", { seq: 2, revision: 1 }));
  assert.deepEqual(customers(), [0, 1]);
  metrics.ingest(visit("gone-A", { seq: 3, visitId: "other" as never }));
  metrics.ingest(visit("gone-b", { seq: 4, revision: 2, isWithdrawn: true }));
  assert.deepEqual(customers(), [1, 0]);
  metrics.ingest(visit("gone-A", { seq: 5, revision: 3, tagKind: null, tagId: null }));
  assert.deepEqual(customers(), [1, 0]);
});

test("a telling that moves the visit to another day and names its customer otherwise leaves nobody behind", () => {
  const metrics = createMetrics({ site: shopSite() });
  const first = visit("gone-A");
  metrics.ingest(first);
  const [enteredAt, exitedAt] = [first.enteredAt, first.exitedAt].map((at) => epochMs(at + DAY_MS));
  const moved = { enteredAt, exitedAt, at: exitedAt } as Partial<typeof first>;
  metrics.ingest({ ...first, ...moved, seq: 2, revision: 1, tagId: tagId("gone-b") });
  const { customers } = metrics.sources;
  assert.deepEqual(customers.daysOf("gone-A"), []);
  assert.equal(customers.daysOf("gone-b").length, 1);
});
