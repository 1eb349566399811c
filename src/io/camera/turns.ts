import type { MonoMs } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";

export interface InferenceTurnsOptions {
  /** Inferences that may run at once. */
  readonly slots: number;
  readonly clock: Clock;
  /** Whoever keeps a turn for longer hangs: its slot is lent to the next. Default 5000. */
  readonly limitMs?: number;
}

const LIMIT_MS = 5000;

type MemberState =
  | { readonly kind: "idle" }
  | { readonly kind: "waiting"; readonly start: number; readonly ticket: number }
  | { readonly kind: "holding"; readonly sinceMono: MonoMs }
  /** Held for too long: its slot went to others, and it may come back or not. */
  | { readonly kind: "overdue" };

/** One camera's seat at the table. Each call says what it does with its turn; all are safe in any state. */
export interface TurnSeat {
  /** Asks for a turn, giving back the one it has, in one step: so others cannot slip in before their share. */
  want(): void;
  /** Gives the turn back, or stops waiting for one. */
  done(): void;
  /** Leaves for good, in whatever state; its turn is free at once. Idempotent. */
  leave(): void;
}

/**
 * Shares out inference among the cameras of one box. As long as a slot is free a turn is granted at once. When more
 * want one than there are slots, each gets turns in proportion to the frames per second it is meant to look at, and
 * those with equal claims come in the order of asking. Nobody waits longer than it takes the others to have
 * their share; nobody saves up turns while idle.
 * @source start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996.
 */
export class InferenceTurns {
  readonly #slots: number;
  readonly #limitMs: number;
  readonly #clock: Clock;
  readonly #seats = new Set<Seat>();
  #virtualTime = 0;
  #tickets = 0;
  #overdueTurns = 0;
  #watch: Timer | null = null;

  constructor({ slots, clock, limitMs }: InferenceTurnsOptions) {
    this.#slots = slots;
    this.#clock = clock;
    this.#limitMs = limitMs ?? LIMIT_MS;
  }

  /** Turns that were taken away because they were held too long. */
  get overdueTurns(): number {
    return this.#overdueTurns;
  }

  /** Takes a seat. `fps` is the camera's weight, above 0; `onTurn` is called when its turn has come. */
  join(fps: number, onTurn: () => void): TurnSeat {
    const seat = new Seat(fps, onTurn);
    this.#seats.add(seat);
    return {
      want: () => this.#want(seat),
      done: () => {
        seat.state = { kind: "idle" };
        this.#serve();
      },
      leave: () => {
        seat.state = { kind: "idle" };
        this.#seats.delete(seat);
        this.#serve();
      },
    };
  }

  #want(seat: Seat): void {
    if (!this.#seats.has(seat) || seat.state.kind === "waiting") return;
    const start = Math.max(this.#virtualTime, seat.finish);
    this.#tickets += 1;
    seat.state = { kind: "waiting", start, ticket: this.#tickets };
    this.#serve();
  }

  #serve(): void {
    const nowMono = this.#clock.mono();
    this.#callOverdue(nowMono);
    while (this.#holders() < this.#slots) {
      const next = this.#first();
      if (next?.state.kind !== "waiting") break;
      const { start } = next.state;
      this.#virtualTime = start;
      next.finish = start + 1 / next.fps;
      next.state = { kind: "holding", sinceMono: nowMono };
      next.onTurn();
    }
    this.#watchHolders(nowMono);
  }

  /** The one waiting with the smallest claim already met; of equal ones the first to ask. */
  #first(): Seat | null {
    let first: Seat | null = null;
    for (const seat of this.#seats) if (isBefore(seat, first)) first = seat;
    return first;
  }

  #holders(): number {
    let holders = 0;
    for (const { state } of this.#seats) if (state.kind === "holding") holders += 1;
    return holders;
  }

  #callOverdue(nowMono: MonoMs): void {
    for (const seat of this.#seats) {
      const { state } = seat;
      if (state.kind !== "holding" || nowMono - state.sinceMono < this.#limitMs) continue;
      seat.state = { kind: "overdue" };
      this.#overdueTurns += 1;
    }
  }

  /** While somebody waits, somebody must notice that a holder hangs: no call of its own would. */
  #watchHolders(nowMono: MonoMs): void {
    this.#watch?.cancel();
    this.#watch = null;
    if (this.#first() === null) return;
    let oldest = nowMono;
    for (const { state } of this.#seats)
      if (state.kind === "holding" && state.sinceMono < oldest) oldest = state.sinceMono;
    const leftMs = Math.max(1, this.#limitMs - (nowMono - oldest));
    this.#watch = this.#clock.after(leftMs, "inference turn", () => {
      this.#watch = null;
      this.#serve();
    });
  }
}

class Seat {
  readonly fps: number;
  readonly onTurn: () => void;
  state: MemberState = { kind: "idle" };
  /** Virtual time at which its share of what it had so far is used up. */
  finish = 0;

  constructor(fps: number, onTurn: () => void) {
    this.fps = fps;
    this.onTurn = onTurn;
  }
}

function isBefore(seat: Seat, other: Seat | null): boolean {
  if (seat.state.kind !== "waiting") return false;
  if (other?.state.kind !== "waiting") return true;
  const { start, ticket } = other.state;
  return seat.state.start < start || (seat.state.start === start && seat.state.ticket < ticket);
}
