import JSMpeg from "@cycjimmy/jsmpeg-player";

/** What a running preview tells. */
export interface PlayerEvents {
  /** A picture was painted. */
  onPicture(): void;
  /** The stream is over. `reason`: the gateway's word; empty when the connection was never opened or broke. */
  onOver(reason: string): void;
}

/** The module as the Set-up page loads it. */
export interface PlayerModule {
  readonly play: typeof play;
}

/** Larger than any single picture; what does not fit is forgotten. */
const BUFFER_BYTES = 1_048_576;

/**
 * Plays an MPEG transport stream from a WebSocket on a canvas, picture by picture as they arrive; the canvas takes the
 * size of the picture. Returns the function that stops it, which leaves the last picture standing. No WebAssembly,
 * because the page's content policy forbids it.
 */
export function play(url: string, canvas: HTMLCanvasElement, events: PlayerEvents): () => void {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  let isOver = false;
  const finish = (reason: string | null): void => {
    if (isOver) return;
    isOver = true;
    player.destroy();
    if (reason !== null) events.onOver(reason);
  };
  const sourceClass = class {
    readonly streaming = true;
    // From the start on, so that the player paints no progress bar over the picture that stands there.
    readonly established = true;
    readonly completed = false;
    readonly progress = 1;
    connect(destination: { write(bytes: ArrayBuffer): void }): void {
      socket.addEventListener("message", ({ data }) => {
        if (data instanceof ArrayBuffer && !isOver) destination.write(data);
      });
    }
    start(): void {
      socket.addEventListener("close", ({ reason }) => finish(reason));
    }
    resume(): void {
      // The gateway sends as it has.
    }
    destroy(): void {
      socket.close();
    }
  };
  const player = new JSMpeg.Player(url, {
    source: sourceClass,
    canvas,
    audio: false,
    disableWebAssembly: true,
    disableGl: true,
    pauseWhenHidden: false,
    videoBufferSize: BUFFER_BYTES,
    onVideoDecode: () => {
      if (!isOver) events.onPicture();
    },
  });
  return () => finish(null);
}
