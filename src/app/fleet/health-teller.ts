import type { MonoMs } from "../../core/brand.ts";
import type { DeliveryStatus } from "../../core/delivery-status.ts";
import { type HealthIdentity, HealthKeeper, type StreamReading } from "../../fleet/health.ts";
import type { WriteMeter } from "../../fleet/write-meter.ts";
import { createProcessProbe, type ProcessProbe, readBoard } from "../../io/board/board-probe.ts";
import type { Outbox } from "../../io/outbox/outbox.ts";
import { STREAMS } from "../../wire/cloud-event.ts";
import type { ConsentHealth, HealthMessage } from "../../wire/health-message.ts";
import type { FleetPorts } from "./fleet-ports.ts";

export interface HealthTellerDeps {
  readonly identity: HealthIdentity;
  readonly ports: Pick<FleetPorts, "delivery" | "sensors" | "now" | "link">;
  readonly outbox: Outbox;
  readonly stateDir: string;
  readonly reconnects: () => number;
  readonly commits: CommitWatch;
  /** Shared by all tellers of a gateway. */
  readonly written: WriteMeter;
  /** How the consents stand; absent where loyalty is off. */
  readonly consent?: () => ConsentHealth;
}

/** Name of the note that keeps what was written today, and how often it is kept. */
export const WRITTEN_NOTE = "written";
const KEEP_MS = 600_000;

/** Durations of commits, handed on to everybody who tells the longest of a while. */
export class CommitWatch {
  readonly #longest: { ms: number | null }[] = [];

  constructor(outbox: Pick<Outbox, "onCommit">) {
    outbox.onCommit = (tookMs) => {
      for (const one of this.#longest) one.ms = Math.max(one.ms ?? 0, tookMs);
    };
  }

  /** Begins to watch; each call of the result gives the longest since the call before, null when there was none. */
  begin(): () => number | null {
    const mine: { ms: number | null } = { ms: null };
    this.#longest.push(mine);
    return () => {
      const { ms } = mine;
      mine.ms = null;
      return ms;
    };
  }
}

/**
 * Reads everything that makes up the health and makes the message of it. What lies between two messages (the load, the
 * longest delays) belongs to one reader: whoever asks on a rhythm of his own has a teller of his own.
 */
export class HealthTeller {
  readonly #deps: HealthTellerDeps;
  readonly #keeper: HealthKeeper;
  readonly #probe: ProcessProbe;
  readonly #commitMs: () => number | null;
  #keptMono: MonoMs;

  constructor(deps: HealthTellerDeps) {
    this.#deps = deps;
    this.#keeper = new HealthKeeper(deps.identity, deps.ports.now(), deps.written);
    this.#keptMono = deps.ports.now().mono;
    this.#probe = createProcessProbe();
    this.#commitMs = deps.commits.begin();
  }

  async read(): Promise<HealthMessage> {
    const { ports, outbox, stateDir, reconnects } = this.#deps;
    const board = await readBoard(stateDir);
    const delivery: DeliveryStatus = ports.delivery.status();
    const anchor = ports.now();
    const message = this.#keeper.message({
      anchor,
      delivery,
      consent: this.#deps.consent?.(),
      reconnects: reconnects(),
      linesGivenUp: ports.delivery.dropped,
      certificateUntil: ports.link?.certificateUntil ?? null,
      commitMs: this.#commitMs(),
      streams: streamsOf(outbox),
      replaced: outbox.replaced,
      sensors: ports.sensors(),
      board,
      process: this.#probe.read(),
    });
    if (anchor.mono - this.#keptMono >= KEEP_MS) {
      this.#keptMono = anchor.mono;
      outbox.saveNote(WRITTEN_NOTE, this.#deps.written.text);
    }
    return message;
  }

  close(): void {
    this.#deps.outbox.saveNote(WRITTEN_NOTE, this.#deps.written.text);
    this.#probe.close();
  }
}

function streamsOf(outbox: Outbox): readonly StreamReading[] {
  const { streams, shedBy } = outbox.stats();
  return STREAMS.map((stream) => ({
    stream,
    committed: streams[stream].next - 1,
    acked: streams[stream].acked,
    shed: shedBy[stream],
  }));
}
