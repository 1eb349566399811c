import assert from "node:assert/strict";
import test from "node:test";
import { createFakeFfmpeg } from "../../../test/fakes/fake-ffmpeg.ts";
import { GatewayError } from "../../core/errors.ts";
import { findFfmpeg, probeFfmpeg } from "./ffmpeg-binary.ts";

const RTSP_HELP_4 = `RTSP demuxer AVOptions:
  -listen_timeout    <int>        .D....... set maximum timeout (in seconds)
  -timeout           <int>        .D....... (deprecated, use listen_timeout)
  -stimeout          <int>        .D....... set timeout (in microseconds) of socket TCP I/O operations`;

test("an ffmpeg of the 4 series gets the socket timeout under its old name", async () => {
  using fake = createFakeFfmpeg({ version: "4.1.8", rtspHelp: RTSP_HELP_4, longHelp: "-vsync  x" });
  const found = await probeFfmpeg(fake.path);
  assert.equal(found?.version, "4.1.8");
  assert.equal(found?.rtspTimeoutFlag, "-stimeout");
  assert.deepEqual(found?.passthrough, ["-vsync", "passthrough"]);
});

test("an ffmpeg of the 5 series gets the new names", async () => {
  using fake = createFakeFfmpeg({ version: "5.1.9" });
  const found = await probeFfmpeg(fake.path);
  assert.equal(found?.rtspTimeoutFlag, "-timeout");
  assert.deepEqual(found?.passthrough, ["-fps_mode", "passthrough"]);
});

test("some ffmpeg is found on this machine, the system's or the one npm brought", async () => {
  const found = await findFfmpeg();
  assert.match(found.version, /\S/);
});

test("a configured program that is no ffmpeg is reported and not replaced by another", async () => {
  const isMissing = (error: unknown): boolean =>
    error instanceof GatewayError && error.code === "FFMPEG_MISSING";
  await assert.rejects(findFfmpeg("/nowhere/ffmpeg"), isMissing);
  await assert.rejects(findFfmpeg("/bin/true"), isMissing);
});
