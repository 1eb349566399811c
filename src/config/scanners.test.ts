import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { parseGatewayConfig } from "./gateway.ts";

const base = { gateway: { id: "gw1" }, site: "site.json", mqtt: { url: "mqtt://127.0.0.1" } };

/** Path and expectation of each fault of a gateway file with this in it. */
function faultsOf(more: Record<string, unknown>): Record<string, string> {
  const outcome = parseGatewayConfig({ ...base, ...more });
  if (outcome.ok) return {};
  return Object.fromEntries(outcome.error.map(({ path, expected }) => [path, expected]));
}

test("the examples of docs/radio.md are accepted, one scanner of each kind among them", () => {
  const text = readFileSync(join(import.meta.dirname, "../../docs/radio.md"), "utf8");
  const section = text.slice(text.indexOf("## Remote scanners"));
  const blocks = [
    ...section.slice(0, section.indexOf("\n## ", 5)).matchAll(/```yaml\n([\s\S]*?)```/g),
  ];
  const kinds = new Set<string>();
  for (const [, yaml = ""] of blocks) {
    const outcome = parseGatewayConfig({ ...base, ...(parse(yaml) as Record<string, unknown>) });
    assert.ok(outcome.ok, `${yaml}\n${JSON.stringify(outcome)}`);
    for (const { via } of outcome.value.scanners) kinds.add(via);
  }
  assert.deepEqual([...kinds].sort(), [
    "espresense",
    "gateway",
    "generic",
    "openmqttgateway",
    "theengs",
  ]);
});

const REFUSALS: readonly {
  readonly name: string;
  readonly scanner: Record<string, unknown>;
  readonly path: string;
  readonly expected: RegExp;
}[] = [
  {
    name: "an ESPresense node without its room",
    scanner: { via: "espresense" },
    path: "room",
    expected: /name of the node's room/,
  },
  {
    name: "a room that is more than one topic level",
    scanner: { via: "espresense", room: "a/#" },
    path: "room",
    expected: /one topic level/,
  },
  {
    name: "a room of something that has none",
    scanner: { via: "generic", room: "x" },
    path: "room",
    expected: /only for espresense/,
  },
  {
    name: "another gateway without its id",
    scanner: { via: "gateway" },
    path: "gateway",
    expected: /id of the other gateway/,
  },
  {
    name: "our own id as another gateway",
    scanner: { via: "gateway", gateway: "gw1" },
    path: "gateway",
    expected: /our own id/,
  },
  {
    name: "a base topic of our own form",
    scanner: { via: "generic", baseTopic: "home" },
    path: "baseTopic",
    expected: /mqtt\.root/,
  },
  {
    name: "a silence shorter than a sign of life",
    scanner: { via: "generic", silenceMs: 10 },
    path: "silenceMs",
    expected: /5000/,
  },
  {
    name: "an unknown kind",
    scanner: { via: "barnowl" },
    path: "via",
    expected: /espresense/,
  },
];

for (const { name, scanner, path, expected } of REFUSALS)
  test(`${name} is refused with path and fix`, () => {
    const faults = faultsOf({ scanners: [{ id: "shelf", ...scanner }] });
    assert.deepEqual(Object.keys(faults), [`scanners[0].${path}`]);
    assert.match(faults[`scanners[0].${path}`] ?? "", expected);
  });

test("an id of a radio, an id twice, and scanners or sharing without a broker are refused", () => {
  const radios = [{ id: "till" }];
  const generic = (id: string) => ({ id, via: "generic" });
  const clash = faultsOf({ radios, scanners: [generic("till"), generic("a"), generic("a")] });
  assert.match(clash["scanners[0].id"] ?? "", /first at radios\[0\]\.id/);
  assert.match(clash["scanners[2].id"] ?? "", /first at scanners\[1\]\.id/);
  for (const more of [{ scanners: [generic("a")] }, { radios, share: { to: ["gw2"] } }]) {
    const outcome = parseGatewayConfig({ gateway: base.gateway, site: base.site, ...more });
    assert.ok(!outcome.ok);
    assert.ok(
      outcome.error.some(({ path, expected }) => path === "mqtt" && /broker/.test(expected)),
    );
  }
});

test("sharing with oneself, with one twice, or without radios is refused", () => {
  const radios = [{ id: "till" }];
  const faults = faultsOf({ radios, share: { to: ["gw1", "gw2", "gw2"] } });
  assert.deepEqual(Object.keys(faults), ["share.to[0]", "share.to[2]"]);
  assert.match(faultsOf({ share: { to: ["gw2"] } })["share"] ?? "", /radios/);
});
