import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { isAlive } from "../../../test/fakes/fake-ffmpeg.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { findFfmpeg } from "../camera/ffmpeg-binary.ts";
import { findLeash } from "../camera/ffmpeg-leash.ts";
import { parseVideoSource } from "../camera/video-source.ts";
import { relayArguments, SourceRelay } from "./source-relay.ts";

const clock = createSystemClock();
const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;
const skip = hasFfmpeg ? false : "needs Debian package ffmpeg";

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries += 1) {
    if (isTrue()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.fail(`never: ${what}`);
}

test("RTSP is asked for over TCP, and a relay that is stopped leaves no ffmpeg", {
  skip,
}, async () => {
  const ffmpeg = await findFfmpeg();
  const spoken: string[] = [];
  const camera = createServer((socket) => speakRtsp(socket, spoken));
  camera.listen(0, "127.0.0.1");
  await once(camera, "listening");
  const address = camera.address();
  const port = typeof address === "object" ? address?.port : 0;
  const source = parseVideoSource(`rtsp://127.0.0.1:${port}/live?channel=1`);
  const args = relayArguments(ffmpeg, source) ?? [];
  const leash = await findLeash();
  const relay = new SourceRelay({ ffmpeg, leash, args, clock, take: async () => true });
  await until(() => spoken.some((text) => text.startsWith("SETUP")), "a session is asked for");
  const { pid = 0 } = relay;
  await relay.stop();
  camera.close();
  assert.equal(isAlive(pid), false);
  const setUp = spoken.find((text) => text.startsWith("SETUP")) ?? "";
  assert.match(setUp, /Transport: RTP\/AVP\/TCP/);
});

test("a relay reads no further than what was taken, and goes when nobody takes any more", {
  skip,
}, async () => {
  const ffmpeg = await findFfmpeg();
  const args = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25"];
  const endless = [...args, "-f", "rawvideo", "pipe:1"];
  let pieces = 0;
  let release: (isTaken: boolean) => void = () => undefined;
  const relay = new SourceRelay({
    ffmpeg,
    leash: null,
    args: endless,
    clock,
    take: () => {
      pieces += 1;
      return new Promise((resolve) => {
        release = resolve;
      });
    },
  });
  await until(() => pieces === 1, "the first piece");
  for (let tick = 0; tick < 20; tick += 1) await new Promise((done) => setTimeout(done, 5));
  assert.equal(pieces, 1, "the next one waits");
  release(true);
  await until(() => pieces === 2, "the second piece");
  release(false);
  await relay.closed;
  assert.equal(isAlive(relay.pid ?? 0), false);
});

test("a device that can be opened only once is not relayed", { skip }, async () => {
  const flavour = await findFfmpeg();
  assert.equal(relayArguments(flavour, parseVideoSource("/dev/video0")), null);
  const file = relayArguments(flavour, parseVideoSource("scene.mp4")) ?? [];
  assert.ok(file.indexOf("-re") >= 0 && file.indexOf("-re") < file.indexOf("-i"));
});

/** As much of an RTSP camera as it takes to hear which transport is wanted. */
function speakRtsp(socket: Socket, spoken: string[]): void {
  const sdp = [
    "v=0",
    "o=- 0 0 IN IP4 127.0.0.1",
    "s=camera",
    "t=0 0",
    "m=video 0 RTP/AVP 96",
    "a=rtpmap:96 H264/90000",
    "a=control:track1",
    "",
  ].join("\r\n");
  socket.on("error", () => undefined);
  socket.setEncoding("utf8").on("data", (text: string) => {
    spoken.push(text);
    const sequence = /CSeq: (\d+)/.exec(text)?.[1] ?? "0";
    const head = `RTSP/1.0 200 OK\r\nCSeq: ${sequence}\r\n`;
    if (text.startsWith("DESCRIBE")) {
      socket.write(
        `${head}Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`,
      );
    } else if (text.startsWith("OPTIONS")) {
      socket.write(`${head}Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n`);
    } else {
      socket.write(`RTSP/1.0 404 Not Found\r\nCSeq: ${sequence}\r\n\r\n`);
    }
  });
}
