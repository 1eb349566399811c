import assert from "node:assert/strict";
import { test } from "node:test";
import { readBrokerUrls } from "./broker-address.ts";
import { parseGatewayConfig } from "./gateway.ts";

const config = (url: unknown) =>
  parseGatewayConfig({ gateway: { id: "gw1" }, site: "site.json", mqtt: { url } });

test("a broker has one address or a list of them", () => {
  const list = ["mqtts://broker-1:8883", "mqtts://broker-2:8883"];
  for (const url of ["mqtt://127.0.0.1", "wss://user:secret@broker:443/mqtt", list]) {
    const outcome = config(url);
    assert.deepEqual(outcome.ok && outcome.value.mqtt?.url, url);
  }
});

test("a wrong address is named with its place in the list and what was expected", () => {
  const faults = (url: unknown): readonly (readonly [string, boolean])[] => {
    const outcome = config(url);
    assert.ok(!outcome.ok);
    return outcome.error.map(({ path, expected }) => [path, /mqtt:\/\/|address/.test(expected)]);
  };
  assert.deepEqual(faults("http://broker"), [["mqtt.url", true]]);
  assert.deepEqual(faults("mqtt://"), [["mqtt.url", true]]);
  assert.deepEqual(faults("mqtt://[broken"), [["mqtt.url", true]]);
  assert.deepEqual(faults(7), [["mqtt.url", true]]);
  assert.deepEqual(faults([]), [["mqtt.url", true]]);
  assert.deepEqual(faults(Array(17).fill("mqtt://broker")), [["mqtt.url", true]]);
  assert.deepEqual(faults(["mqtt://one", "two"]), [["mqtt.url[1]", true]]);
  assert.deepEqual(faults(["mqtt://one", 2]), [["mqtt.url", true]]);
});

test("on a command line addresses are repeated or have commas between them", () => {
  const read = (...texts: string[]): readonly string[] | string => {
    const outcome = readBrokerUrls(texts);
    return outcome.ok ? outcome.value : outcome.error;
  };
  assert.deepEqual(read("mqtt://a"), ["mqtt://a"]);
  assert.deepEqual(read("mqtt://a,mqtt://b", "mqtt://c"), ["mqtt://a", "mqtt://b", "mqtt://c"]);
  assert.match(String(read("mqtt://a,b")), /expected a URL with mqtt:\/\/.*, found b$/);
  assert.match(String(read("mqtt://a,")), /found nothing$/);
});
