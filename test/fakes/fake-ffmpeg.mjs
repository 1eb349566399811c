// Stands in for ffmpeg: takes its real command line and plays a scripted run. Started by the wrapper that
// fake-ffmpeg.ts writes, with the path of the script as first argument.
import { appendFileSync, existsSync, readFileSync, writeSync } from "node:fs";

const [scriptPath, ...args] = process.argv.slice(2);
const script = JSON.parse(readFileSync(scriptPath, "utf8"));

if (args.includes("-h")) {
  console.error(`ffmpeg version ${script.version ?? "5.1.9"} Copyright (c) the FFmpeg developers`);
  console.log(`${script.longHelp ?? "-fps_mode   set framerate mode"}\n`);
  console.log(`${script.rtspHelp ?? "RTSP demuxer AVOptions:\n  -timeout  <int64>  socket I/O"}\n`);
  console.log("showinfo AVOptions:\n   checksum  <boolean>\n");
  process.exit(0);
}

// One line per run: how many there were decides which run of the script is played; the last one repeats.
appendFileSync(`${scriptPath}.runs`, `${JSON.stringify({ pid: process.pid, args })}\n`);
const played = readFileSync(`${scriptPath}.runs`, "utf8").trim().split("\n").length;
const run = script.runs[Math.min(played, script.runs.length) - 1];

if (run.ignoresTerm) process.on("SIGTERM", () => undefined);
for (const line of run.report ?? []) writeSync(2, `${line}\n`);
if (run.picture)
  writeSync(2, `  Stream #0:0: Video: h264 (High), yuv420p, ${run.picture}, 10 fps, 10 tbr\n`);

const [, width, height] = /scale=(\d+):(\d+)/.exec(args.join(" ")) ?? [];
const frameBytes = Number(width ?? 0) * Number(height ?? 0) * 3;

/** Blocks until all is in the pipe, so that a frame is never cut by leaving early. */
function writeAll(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

let size = run.picture;
const chunkBytes = run.chunkBytes ?? 65_536;
async function play(from, to) {
  for (let index = from; index < to; index += 1) {
    const picture = run.pictures?.find(({ from }) => from === index)?.picture;
    if (picture) size = picture;
    if (size && args.join(" ").includes("showinfo"))
      writeSync(
        2,
        `[Parsed_showinfo_1 @ 0x5] n: ${index} pts:0 fmt:yuv420p sar:1/1 s:${size} i:P\n`,
      );
    const frame = Buffer.alloc(frameBytes, index + 1);
    for (let at = 0; at < frameBytes; at += chunkBytes)
      writeAll(frame.subarray(at, at + chunkBytes));
    if (run.intervalMs) await new Promise((resolve) => setTimeout(resolve, run.intervalMs));
  }
}
await play(0, run.frames ?? 0);
if (run.partialBytes) writeAll(Buffer.alloc(run.partialBytes, 255));
if (run.afterwards === "hold") {
  const mayGo = () =>
    existsSync(`${scriptPath}.go`) && Number(readFileSync(`${scriptPath}.go`)) >= played;
  while (!mayGo()) await new Promise((resolve) => setTimeout(resolve, 5));
  await play(run.frames ?? 0, (run.frames ?? 0) + (run.moreFrames ?? 0));
}
for (const line of run.lastWords ?? []) writeSync(2, `${line}\n`);
if (run.afterwards === "stall" || run.moreFrames) setInterval(() => undefined, 60_000);
else process.exitCode = run.exitCode ?? 0;
