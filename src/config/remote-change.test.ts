import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type PlainDocument, readWish } from "./remote-change.ts";
import { parseSitePlan } from "./site.ts";

const siteDocument = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../config/site.example.json"), "utf8"),
) as PlainDocument;
const plan = parseSitePlan(siteDocument);
assert.ok(plan.ok);
const site = plan.value;
const [camera] = site.cameras;
const [receiver] = site.receivers;
assert.ok(camera !== undefined && receiver !== undefined);

const own = {
  gateway: { id: "g1" },
  site: "site.json",
  mqtt: { url: "mqtts://broker", username: "g1", passwordFile: "/run/secret" },
  cameras: [{ id: camera.id, source: "rtsp://viewer:s3cret@10.0.0.5:554/main", fps: 8 }],
  radios: [{ id: receiver.id, adapter: 1 }],
};
const outbox = { capBytes: 2_147_483_648, waitingBytes: 0 };
const present = { own, siteDocument, site, outbox };

const read = (gateway: PlainDocument, wishedSite?: PlainDocument) =>
  readWish({ gateway, ...(wishedSite === undefined ? {} : { site: wishedSite }) }, present);

const paths = (outcome: ReturnType<typeof read>): string[] =>
  outcome.ok ? [] : outcome.error.map(({ path }) => path).sort();

test("what a wish leaves out is as the gateway's own file says", () => {
  const outcome = read({ cameras: [{ id: camera.id, fps: 5 }], log: { level: "debug" } });
  assert.ok(outcome.ok);
  const { config } = outcome.value;
  assert.deepEqual(config.cameras[0], {
    ...{ id: camera.id, source: own.cameras[0]?.source, fps: 5, motionGate: true, loop: false },
  });
  assert.equal(config.radios[0]?.adapter, 1);
  assert.equal(config.log.level, "debug");
  assert.equal(config.mqtt?.passwordFile, "/run/secret");
});

test("a list that is given names all of it: what it leaves out is taken out", () => {
  const outcome = read({ cameras: [] });
  assert.deepEqual(outcome.ok && outcome.value.config.cameras, []);
});

test("a cap below what waits is refused, since no revert brings back what it would shed", () => {
  const cap = (capBytes: number, waitingBytes: number, before = outbox.capBytes) =>
    readWish(
      { gateway: { outbox: { capBytes } } },
      { ...present, outbox: { capBytes: before, waitingBytes } },
    );
  assert.deepEqual(paths(cap(5_000_000, 4_000_000)), ["gateway.outbox.capBytes"]);
  assert.equal(cap(8_000_000, 4_000_000).ok, true);
  assert.equal(cap(5_000_000, 4_000_000, 5_000_000).ok, true, "it is so now and changes nothing");
});

test("what no value of the wish is to blame for is told beside what is", () => {
  const outcome = read({
    cameras: [{ id: "new-camera" }],
    outbox: { capBytes: 1 },
    log: { level: "loud" },
  });
  assert.deepEqual(paths(outcome), [
    "gateway.cameras[0].source",
    "gateway.log.level",
    "gateway.outbox.capBytes",
  ]);
});

test("all faults of a bad wish are told at once, in the gateway's settings and in the plan", () => {
  const broken = { ...siteDocument, v: 2, cameras: [{ id: "x y", name: "", lines: 3 }] };
  const outcome = read(
    {
      mqtt: { url: "mqtt://elsewhere" },
      stateDir: "/",
      cameras: [{ id: camera.id, fps: 900 }, { id: camera.id }],
      outbox: { capBytes: 1 },
      web: { host: "0.0.0.0" },
      colour: "red",
    },
    broken,
  );
  const found = paths(outcome);
  for (const path of [
    ...["gateway.mqtt", "gateway.stateDir", "gateway.web", "gateway.colour"],
    ...["gateway.cameras[0].fps", "gateway.cameras[1].id", "gateway.outbox.capBytes"],
    ...["site.v", "site.cameras[0].id", "site.cameras[0].name", "site.cameras[0].lines"],
  ])
    assert.ok(found.includes(path), `${path} is not in ${found.join(", ")}`);
  const mqtt = !outcome.ok && outcome.error.find(({ path }) => path === "gateway.mqtt");
  assert.match(mqtt ? mqtt.expected : "", /only be changed at the gateway/);
});

test("what lets somebody in, or leads away from home, may never be changed from afar", () => {
  for (const key of [
    ...["gateway", "site", "stateDir", "mqtt", "web", "till", "preview", "counters", "scanners"],
    ...["share", "unknownDevices", "fleet", "metrics"],
  ])
    assert.deepEqual(paths(read({ [key]: {} })), [`gateway.${key}`], key);
  assert.deepEqual(paths(read({ models: { dir: "/tmp" } })), ["gateway.models.dir"]);
});

for (const source of [
  ...["file:///etc/passwd", "/dev/video0", "http://169.254.169.254/latest/meta-data", "rtsp://"],
  ...[
    "rtsp://169.254.169.254/x",
    "rtsp://localhost/x",
    "rtsp://127.0.0.1:8554/x",
    "rtsp://[::1]/x",
  ],
  ...["rtsp://0.0.0.0/x", "rtsp://2130706433/x", "rtsp://[fe80::1]/x", "rtsp://u:p@10.0.0.5/x", ""],
])
  test(`a camera cannot be led from afar to ${JSON.stringify(source)}`, () => {
    const outcome = read({ cameras: [{ id: camera.id, source }] });
    assert.deepEqual(paths(outcome), ["gateway.cameras[0].source"]);
  });

test("a camera's password goes where the gateway's own file sends it, and nowhere else", () => {
  const sourceFor = (source: string): string | undefined => {
    const outcome = read({ cameras: [{ id: camera.id, source }] });
    assert.ok(outcome.ok, JSON.stringify(outcome));
    return outcome.value.config.cameras[0]?.source;
  };
  const sub = "rtsp://10.0.0.5:554/sub";
  assert.equal(sourceFor(sub), "rtsp://viewer:s3cret@10.0.0.5:554/sub");
  for (const source of [
    "rtsp://10.0.0.6:554/main",
    "rtsp://10.0.0.5:8554/main",
    "rtsps://10.0.0.5:554/main",
  ])
    assert.equal(sourceFor(source), source);
});

test("a plan keeps the tags and the survey of the shop unless it names its own, and the store it is for", () => {
  const { tags, ...bare } = siteDocument;
  const outcome = read({}, bare);
  assert.ok(outcome.ok);
  assert.deepEqual(outcome.value.siteDocument?.["tags"], tags);
  assert.ok(Array.isArray(tags) && tags.length > 0);
  const emptied = read({}, { ...siteDocument, tags: [] });
  assert.deepEqual(emptied.ok && emptied.value.siteDocument?.["tags"], []);
  const store = { ...(siteDocument["store"] as object), id: "another-shop" };
  assert.deepEqual(paths(read({}, { ...siteDocument, store })), ["site.store.id"]);
});

test("a plan without a sensor that the gateway has is refused", () => {
  const outcome = read({}, { ...siteDocument, cameras: [], floor: undefined });
  assert.ok(paths(outcome).includes("gateway.cameras[0].id"), paths(outcome).join());
});
