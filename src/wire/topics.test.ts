import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { gatewayId } from "../core/brand.ts";
import {
  fleetFilter,
  NAMED_CHANNELS,
  namedTopic,
  PLAIN_CHANNELS,
  parseTopic,
  plainTopic,
} from "./topics.ts";

const level = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);

test("every topic that is built is read back as it was", () => {
  const named = fc.tuple(level, level, fc.constantFrom(...NAMED_CHANNELS), level);
  fc.assert(
    fc.property(named, ([root, gw, channel, name]) => {
      const topic = namedTopic(root, gatewayId(gw), channel, name);
      assert.deepEqual(parseTopic(root, topic), { gatewayId: gw, channel, name });
    }),
  );
  for (const channel of PLAIN_CHANNELS) {
    const topic = plainTopic("vitrine", gatewayId("gw-1"), channel);
    assert.deepEqual(parseTopic("vitrine", topic), { gatewayId: "gw-1", channel, name: null });
  }
});

test("any text that is no topic of ours is null and never throws", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = parseTopic("vitrine", text);
      assert.ok(parsed === null || text.startsWith("vitrine/v1/"));
    }),
  );
  for (const topic of [
    "vitrine/v2/gw/up/ev",
    "vitrine/v1/gw/up",
    "vitrine/v1/gw/up/ev/more",
    "vitrine/v1//up/ev",
    "vitrine/v1/a.b/up/ev",
    "vitrine/v1/gw/live",
    "other/v1/gw/up/ev",
    `vitrine/v1/${"g".repeat(65)}/up/ev`,
    `vitrine/v1/gw/live/${"n".repeat(129)}`,
  ])
    assert.equal(parseTopic("vitrine", topic), null, topic);
});

test("a level outside the grammar cannot be built", () => {
  for (const bad of ["", "a.b", "a b", "a/b", "+", "#", "é", "g".repeat(65)])
    assert.throws(() => plainTopic("vitrine", gatewayId(bad), "up/ev"), TypeError);
});

test("the fleet filter stands for every gateway", () => {
  assert.equal(fleetFilter("vitrine", "up/ev"), "vitrine/v1/+/up/ev");
});
