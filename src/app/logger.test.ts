import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger, maskText } from "./logger.ts";

function linesOf(act: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  act(
    createLogger("debug", {
      write: (line) => {
        lines.push(line);
      },
    }),
  );
  return lines.join("");
}

test("planted secrets never reach a log line, whatever the key or the depth", () => {
  const planted = {
    address: "c0:ff:ee:00:11:22",
    password: "hunter2",
    embedding: [0.123456, 0.654321],
    nested: { token: "tok-4711", deeper: { secret: "deep-4712" } },
  };
  const text = linesOf((log) => log.warn({ event: "x", ...planted }, "planted"));
  for (const value of ["c0:ff:ee", "hunter2", "0.123456", "tok-4711", "deep-4712"]) {
    assert.ok(!text.includes(value), `${value} in ${text}`);
  }
});

test("credentials in a URL and radio addresses inside a text are cut out", () => {
  const text = linesOf((log) => {
    const error = new Error("cannot open rtsp://admin:s3cret@cam/1 heard by AA:BB:CC:DD:EE:0F");
    log.error({ event: "x", error, url: "mqtts://gw:pa55@broker:8883" }, "fault");
  });
  for (const value of ["s3cret", "pa55", "AA:BB:CC"]) assert.ok(!text.includes(value), text);
  assert.equal(maskText("rtsp://host/path stays"), "rtsp://host/path stays");
});

test("a line is one JSON object with level, event, time and sentence", () => {
  const line = linesOf((log) => log.info({ event: "camera.seeing", fps: 7.9 }, "the camera sees"));
  const { level, event, fps, msg, time } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual(
    { level, event, fps, msg },
    {
      level: "info",
      event: "camera.seeing",
      fps: 7.9,
      msg: "the camera sees",
    },
  );
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
});
