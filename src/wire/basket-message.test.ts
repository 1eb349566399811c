import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBasketMessage } from "./basket-message.ts";

const parsed = (id: unknown): ReturnType<typeof parseBasketMessage> =>
  parseBasketMessage(JSON.stringify({ tagId: "b", change: "add", id }));

test("a change may have an id of its own", () => {
  const [named, plain] = [parsed("07-000412"), parsed(undefined)];
  assert.deepEqual(
    [named.ok && named.value.id, plain.ok && plain.value.id],
    ["07-000412", undefined],
  );
});

for (const id of ["", "x".repeat(65), "a\nb", 7])
  test(`the id ${JSON.stringify(id).slice(0, 9)} is refused`, () => {
    const outcome = parsed(id);
    assert.deepEqual(outcome.ok || outcome.error.map(({ path }) => path), ["id"]);
  });
