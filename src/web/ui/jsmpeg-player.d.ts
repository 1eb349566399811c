/** The part of @cycjimmy/jsmpeg-player 6.1.2 that is used; the package brings no types. */
declare module "@cycjimmy/jsmpeg-player" {
  /** Where the player's bytes come from; the player makes one with `new` and calls `connect`, then `start`. */
  interface JsmpegSource {
    readonly streaming: boolean;
    readonly established: boolean;
    readonly completed: boolean;
    readonly progress: number;
    connect(destination: { write(bytes: ArrayBuffer): void }): void;
    start(): void;
    resume(headroomS: number): void;
    destroy(): void;
  }
  interface JsmpegPlayer {
    destroy(): void;
  }
  const JSMpeg: {
    readonly Player: new (
      url: string,
      options: {
        readonly source: new () => JsmpegSource;
        readonly canvas: HTMLCanvasElement;
        readonly audio: boolean;
        readonly disableWebAssembly: boolean;
        readonly disableGl: boolean;
        readonly pauseWhenHidden: boolean;
        readonly videoBufferSize: number;
        readonly onVideoDecode: () => void;
      },
    ) => JsmpegPlayer;
  };

  export = JSMpeg;
}
