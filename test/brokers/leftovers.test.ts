import assert from "node:assert/strict";
import { test } from "node:test";
import { Leftovers } from "./leftovers.ts";

test("what a test leaves behind is ended once, the latest first, whatever one of them does", async () => {
  const leftovers = new Leftovers();
  const ended: string[] = [];
  leftovers.add("centre", () => ended.push("centre"));
  leftovers.add("stuck", () => new Promise(() => undefined), 20);
  leftovers.add("broken", () => Promise.reject(new Error("no")));
  const end = leftovers.add("gateway", () => ended.push("gateway"));
  await end();
  await assert.rejects(leftovers.end(), /not ended: broken: Error: no; stuck: .*not within 20 ms/);
  assert.deepEqual(ended, ["gateway", "centre"]);
  await leftovers.end();
});
