import type { PictureSize } from "../../vision/ports.ts";
import type { VideoSource } from "./video-source.ts";

/** What differs between the ffmpeg versions in the field. */
export interface FfmpegFlavour {
  /**
   * Option that limits socket waits of RTSP in microseconds. On 4.x `-timeout` is another thing: it turns on listen
   * mode; from 5 on `-stimeout` is refused.
   */
  readonly rtspTimeoutFlag: "-timeout" | "-stimeout";
  /** Options that hand every filtered frame through, neither doubled nor dropped to meet a rate. */
  readonly passthrough: readonly [flag: "-fps_mode" | "-vsync", value: "passthrough"];
}

/**
 * `live`: files are read at their own speed, frames are thinned to at most `fps`, never doubled.
 * `lossless`: as fast as the reader takes them, at exactly `fps` of the file's own time line.
 */
export type FramePacing = "live" | "lossless";

/** One ffmpeg run that turns a source into letterboxed rgb24 frames on stdout. */
export interface FrameRequest {
  readonly source: VideoSource;
  /** Size of the network input in Px; each frame has width * height * 3 bytes. */
  readonly input: PictureSize;
  readonly fps: number;
  readonly pacing: FramePacing;
}

/** Grey of the padding, as the detectors were measured with. @source notes on the models' pre-processing, 114 of 255. */
export const PADDING_COLOUR = "0x727272";

const SOCKET_TIMEOUT_US = 5_000_000;

/**
 * The whole command line after the program name. Frames carry no header, so the reader must know the size asked for.
 * Pure.
 */
export function ffmpegArguments(flavour: FfmpegFlavour, request: FrameRequest): readonly string[] {
  return [
    "-hide_banner",
    "-nostdin",
    "-nostats",
    // The size of the source picture is read from the stream line, which only this level prints.
    "-loglevel",
    "info",
    // Several decoder threads would hold back one frame each.
    ...(request.pacing === "live" ? ["-threads", "1"] : []),
    ...inputArguments(flavour, request),
    "-i",
    request.source.address,
    "-map",
    "0:v:0",
    "-an",
    "-sn",
    "-dn",
    "-vf",
    videoFilter(request),
    ...flavour.passthrough,
    "-pix_fmt",
    "rgb24",
    "-f",
    "rawvideo",
    "pipe:1",
  ];
}

/** Command line that only prints what is known of a source and then fails for want of an output. Pure. */
export function probeArguments(source: VideoSource): readonly string[] {
  return ["-hide_banner", "-nostdin", "-loglevel", "info", "-noautorotate", "-i", source.address];
}

function inputArguments(flavour: FfmpegFlavour, request: FrameRequest): readonly string[] {
  // Lines and zones are drawn on the coded picture, so a rotation flag in the stream is ignored.
  const common = ["-noautorotate"];
  const network = [
    "-analyzeduration",
    "500000",
    "-probesize",
    "500000",
    "-fflags",
    "+genpts+discardcorrupt",
    "-use_wallclock_as_timestamps",
    "1",
  ];
  switch (request.source.kind) {
    case "rtsp":
      return [
        ...common,
        "-rtsp_transport",
        "tcp",
        flavour.rtspTimeoutFlag,
        String(SOCKET_TIMEOUT_US),
        ...network,
        "-allowed_media_types",
        "video",
      ];
    case "http":
      return [...common, "-rw_timeout", String(SOCKET_TIMEOUT_US), ...network];
    case "v4l2":
      return [
        "-f",
        "v4l2",
        "-input_format",
        "mjpeg",
        "-video_size",
        "640x480",
        "-framerate",
        String(Math.max(10, Math.ceil(request.fps))),
      ];
    case "file":
      return request.pacing === "live" ? [...common, "-re"] : common;
  }
}

function videoFilter({ input, fps, pacing }: FrameRequest): string {
  const size = `${input.widthPx}:${input.heightPx}`;
  return [
    pacing === "live" ? thinning(fps) : `fps=fps=${fps}`,
    `scale=${size}:force_original_aspect_ratio=decrease:flags=bilinear`,
    // Before the padding, because padding a 4:2:0 picture rounds its offset to even pixels.
    "format=rgb24",
    `pad=${size}:(ow-iw)/2:(oh-ih)/2:color=${PADDING_COLOUR}`,
  ].join(",");
}

/**
 * Keeps the first frame of each interval of 1/fps. Unlike the fps filter it doubles nothing when the camera is
 * slower; the 0.05 absorbs time stamps rounded to milliseconds.
 */
function thinning(fps: number): string {
  return `select='isnan(prev_pts)+gt(floor(t*${fps}+0.05),floor(prev_pts*TB*${fps}+0.05))'`;
}
