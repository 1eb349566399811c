import type { MonoMs } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { CommandBook } from "../../fleet/command-book.ts";
import { restartBy } from "../../fleet/desired-config.ts";
import type { CommandReply, Order } from "../../wire/fleet-messages.ts";
import type { LogLevel } from "../logger.ts";
import type { FleetMemory } from "./fleet-memory.ts";
import type { FleetPorts } from "./fleet-ports.ts";

export interface CommandDeskDeps {
  readonly memory: FleetMemory;
  readonly ports: FleetPorts;
  readonly version: string;
  readonly onNews: () => void;
  readonly tellHealth: () => void;
  readonly leave: (why: string) => void;
  /** null: as configured. */
  readonly setLogLevel: (level: LogLevel | null) => void;
  readonly clock: Clock;
  readonly log: Log;
}

interface Outcome {
  readonly status: "done" | "refused" | "failed";
  readonly detail: string;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** A message as it came. */
interface Command {
  readonly text: string;
  readonly retained: boolean;
}

const done = (detail: string): Outcome => ({ status: "done", detail });
const MINUTE_MS = 60_000;
const CLOCK_CHECK_MS = 1000;
/** How long commands wait for the clock to be set; longer ones are refused. */
const CLOCK_WAIT_MS = 10 * MINUTE_MS;
/** Commands that wait for the clock; further ones are refused. */
const WAITING_CAP = 16;
const SUMMARY_NOTICES = 16;

/** Carries out the centre's commands, each once, and keeps the answers. */
export class CommandDesk {
  readonly #deps: CommandDeskDeps;
  readonly #book: CommandBook;
  #loud: Timer | null = null;
  /** Nobody can say whether they have expired before the clock is set. */
  #waiting: Command[] = [];
  #waitingSinceMono: MonoMs | null = null;
  #clockCheck: Timer | null = null;

  constructor(deps: CommandDeskDeps) {
    this.#deps = deps;
    this.#book = new CommandBook(deps.memory.state.restartedBy);
  }

  /** Oldest first; at most sixteen. */
  get replies(): readonly CommandReply[] {
    return this.#book.replies;
  }

  /** Takes the text of `down/cmd`; one that comes before the clock is set waits for it. */
  async take(text: string, retained: boolean): Promise<void> {
    if (text === "") return;
    const { ports, clock } = this.#deps;
    if (!ports.isClockAwaited() || this.#waiting.length >= WAITING_CAP)
      return await this.#admit({ text, retained });
    this.#waiting.push({ text, retained });
    this.#waitingSinceMono ??= clock.mono();
    this.#clockCheck ??= clock.every(CLOCK_CHECK_MS, "commands before the clock", () =>
      this.#checkClock(),
    );
  }

  #checkClock(): void {
    const { clock, ports } = this.#deps;
    const sinceMono = this.#waitingSinceMono ?? clock.mono();
    if (ports.isClockAwaited() && clock.mono() - sinceMono < CLOCK_WAIT_MS) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingSinceMono = null;
    this.#clockCheck?.cancel();
    this.#clockCheck = null;
    for (const command of waiting) void this.#admit(command);
  }

  async #admit({ text, retained }: Command): Promise<void> {
    const { ports, log, onNews } = this.#deps;
    const now = ports.isClockAwaited() ? null : ports.now().epoch;
    const at = ports.now().epoch;
    const admission = this.#book.admit({ text, retained, now, at });
    if (admission.kind === "left") {
      const { faults } = admission;
      const fields = { event: "fleet.command-unreadable", code: "MESSAGE_INVALID", faults };
      if (faults.length > 0) log.warn(fields, "a command could not be read");
      return;
    }
    if (admission.kind === "answered") this.#audit(admission.reply);
    else await this.#carryOut(admission.id, admission.order);
    onNews();
  }

  stop(): void {
    this.#loud?.cancel();
    this.#clockCheck?.cancel();
  }

  async #carryOut(id: string, order: Order): Promise<void> {
    const outcome = await this.#run(id, order);
    const { status, detail, result } = outcome;
    const at = this.#deps.ports.now().epoch;
    this.#audit(this.#book.answer(id, order.name, status, detail, at, result));
  }

  async #run(id: string, order: Order): Promise<Outcome> {
    const { ports, tellHealth } = this.#deps;
    switch (order.name) {
      case "announce":
        ports.delivery.announce();
        return done("the birth was told again");
      case "log-level":
        return this.#beLoud(order.arguments.level, order.arguments.minutes);
      case "restart":
        return await this.#restart(id);
      case "restart-sensor":
        return this.#restartSensor(order.arguments.sensorId);
      case "resend-reported":
        return done("here it is");
      case "resend-health":
        tellHealth();
        return done("the health was told again");
      case "support-summary":
        return { ...done("see the result"), result: this.#summary() };
    }
  }

  #beLoud(level: LogLevel, minutes: number): Outcome {
    const { clock, setLogLevel } = this.#deps;
    this.#loud?.cancel();
    setLogLevel(level);
    this.#loud = clock.after(minutes * MINUTE_MS, "log level", () => setLogLevel(null));
    return done(`log level ${level} for ${minutes} min`);
  }

  /** Remembered before it is done: the broker may not learn that the message came, and send it to the next life. */
  async #restart(id: string): Promise<Outcome> {
    const { memory, leave } = this.#deps;
    try {
      await memory.update((state) => restartBy(state, id));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      // Not remembered, it would be done again after every restart.
      return { status: "failed", detail: `${error.code}: the gateway goes on; send another` };
    }
    leave("the centre asked for it");
    return done("the gateway starts anew");
  }

  #restartSensor(sensorId: string): Outcome {
    switch (this.#deps.ports.restartSensor(sensorId)) {
      case "begun":
        return done(`${sensorId} begins anew`);
      case "idle":
        return done(`${sensorId} is not open and is being opened anew anyway`);
      case "unknown":
        return { status: "refused", detail: `there is no sensor ${sensorId}` };
      case "impossible":
        return { status: "refused", detail: `${sensorId} begins anew only with the gateway` };
    }
  }

  /** What somebody who helps from afar wants to know first; ids and codes, nothing that was seen. */
  #summary(): Readonly<Record<string, unknown>> {
    const { ports, version } = this.#deps;
    const { state, code, outboxEvents, shedEvents } = ports.delivery.status();
    return {
      version,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      delivery: { state, code, outboxEvents, shedEvents },
      sensors: ports.sensors().map(({ id, kind, state: sensor, code: fault }) => ({
        ...{ id, kind, state: sensor, code: fault },
      })),
      notices: ports.notices().slice(0, SUMMARY_NOTICES),
      unreadableCommands: this.#book.unreadable,
    };
  }

  #audit({ id, command, status, detail }: CommandReply): void {
    const { ports, log } = this.#deps;
    log.info({ event: "fleet.command", command, status }, `command ${command}: ${status}`);
    const { epoch: at, mono: atMono, clock } = ports.now();
    const head = { source: `command:${id}`, seq: 0, at, atMono, clock };
    const told = { action: "command", subjectId: id, name: command, version: null } as const;
    ports.delivery.record({ kind: "audited", ...head, ...told, outcome: status, detail });
  }
}
