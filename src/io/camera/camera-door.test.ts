import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import test from "node:test";
import { doorOf, knock } from "./camera-door.ts";
import { parseVideoSource } from "./video-source.ts";

for (const [address, door] of [
  ["rtsp://10.0.0.9/live", { host: "10.0.0.9", port: 554 }],
  ["rtsps://cam.shop/live", { host: "cam.shop", port: 322 }],
  ["rtsp://cam:8554", { host: "cam", port: 8554 }],
  ["rtsp://admin:p@ss:1@cam:8554/a:2@b", { host: "cam", port: 8554 }],
  ["rtsp://[fe80::1]:8554/live", { host: "fe80::1", port: 8554 }],
  ["http://cam/mjpg?user=a&url=http://b:99/", { host: "cam", port: 80 }],
  ["https://cam/mjpg", { host: "cam", port: 443 }],
  ["rtsp:///live", null],
  ["rtsp://cam:99999/live", null],
  ["clips/door.mp4", null],
  ["/dev/video0", null],
] as const) {
  test(`the door of ${address} is ${door === null ? "unknown" : `${door.host} ${door.port}`}`, () => {
    assert.deepEqual(doorOf(parseVideoSource(address)), door);
  });
}

test("a port where somebody listens is open, the same port afterwards is closed", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const door = { host: "localhost", port: (server.address() as AddressInfo).port };
  assert.equal(await knock(door, 5000), true);
  server.close();
  await once(server, "close");
  assert.equal(await knock(door, 5000), false);
});

test("a name that nobody has is a closed door", async () => {
  assert.equal(await knock({ host: "nobody.invalid", port: 554 }, 5000), false);
});
