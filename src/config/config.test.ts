import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import type { InputFault } from "../core/errors.ts";
import { parseGatewayConfig } from "./gateway.ts";
import { parseSitePlan } from "./site.ts";

const folder = join(import.meta.dirname, "../../config");
const example = (): Record<string, unknown> =>
  parse(readFileSync(join(folder, "gateway.example.yaml"), "utf8")) as Record<string, unknown>;

interface SiteDocument {
  v: number;
  store: Record<string, unknown>;
  cameras: {
    id: string;
    lines: { id: string; a: number[]; b: number[]; role: string }[];
    zones: { id: string; polygon: number[][] }[];
  }[];
  tags: { id: string }[];
}

function siteDocument(): SiteDocument {
  return JSON.parse(readFileSync(join(folder, "site.example.json"), "utf8")) as SiteDocument;
}

function siteFaults(change: (document: SiteDocument) => void): readonly InputFault[] {
  const document = siteDocument();
  change(document);
  const outcome = parseSitePlan(document);
  return outcome.ok ? [] : outcome.error;
}

test("the example gateway file and the example site plan are accepted", () => {
  assert.equal(parseGatewayConfig(example()).ok, true);
  assert.deepEqual(
    siteFaults(() => undefined),
    [],
  );
});

test("defaults are filled in and the result is frozen", () => {
  const outcome = parseGatewayConfig({ gateway: { id: "g1" }, site: "site.json" });
  assert.ok(outcome.ok);
  assert.equal(outcome.value.outbox.commitMs, 250);
  assert.equal(outcome.value.web.host, "127.0.0.1");
  assert.ok(Object.isFrozen(outcome.value.outbox));
});

test("unknown keys, wrong types and missing keys are all reported at once with path and value", () => {
  const outcome = parseGatewayConfig({
    gateway: { id: "bad id!" },
    site: 7,
    outbox: { commitMs: 900, capGiB: 2 },
    cameras: [{ id: "door", source: "rtsp://x", fps: "8" }],
  });
  assert.ok(!outcome.ok);
  const byPath = new Map(outcome.error.map((fault) => [fault.path, fault]));
  assert.deepEqual([...byPath.keys()].sort(), [
    "cameras[0].fps",
    "gateway.id",
    "outbox.capGiB",
    "outbox.commitMs",
    "site",
  ]);
  assert.equal(byPath.get("cameras[0].fps")?.found, '"8"');
  assert.equal(byPath.get("outbox.capGiB")?.found, "2");
  assert.match(byPath.get("outbox.commitMs")?.expected ?? "", /250/);
});

test("an id used twice is told together with the faults of shape", () => {
  const camera = { id: "door", source: "rtsp://x" };
  const cameras = [camera, { ...camera, fps: 0 }];
  const outcome = parseGatewayConfig({ gateway: { id: "g" }, site: "s", cameras });
  assert.ok(!outcome.ok);
  assert.deepEqual(
    outcome.error.map((fault) => fault.path),
    ["cameras[1].fps", "cameras[1].id"],
  );
});

test("the same camera id twice is refused", () => {
  const camera = { id: "door", source: "rtsp://x" };
  const outcome = parseGatewayConfig({
    gateway: { id: "g" },
    site: "s",
    cameras: [camera, camera],
  });
  assert.ok(!outcome.ok);
  assert.deepEqual(
    outcome.error.map((fault) => fault.path),
    ["cameras[1].id"],
  );
});

const refusals: readonly {
  readonly name: string;
  readonly change: (document: SiteDocument) => void;
  readonly paths: readonly string[];
}[] = [
  {
    name: "a line outside the picture",
    change: (d) => Object.assign(d.cameras[0]?.lines[0] ?? {}, { a: [-0.1, 0.5], b: [0.5, 1.2] }),
    paths: ["cameras[0].lines[0].a[0]", "cameras[0].lines[0].b[1]"],
  },
  {
    name: "a line without length",
    change: (d) => Object.assign(d.cameras[0]?.lines[0] ?? {}, { a: [0.5, 0.5], b: [0.5, 0.5] }),
    paths: ["cameras[0].lines[0].b"],
  },
  {
    name: "a polygon whose edges cross",
    change: (d) =>
      Object.assign(d.cameras[0]?.zones[0] ?? {}, {
        polygon: [
          [0, 0],
          [1, 1],
          [1, 0],
          [0, 1],
        ],
      }),
    paths: ["cameras[0].zones[0].polygon"],
  },
  {
    name: "a polygon without area",
    change: (d) =>
      Object.assign(d.cameras[0]?.zones[0] ?? {}, {
        polygon: [
          [0, 0],
          [0.5, 0.5],
          [1, 1],
        ],
      }),
    paths: ["cameras[0].zones[0].polygon"],
  },
  {
    name: "an id used twice",
    change: (d) => Object.assign(d.tags[1] ?? {}, { id: "front-door" }),
    paths: ["tags[1].id"],
  },
  {
    name: "an unknown time zone",
    change: (d) => Object.assign(d.store, { timeZone: "Europe/Atlantis" }),
    paths: ["store.timeZone"],
  },
  {
    name: "a role that does not exist",
    change: (d) => Object.assign(d.cameras[0]?.lines[0] ?? {}, { role: "entrance" }),
    paths: ["cameras[0].lines[0].role"],
  },
];

for (const { name, change, paths } of refusals) {
  test(`site plan: ${name} is refused with its path`, () => {
    const found = new Set(siteFaults(change).map((fault) => fault.path));
    for (const path of paths)
      assert.ok(found.has(path), `${path} missing in ${[...found].join(", ")}`);
  });
}

test("an adapter serves one receiver: the second is refused where it stands, also when both left it out", () => {
  const radios = (...list: readonly Record<string, unknown>[]) =>
    parseGatewayConfig({ gateway: { id: "g1" }, site: "site.json", radios: list });
  assert.ok(radios({ id: "a", adapter: 0 }, { id: "b", adapter: 1 }, { id: "c", adapter: 2 }).ok);
  for (const second of [{ id: "b", adapter: 0 }, { id: "b" }]) {
    const outcome = radios({ id: "a" }, second);
    assert.ok(!outcome.ok);
    assert.deepEqual(outcome.error, [
      {
        path: "radios[1].adapter",
        found: "0",
        expected: "an adapter not used before (first at radios[0].adapter)",
      },
    ]);
  }
});

test("the restart of a dead radio is switched off by 0, else a minute at least", () => {
  const withMs = (restartAfterMs: number) =>
    parseGatewayConfig({
      gateway: { id: "g1" },
      site: "site.json",
      radios: [{ id: "a", restartAfterMs }],
    });
  assert.ok(withMs(0).ok && withMs(60_000).ok);
  assert.ok(!withMs(59_999).ok && !withMs(-1).ok);
});
