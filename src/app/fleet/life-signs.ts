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
