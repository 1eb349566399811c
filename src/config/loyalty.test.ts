import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { parseGatewayConfig } from "./gateway.ts";
import { activeLoyalty } from "./loyalty.ts";
import { readWish } from "./remote-change.ts";
import { parseSitePlan } from "./site.ts";

const BROKER = { url: "mqtt://broker" };
const base = { gateway: { id: "g1" }, site: "site.json" };
const on = {
  ...{ enabled: true, tenantId: "acme", storeGroup: "north" },
  controller: { name: "Acme A/S", contact: "privacy@acme.example" },
};
const face = {
  ...{ ...on, jurisdiction: "kiosk-verify", switchedOnBy: "Ada Holm, store manager" },
  station: { cameraId: "station", source: "/dev/video0" },
};
const read = (loyalty: unknown, rest: object = {}) =>
  parseGatewayConfig({ ...base, ...rest, loyalty });
const faults = (loyalty: unknown, rest: object = {}): readonly string[] => {
  const outcome = read(loyalty, rest);
  return outcome.ok ? [] : outcome.error.map(({ path }) => path).sort();
};

test("loyalty is off by default, with nothing that looks at a face", () => {
  const outcome = parseGatewayConfig(base);
  assert.ok(outcome.ok);
  const { loyalty } = outcome.value;
  assert.deepEqual(loyalty, {
    ...{ enabled: false, jurisdiction: "off", authority: "gateway", keyLevel: "file" },
    face: { profile: "clean" },
  });
  assert.equal(activeLoyalty(loyalty), null);
});

test("a complete section is taken, by code and card alone and with faces", () => {
  for (const section of [on, face]) {
    const outcome = read(section);
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.equal(activeLoyalty(outcome.value.loyalty)?.tenantId, "acme");
  }
});

const { switchedOnBy: _nobody, ...unnamed } = face;
const { station: _nowhere, ...unplaced } = face;
const camera = { id: "station", source: "rtsp://192.0.2.1/x" };
const refused: readonly (readonly [string, unknown, object, readonly string[]])[] = [
  [
    "loyalty without whose it is",
    { enabled: true },
    {},
    ["loyalty.controller", "loyalty.storeGroup", "loyalty.tenantId"],
  ],
  ["faces that nobody answers for", unnamed, {}, ["loyalty.switchedOnBy"]],
  ["faces answered for by blanks", { ...face, switchedOnBy: "  " }, {}, ["loyalty.switchedOnBy"]],
  ["faces without a station", unplaced, {}, ["loyalty.station.cameraId"]],
  [
    "faces at a station without a camera",
    { ...face, station: {} },
    {},
    ["loyalty.station.cameraId"],
  ],
  ["faces while loyalty is off", { ...face, enabled: false }, {}, ["loyalty.enabled"]],
  [
    "a camera that counts as the station's",
    face,
    { cameras: [camera] },
    ["loyalty.station.cameraId"],
  ],
  [
    "a camera without a source",
    { ...face, station: { cameraId: "station" } },
    {},
    ["loyalty.station.source"],
  ],
  ["the centre's word without a broker", { ...on, authority: "centre" }, {}, ["loyalty.authority"]],
  [
    "a key of the centre without its word",
    { ...on, keyLevel: "centre" },
    { mqtt: BROKER },
    ["loyalty.keyLevel"],
  ],
  [
    "a jurisdiction that does not exist",
    { ...face, jurisdiction: "everywhere" },
    {},
    ["loyalty.jurisdiction"],
  ],
  ["a key that does not exist", { ...on, emotions: true }, {}, ["loyalty.emotions"]],
  ["a threshold in percent", { ...face, face: { threshold: 62 } }, {}, ["loyalty.face.threshold"]],
  [
    "a notice that is not encrypted on its way",
    { ...on, controller: { ...on.controller, noticeUrl: "http://acme.example" } },
    {},
    ["loyalty.controller.noticeUrl"],
  ],
];

for (const [name, section, rest, paths] of refused)
  test(`refused, with the path: ${name}`, () => assert.deepEqual(faults(section, rest), paths));

test("nothing of it can be changed from afar", () => {
  const text = readFileSync(join(import.meta.dirname, "../../config/site.example.json"), "utf8");
  const siteDocument = JSON.parse(text) as Record<string, unknown>;
  const plan = parseSitePlan(siteDocument);
  assert.ok(plan.ok);
  const outbox = { capBytes: 2_147_483_648, waitingBytes: 0 };
  const present = { own: { ...base, loyalty: on }, siteDocument, site: plan.value, outbox };
  const outcome = readWish({ gateway: { loyalty: face } }, present);
  assert.ok(!outcome.ok);
  assert.deepEqual(
    outcome.error.map(({ path, expected }) => [path, expected]),
    [["gateway.loyalty", "nothing: this may only be changed at the gateway"]],
  );
});

test("the commented section of the example file is valid when it is uncommented", () => {
  const text = readFileSync(join(import.meta.dirname, "../../config/gateway.example.yaml"), "utf8");
  const lines = text.split("\n");
  const from = lines.indexOf("# loyalty:");
  assert.ok(from > 0);
  const until = lines.indexOf("", from);
  const section = lines.slice(from, until).map((line) => line.replace(/^# /, ""));
  const { loyalty } = parse(section.join("\n")) as { readonly loyalty: unknown };
  const outcome = read(loyalty, { mqtt: BROKER });
  assert.ok(outcome.ok, JSON.stringify(outcome));
});
