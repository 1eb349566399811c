// Stands in for ffmpeg: takes its real command line and plays a scripted run. Started by the wrapper that
// fake-ffmpeg.ts writes, with the path of the script as first argument.
import { appendFileSync, readFileSync, writeSync } from "node:fs";

const [scriptPath, ...args] = process.argv.slice(2);
const script = JSON.parse(readFileSync(scriptPath, "utf8"));

if (args.includes("-version")) {
  console.log(`ffmpeg version ${script.version ?? "5.1.9"} Copyright (c) the FFmpeg developers`);
  process.exit(0);
}
if (args.includes("-h")) {
  if (args.includes("demuxer=rtsp"))
    console.log(script.rtspHelp ?? "  -timeout  <int64>  socket I/O");
  if (args.includes("long")) console.log(script.longHelp ?? "-fps_mode   set framerate mode");
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

const chunkBytes = run.chunkBytes ?? 65_536;
for (let index = 0; index < (run.frames ?? 0); index += 1) {
  const frame = Buffer.alloc(frameBytes, index + 1);
  for (let at = 0; at < frameBytes; at += chunkBytes) writeAll(frame.subarray(at, at + chunkBytes));
  if (run.intervalMs) await new Promise((resolve) => setTimeout(resolve, run.intervalMs));
}
if (run.partialBytes) writeAll(Buffer.alloc(run.partialBytes, 255));
for (const line of run.lastWords ?? []) writeSync(2, `${line}\n`);
if (run.afterwards === "stall") setInterval(() => undefined, 60_000);
else process.exitCode = run.exitCode ?? 0;
