import { BoundedMap } from "../../core/bounded-map.ts";
import { type MonoMs, monoMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";

/** Wrong tokens in a row before a client has to wait. A page that was opened with an old one shows a few. */
const FREE_TRIES = 20;
const PAUSE_MS = 60_000;
const CLIENT_CAP = 1_024;

interface Tries {
  readonly failed: number;
  readonly untilMono: MonoMs;
}

/**
 * Wrong tokens by client (`clientKeyOf`). After twenty in a row each further one costs a minute, in which the right one is
 * not looked at either. At most 1,024 clients: the least recently seen is forgotten first, all two minutes after their last.
 */
export class TokenTries {
  readonly #clock: Pick<Clock, "mono">;
  readonly #clients = new BoundedMap<string, Tries>({ cap: CLIENT_CAP, idleMs: 2 * PAUSE_MS });

  constructor(clock: Pick<Clock, "mono">) {
    this.#clock = clock;
  }

  /** How long the client has to wait; 0: it may try. */
  waitMs(client: string): number {
    const tries = this.#clients.peek(client);
    return tries === undefined ? 0 : Math.max(0, tries.untilMono - this.#clock.mono());
  }

  failed(client: string): void {
    const now = this.#clock.mono();
    this.#clients.expire(now);
    const failed = (this.#clients.peek(client)?.failed ?? 0) + 1;
    const untilMono = monoMs(failed < FREE_TRIES ? 0 : now + PAUSE_MS);
    this.#clients.set(client, { failed, untilMono }, now);
  }

  passed(client: string): void {
    this.#clients.delete(client);
  }
}
