import type { FastifyInstance, FastifyReply } from "fastify";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/lifecycle.ts";
import type { DashboardSource, RecordingHandle } from "./dashboard-source.ts";
import type { RefusalView } from "./views.ts";

/** Bounds of the recording streams. */
export interface RecordingLimits {
  /** Recordings at the same time, all cameras together; a further one is refused. */
  readonly maxReaders: number;
  /** Bytes that may wait for one reader; with more its recording is cut, and the cut is its last line. */
  readonly maxWaitingBytes: number;
}

/** Eight megabytes hold about a quarter of an hour of a busy camera. */
export const RECORDING_LIMITS: RecordingLimits = { maxReaders: 4, maxWaitingBytes: 8 * 2 ** 20 };

const FULL: RefusalView = {
  error: "TOO_MANY_READERS",
  message: "As many recordings run as this gateway serves at once.",
  hint: "Stop one, then try again.",
};
const NO_CAMERA: RefusalView = {
  error: "NOT_FOUND",
  message: "The site plan has no such camera, or it has no detector of its own.",
  hint: "The cameras are listed at /api/site.",
};

const NO_RADIO: RefusalView = {
  error: "NOT_FOUND",
  message:
    "This gateway has no Bluetooth adapter of its own, and remote scanners are not recorded.",
  hint: "Adapters are configured under `radios`.",
};

/** What a recording needs of a response; node's own satisfies it. */
interface LineSink {
  readonly writableLength: number;
  write(text: string): boolean;
  readonly closed: boolean;
  end(): void;
  destroy(): unknown;
  on(event: "close", listener: () => void): unknown;
}

/** How long the last lines may take on their way when the gateway stops. */
const FAREWELL_MS = 1000;
/** A reader that was cut off and still takes nothing must not keep its place from others. */
const CUT_FAREWELL_MS = 60_000;

/**
 * GET /api/cameras/:id/detections (what the detector finds) and GET /api/radio/packets (what registered tags send),
 * one JSON object a line, until the reader leaves. No sensor waits for a reader: one that lags too far behind is cut
 * off and told so.
 */
export class RecordingStreams {
  readonly #source: DashboardSource;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: RecordingLimits;
  readonly #open = new Map<RecordingHandle, LineSink>();

  constructor(
    source: DashboardSource,
    clock: Clock,
    log: Log,
    limits: RecordingLimits = RECORDING_LIMITS,
  ) {
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
  }

  /** Recordings under way. */
  get readers(): number {
    return this.#open.size;
  }

  route(server: FastifyInstance): void {
    server.get<{ Params: { id: string }; Querystring: { now?: string; events?: string } }>(
      "/api/cameras/:id/detections",
      { exposeHeadRoute: false },
      (request, reply) => {
        const { now, events } = request.query;
        const wish = { startsNow: now === "1", withEvents: events === "1" };
        const { id } = request.params;
        return this.#begin(reply, id, NO_CAMERA, (onLine) =>
          this.#source.record?.(id, { ...wish, onLine }),
        );
      },
    );
    server.get("/api/radio/packets", { exposeHeadRoute: false }, (_request, reply) =>
      this.#begin(reply, "radio", NO_RADIO, (onLine) => this.#source.recordRadio?.(onLine)),
    );
  }

  #begin(
    reply: FastifyReply,
    what: string,
    missing: RefusalView,
    record: (onLine: (line: string) => void) => RecordingHandle | null | undefined,
  ): FastifyReply {
    if (this.#open.size >= this.#limits.maxReaders)
      return reply.code(503).header("retry-after", "10").send(FULL);
    // The source is only asked here; its first line comes in a later turn of the loop.
    let take = (_line: string): void => undefined;
    const handle = record((line) => take(line));
    if (handle === undefined || handle === null) return reply.code(404).send(missing);
    const sink = beginLines(reply);
    take = (line) => this.#write(sink, handle, line);
    sink.on("close", () => {
      take = () => undefined;
      this.#leave(handle, what);
    });
    this.#open.set(handle, sink);
    this.#log.info({ event: "web.recording", what }, "a recording began");
    return reply;
  }

  /** Ends every recording in good order. */
  async [Symbol.asyncDispose](): Promise<void> {
    const farewells = [...this.#open].map(([handle, sink]) => {
      handle.end();
      sink.end();
      return this.#gone(sink);
    });
    await Promise.all(farewells);
  }

  #gone(sink: LineSink): Promise<void> {
    return new Promise((resolve) => {
      if (sink.closed) return resolve();
      const deadline = this.#clock.after(FAREWELL_MS, "web.recording-farewell", resolve);
      sink.on("close", () => {
        deadline.cancel();
        resolve();
      });
    });
  }

  #write(sink: LineSink, handle: RecordingHandle, line: string): void {
    sink.write(`${line}\n`);
    if (/^\{"(?:end|cut)":/.test(line)) this.#sayGoodbye(sink);
    else if (sink.writableLength > this.#limits.maxWaitingBytes) handle.cut();
  }

  #sayGoodbye(sink: LineSink): void {
    const name = "web.recording-cut";
    const deadline = this.#clock.after(CUT_FAREWELL_MS, name, () => sink.destroy());
    sink.on("close", () => deadline.cancel());
    sink.end();
  }

  #leave(handle: RecordingHandle, what: string): void {
    if (!this.#open.delete(handle)) return;
    handle.end();
    this.#log.info({ event: "web.recording-ended", what }, "a recording ended");
  }
}

/** A hijacked reply sends no headers of its own: those of helmet and the limiter are copied by hand. */
function beginLines(reply: FastifyReply): LineSink {
  const sink = reply.raw;
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) sink.setHeader(name, value);
  }
  sink.writeHead(200, {
    "content-type": "application/x-ndjson; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  });
  sink.flushHeaders();
  return sink;
}
