import type { FaultCode } from "./errors.ts";

/** What the configuration allows people to see of a camera's picture. */
export interface PreviewPolicy {
  /** Whether any picture may leave the gateway at all, to a signed-in person who is setting it up. */
  readonly isEnabled: boolean;
  /** Whether people are made unrecognisable before a picture leaves the camera's worker. */
  readonly isPixelated: boolean;
}

/** Why a picture is refused. */
export type PreviewRefusalWord =
  | "PREVIEW_DISABLED"
  | "CAMERA_WITHOUT_PICTURE"
  | "TOO_MANY_VIEWERS"
  | FaultCode;

/** A refusal: a stable word, and words for people. The word is the camera's fault code while the camera is blind. */
export interface PreviewRefusal {
  readonly word: PreviewRefusalWord;
  readonly message: string;
  readonly hint: string;
}

/** Why a stream that ran was ended by the gateway: the camera's or ffmpeg's fault, or one of ours. */
export type PreviewEnd = "TIME_UP" | "TOO_SLOW" | "PICTURE_CHANGED" | "STOPPING" | FaultCode;

/** The far end of one preview stream; the web's socket satisfies it. */
export interface PreviewViewer {
  /** Bytes handed to `send` that the peer has not taken yet. */
  readonly waitingBytes: number;
  /** Takes a piece of an MPEG transport stream; the piece is not changed afterwards. */
  send(chunk: Uint8Array): void;
  /** The stream is over; nothing is sent afterwards. */
  end(reason: PreviewEnd): void;
}

/** Pictures of the cameras, for set-up only. */
export interface PreviewSource {
  readonly policy: PreviewPolicy;
  /** Whether this camera has pictures at all (people from a third-party counter come without). */
  hasPicture(cameraId: string): boolean;
  /** Why a stream of this camera would be refused at this moment; null when it would be opened. Starts nothing. */
  refusal(cameraId: string): PreviewRefusal | null;
  /**
   * Opens a stream; the answer is the function that leaves it, or the refusal. A viewer that lags misses pieces, one
   * that stands still is ended. Idempotent leave.
   */
  watch(cameraId: string, viewer: PreviewViewer): (() => void) | PreviewRefusal;
  /** One picture as JPEG, made at the moment of asking and kept nowhere; or the refusal. */
  snapshot(cameraId: string): Promise<Uint8Array | PreviewRefusal>;
}
