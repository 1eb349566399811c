import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { counterLineFaults } from "./counters.ts";
import { parseGatewayConfig } from "./gateway.ts";
import { parseSitePlan } from "./site.ts";

const base = { gateway: { id: "g" }, site: "site.json", mqtt: { url: "mqtt://127.0.0.1" } };
const mqtt = { kind: "mqtt" };
const area = { xMinM: -4, xMaxM: 4, yMinM: -3, yMaxM: 3 };
const picture = { widthPx: 1280, heightPx: 720 };

/** Path and expectation of each fault of a gateway file with these counters. */
function faultsOf(counters: unknown, more: Record<string, unknown> = {}): Record<string, string> {
  const outcome = parseGatewayConfig({ ...base, counters, ...more });
  if (outcome.ok) return {};
  return Object.fromEntries(outcome.error.map(({ path, expected }) => [path, expected]));
}

test("one counter of each format is accepted, with defaults", () => {
  const counters = [
    {
      id: "a",
      format: "frigate",
      via: { kind: "mqtt", topic: "frigate/events" },
      picture,
      camera: "front",
    },
    { id: "b", format: "axis", via: mqtt, channel: 1 },
    {
      id: "c",
      format: "xovis",
      via: { kind: "tcp", port: 9000 },
      area,
      lines: { 2: "door", "Line 0": { line: "back", forward: "out" } },
    },
    { id: "d", format: "generic", via: { kind: "http", port: 9001 } },
  ];
  const outcome = parseGatewayConfig({ ...base, counters });
  assert.ok(outcome.ok, JSON.stringify(outcome));
  const [, , third] = outcome.value.counters;
  assert.ok(third?.via.kind === "tcp" && third.via.host === "127.0.0.1");
  const none = parseGatewayConfig(base);
  assert.deepEqual(none.ok ? none.value.counters : null, []);
});

test("the example of docs/counters.md is accepted", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/counters.md"), "utf8");
  const yaml = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
  const outcome = parseGatewayConfig({ ...base, ...(parse(yaml) as Record<string, unknown>) });
  assert.ok(outcome.ok, JSON.stringify(outcome));
  assert.equal(outcome.value.counters.length, 4);
});

const REFUSALS: readonly {
  readonly name: string;
  readonly counter: Record<string, unknown>;
  readonly path: string;
  readonly expected: RegExp;
}[] = [
  {
    name: "Frigate without the size of its picture",
    counter: { format: "frigate", via: mqtt },
    path: "picture",
    expected: /size of Frigate's detect picture/,
  },
  {
    name: "Xovis without an area",
    counter: { format: "xovis", via: mqtt },
    path: "area",
    expected: /rectangle of the floor/,
  },
  {
    name: "an area turned round",
    counter: { format: "xovis", via: mqtt, area: { ...area, yMinM: 5 } },
    path: "area.yMaxM",
    expected: /0\.5 m above yMinM/,
  },
  {
    name: "lines of a counter that does not count lines",
    counter: { format: "axis", via: mqtt, lines: { 1: "door" } },
    path: "lines",
    expected: /only for format xovis/,
  },
  {
    name: "an open HTTP port without a token",
    counter: { format: "generic", via: { kind: "http", port: 9001, host: "0.0.0.0" } },
    path: "via.tokenFile",
    expected: /not loopback/,
  },
  {
    name: "an open TCP port for everybody",
    counter: { format: "xovis", area, via: { kind: "tcp", port: 9001, host: "0.0.0.0" } },
    path: "via.allowFrom",
    expected: /not loopback/,
  },
  {
    name: "a topic with a wildcard",
    counter: { format: "axis", via: { kind: "mqtt", topic: "axis/#" } },
    path: "via.topic",
    expected: /without blanks, \+ and #/,
  },
  {
    name: "a silence of nothing",
    counter: { format: "generic", via: mqtt, silenceMs: 10 },
    path: "silenceMs",
    expected: /1000/,
  },
  {
    name: "an unknown format",
    counter: { format: "hikvision", via: mqtt },
    path: "format",
    expected: /frigate/,
  },
];

for (const { name, counter, path, expected } of REFUSALS) {
  test(`${name} is refused with path and fix`, () => {
    const faults = faultsOf([{ id: "a", ...counter }]);
    assert.deepEqual(Object.keys(faults), [`counters[0].${path}`]);
    assert.match(faults[`counters[0].${path}`] ?? "", expected);
  });
}

test("an id of a camera, an id twice, a port twice and MQTT without a broker are refused", () => {
  const generic = { format: "generic", via: mqtt };
  const cameras = [{ id: "door", source: "rtsp://x" }];
  const clash = faultsOf([{ id: "door", ...generic }], { cameras });
  assert.match(clash["counters[0].id"] ?? "", /not used before \(first at cameras\[0\]\.id\)/);
  const twice = [
    { id: "a", ...generic },
    { id: "a", ...generic },
  ];
  assert.deepEqual(Object.keys(faultsOf(twice)), ["counters[1].id"]);
  const tcp = { format: "generic", via: { kind: "tcp", port: 9000 } };
  const ports = faultsOf([
    { id: "a", ...tcp },
    { id: "b", ...tcp },
  ]);
  assert.match(ports["counters[1].via.port"] ?? "", /first at counters\[0\]\.via\.port/);
  const alone = parseGatewayConfig({
    gateway: { id: "g" },
    site: "s",
    counters: [{ id: "a", ...generic }],
  });
  assert.ok(!alone.ok);
  assert.deepEqual(
    alone.error.map((fault) => fault.path),
    ["counters[0].via.kind"],
  );
});

test("a line that the camera of the site plan does not have is named", () => {
  const line = { id: "door", name: "Door", role: "door", a: [0.1, 0.5], b: [0.9, 0.5] };
  const site = parseSitePlan({
    v: 1,
    store: { id: "s", name: "S", timeZone: "UTC" },
    cameras: [{ id: "c", name: "C", lines: [line] }],
  });
  const counters = [{ id: "c", format: "xovis", via: mqtt, area, lines: { 2: "door", 3: "gate" } }];
  const config = parseGatewayConfig({ ...base, counters });
  assert.ok(site.ok && config.ok);
  assert.deepEqual(counterLineFaults(config.value.counters, site.value), [
    {
      path: "counters[0].lines.3",
      found: '"gate"',
      expected: "a line of camera c in the site plan (door)",
    },
  ]);
});
