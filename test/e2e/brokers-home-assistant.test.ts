import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { hasJinja, renderTemplates } from "../fakes/jinja.ts";
import { clock, startAedes, tempDir, until } from "./delivery-rig.ts";
import {
  bundleProgram,
  newClient,
  open,
  publish,
  SupervisedGateway,
  writeGateway,
} from "./fleet-rig.ts";

/** What Home Assistant documents for a sensor that is discovered over MQTT, as far as we use it. */
const DOCUMENTED = new Set([
  ...["availability_template", "availability_topic", "device", "device_class", "entity_category"],
  ...["name", "options", "origin", "state_class", "state_topic", "unique_id"],
  ...["unit_of_measurement", "value_template"],
]);
const TOPIC = /^homeassistant\/sensor\/[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+\/config$/;
const STATE_CLASSES = ["measurement", "total", "total_increasing"];
const ROOT = "vitrine/v1/gw1";
const LIVE = `${ROOT}/live/store`;

interface Announced {
  readonly name: string;
  readonly state_topic: string;
  readonly unique_id: string;
  readonly value_template: string;
  readonly availability_topic: string;
  readonly availability_template: string;
  readonly device_class?: string;
  readonly entity_category?: string;
  readonly options?: readonly string[];
  readonly state_class?: string;
  readonly unit_of_measurement?: string;
  readonly device: { readonly identifiers: readonly string[] };
  readonly origin: { readonly name: string };
}

/** Holds an announcement against the documentation: what is needed is there, what excludes the other is not. */
function checkAnnounced(topic: string, one: Announced): void {
  assert.match(topic, TOPIC);
  assert.deepEqual(
    Object.keys(one).filter((key) => !DOCUMENTED.has(key)),
    [],
    topic,
  );
  assert.ok(one.state_topic !== "" && one.unique_id !== "" && one.name !== "", topic);
  assert.ok(one.device.identifiers.length > 0 && one.origin.name !== "", topic);
  if (one.device_class === "enum") {
    assert.ok((one.options ?? []).length > 0, "states that may come are listed");
    assert.ok(one.state_class === undefined && one.unit_of_measurement === undefined);
  } else assert.ok(STATE_CLASSES.includes(one.state_class ?? ""), topic);
}

type Shown = Readonly<Record<string, string>>;

const announcedIn = (
  latest: ReadonlyMap<string, string>,
): readonly (readonly [string, Announced])[] =>
  [...latest].flatMap(([topic, text]) =>
    topic.startsWith("homeassistant/") ? [[topic, JSON.parse(text) as Announced] as const] : [],
  );

/** What each entity shows by its name, and whether they are there; null before all they read has come. */
function shownBy(latest: ReadonlyMap<string, string>): Shown | null {
  const entities = announcedIn(latest).map(([, one]) => one);
  if (entities.length === 0 || entities.some((one) => !latest.has(one.state_topic))) return null;
  const payload = (topic: string): string => latest.get(topic) ?? "";
  const texts = renderTemplates([
    ...entities.map((one) => ({ template: one.value_template, payload: payload(one.state_topic) })),
    ...entities.map((one) => ({
      template: one.availability_template,
      payload: payload(one.availability_topic),
    })),
  ]);
  const there = new Set(texts.slice(entities.length));
  assert.equal(there.size, 1, "one gateway is there or not");
  const values = entities.map(({ name }, n) => [name, texts[n] ?? ""]);
  return { ...Object.fromEntries(values), there: [...there].join() };
}

/** A live message with another value of a metric. */
function withValue(text: string, metric: string, value: number): string {
  const message = JSON.parse(text) as { values: { metric: string }[] };
  const values = message.values.map((one) => (one.metric === metric ? { ...one, value } : one));
  return JSON.stringify({ ...message, values });
}

test("what Home Assistant is told to show is what the gateway publishes, and unknown is never shown as 0", {
  skip: hasJinja() ? false : "install the Debian package python3-jinja2",
}, async () => {
  const dir = tempDir();
  const broker = await startAedes();
  const path = writeGateway(join(dir.path, "gateway"), broker.url, 4000, {
    mqtt: { url: broker.url, homeAssistant: { enabled: true } },
  });
  const home = newClient(broker.url, "home");
  const latest = new Map<string, string>();
  for (const filter of ["homeassistant/#", LIVE, `${ROOT}/up/birth`])
    home.subscribe(filter, ({ topic, text }) => void latest.set(topic, text));
  await open(home);
  const see = (people: readonly object[]): Promise<void> => {
    const text = JSON.stringify({ v: 1, tMs: clock.now(), people });
    return publish(home, `${ROOT}/in/track/door`, text, false);
  };
  const gateway = new SupervisedGateway(await bundleProgram(dir.path), path).start();
  const untilShown = (what: string, wanted: Shown): Promise<void> =>
    until(what, async () => {
      await see([]);
      return isDeepStrictEqual(shownBy(latest), wanted);
    });
  const empty = { "People inside": "0", "Entrants today": "0", Conversion: "None" };
  const there = { "Sensor door": "seeing", there: "online" };
  await untilShown("the door sees", { ...empty, ...there });
  for (const [topic, one] of announcedIn(latest)) checkAnnounced(topic, one);
  for (const id of ["a", "b"])
    for (let step = 0; step <= 20; step += 1) {
      await see([{ id, xNorm: 0.5, yNorm: 0.8 - 0.03 * step }]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  const two = { "People inside": "2", "Entrants today": "2", Conversion: "None" };
  await untilShown("both came in", { ...two, ...there });
  // A real share takes an hour of receipts.
  const shared = withValue(latest.get(LIVE) ?? "", "sales-conversion", 0.314);
  assert.equal(shownBy(new Map([...latest, [LIVE, shared]]))?.["Conversion"], "31.4");
  await gateway.kill();
  await until("it is away", () => shownBy(latest)?.["there"] === "offline");
  await home[Symbol.asyncDispose]();
  await broker.stop();
  dir.remove();
});
