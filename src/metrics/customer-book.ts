import type { EpochMs } from "../core/brand.ts";

/** Customers remembered; the one not seen longest is forgotten first, and is new when it comes again. */
const MAX_CUSTOMERS = 100_000;
/** Trading days remembered per customer. */
const MAX_DAYS = 128;

/**
 * On which trading days identified customers came: what repeat figures rest on. Keyed by what identifies a visit (a
 * registered loyalty card); holds nothing else about them. Bounded.
 */
export class CustomerBook {
  readonly #days = new Map<string, EpochMs[]>();

  get size(): number {
    return this.#days.size;
  }

  /** Notes a visit on the trading day that begins at `dayStart`. */
  note(customer: string, dayStart: EpochMs): void {
    const days = this.#days.get(customer) ?? [];
    this.#days.delete(customer);
    if (this.#days.size >= MAX_CUSTOMERS) this.#forgetOldest();
    this.#days.set(customer, days);
    if (days.includes(dayStart)) return;
    days.push(dayStart);
    days.sort((a, b) => a - b);
    if (days.length > MAX_DAYS) days.shift();
  }

  /** Beginnings of the trading days on which the customer came, ascending. */
  daysOf(customer: string): readonly EpochMs[] {
    return this.#days.get(customer) ?? [];
  }

  /** Lets go of everything before an instant. */
  forgetBefore(at: EpochMs): void {
    for (const [customer, days] of this.#days) {
      const kept = days.filter((day) => day >= at);
      if (kept.length === 0) this.#days.delete(customer);
      else this.#days.set(customer, kept);
    }
  }

  *entries(): Generator<readonly [customer: string, days: readonly EpochMs[]]> {
    yield* this.#days;
  }

  #forgetOldest(): void {
    const oldest = this.#days.keys().next().value;
    if (oldest !== undefined) this.#days.delete(oldest);
  }
}
