import type { Clock, Timer } from "../../core/clock.ts";
import type { Log } from "../../core/lifecycle.ts";
import { Liveness } from "../../fleet/liveness.ts";
import type { Outbox } from "../../io/outbox/outbox.ts";
import { createSystemdNotify } from "../../io/systemd/systemd-notify.ts";

export interface LifeSignsDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly outbox: Pick<Outbox, "stats" | "state">;
  readonly clock: Clock;
  readonly log: Log;
}

/** What systemd is told: that the gateway is ready, that it lives, that it stops. */
export interface LifeSigns {
  /** Everything was started. */
  ready(): void;
  stopping(): void;
}

/** How often a long piece of work says that it goes on, and how much time it asks for. */
const STEP_MS = 10_000;
const EXTENSION_MS = 60_000;

/**
 * For work that holds up everything else, such as taking over a damaged outbox: called at each of its steps, it says from
 * time to time that the gateway lives, and before it is ready asks for more time to start.
 */
export function createStepSigns(
  deps: Pick<LifeSignsDeps, "environment" | "clock" | "log">,
): () => void {
  const { clock } = deps;
  const notify = createSystemdNotify(deps);
  let dueMono: number = clock.mono() + STEP_MS;
  return () => {
    if (clock.mono() < dueMono) return;
    dueMono = clock.mono() + STEP_MS;
    void notify.send("WATCHDOG=1");
    void notify.send(`EXTEND_TIMEOUT_USEC=${EXTENSION_MS * 1000}`);
  };
}

/** Three signs in the time in which one is due: one that is lost or late does no harm. */
const SIGNS_PER_PERIOD = 3;

/** Gives signs of life as long as the gateway does its work; without systemd nothing happens. */
export function createLifeSigns({ environment, outbox, clock, log }: LifeSignsDeps): LifeSigns {
  const notify = createSystemdNotify({ environment, log });
  let timer: Timer | null = null;
  const begin = (watchdogMs: number): void => {
    const periodMs = watchdogMs / SIGNS_PER_PERIOD;
    const liveness = new Liveness(periodMs);
    timer = clock.every(periodMs, "life sign", () => {
      const { pending, streams } = outbox.stats();
      const committed = Object.values(streams).reduce((sum, { next }) => sum + next, 0);
      const mayCommit = outbox.state.kind === "ok";
      const why = liveness.judge(clock.mono(), { pending, committed, mayCommit });
      if (why === null) void notify.send("WATCHDOG=1");
      else log.error({ event: "gateway.no-life-sign", why }, "no sign of life is given");
    });
  };
  return {
    ready() {
      void notify.send("READY=1");
      if (notify.watchdogMs !== null) begin(notify.watchdogMs);
    },
    stopping() {
      timer?.cancel();
      void notify.send("STOPPING=1");
    },
  };
}
