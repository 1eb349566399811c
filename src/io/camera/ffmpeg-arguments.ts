import type { PictureFit, PictureSize } from "../../vision/ports.ts";
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
  /** Filter that prints one line for each frame, without summing up its pixels where it can be told not to. */
  readonly frameLines: "showinfo=checksum=0" | "showinfo";
}

/**
 * `live`: files are read at their own speed, frames are thinned to at most `fps`, never doubled.
 * `lossless`: as fast as the reader takes them, at exactly `fps` of the file's own time line.
 */
export type FramePacing = "live" | "lossless";

/** How the picture is put into the frame; `pad` is the value 0..255 of the pixels beside it. */
export interface FrameFit {
  readonly resize: PictureFit;
  readonly pad: number;
}

/** What a request without a fit gets. The grey is the one the detectors were measured with. @source notes on models */
export const USUAL_FIT: FrameFit = { resize: "letterbox", pad: 114 };

/** One ffmpeg run that turns a source into fitted rgb24 frames on stdout. */
export interface FrameRequest {
  readonly source: VideoSource;
  /** Size of the network input in Px; each frame has width * height * 3 bytes. */
  readonly input: PictureSize;
  /** Absent: `USUAL_FIT`. */
  readonly fit?: FrameFit;
  readonly fps: number;
  readonly pacing: FramePacing;
}

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
    // The size of the source picture is read from lines which only this level prints; repeated ones are not folded,
    // so that every damaged picture can be counted.
    "-loglevel",
    "repeat+info",
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
    videoFilter(flavour, request),
    ...flavour.passthrough,
    "-pix_fmt",
    "rgb24",
    "-f",
    "rawvideo",
    "pipe:1",
  ];
}

/**
 * Command line that only prints what is known of a source and then fails for want of an output. A camera that does not
 * answer ends it after the socket timeout. Pure.
 */
export function probeArguments(flavour: FfmpegFlavour, source: VideoSource): readonly string[] {
  const patience: Readonly<Record<VideoSource["kind"], readonly string[]>> = {
    rtsp: ["-rtsp_transport", "tcp", flavour.rtspTimeoutFlag, String(SOCKET_TIMEOUT_US)],
    http: ["-rw_timeout", String(SOCKET_TIMEOUT_US)],
    file: [],
    v4l2: ["-f", "v4l2"],
  };
  const quiet = ["-hide_banner", "-nostdin", "-loglevel", "info", "-noautorotate"];
  return [...quiet, ...patience[source.kind], "-i", source.address];
}

/** What stands before `-i`: how to open the source. Pure. */
export function inputArguments(
  flavour: FfmpegFlavour,
  request: Pick<FrameRequest, "source" | "fps" | "pacing">,
): readonly string[] {
  // Lines and zones are drawn on the coded picture, so a rotation flag in the stream is ignored.
  const common = ["-noautorotate"];
  const network = [
    "-analyzeduration",
    "500000",
    "-probesize",
    "500000",
    // Not waiting for enough frames to guess a rate from: the rate is measured as frames arrive, and the first
    // one comes in half the time.
    "-fpsprobesize",
    "0",
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

function videoFilter(
  { frameLines }: FfmpegFlavour,
  { input, fit = USUAL_FIT, fps, pacing }: FrameRequest,
): string {
  return [
    pacing === "live" ? thinning(fps) : `fps=fps=${fps}`,
    // After the thinning, so that its lines are those of the frames that leave; before the scaling, so that they name
    // the size of the source picture, which may change in mid-stream.
    frameLines,
    ...fitting(input, fit),
  ].join(",");
}

/** Must place the picture as `letterboxOf` says. */
function fitting({ widthPx, heightPx }: PictureSize, { resize, pad }: FrameFit): readonly string[] {
  const size = `${widthPx}:${heightPx}`;
  if (resize === "stretch") return [`scale=${size}:flags=bilinear`, "format=rgb24"];
  const corner = resize === "letterbox" ? "(ow-iw)/2:(oh-ih)/2" : "0:0";
  const grey = pad.toString(16).padStart(2, "0");
  return [
    `scale=${size}:force_original_aspect_ratio=decrease:flags=bilinear`,
    // Before the padding, because padding a 4:2:0 picture rounds its offset to even pixels.
    "format=rgb24",
    `pad=${size}:${corner}:color=0x${grey.repeat(3)}`,
  ];
}

/**
 * Keeps the first frame of each interval of 1/fps. Unlike the fps filter it doubles nothing when the camera is
 * slower; the 0.05 absorbs time stamps rounded to milliseconds.
 */
function thinning(fps: number): string {
  return `select='isnan(prev_pts)+gt(floor(t*${fps}+0.05),floor(prev_pts*TB*${fps}+0.05))'`;
}
