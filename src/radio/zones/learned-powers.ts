/** Tags whose power is remembered; the one set longest ago goes first. */
const CAP = 4_096;
/** What no tag sends, dBm at one metre: a file may hold anything. */
const LOWEST_DBM = -100;
const HIGHEST_DBM = -20;

/** Powers of tags by their name, bounded. */
export class LearnedPowers {
  readonly #powers = new Map<string, number>();

  constructor(saved: Readonly<Record<string, number>>) {
    for (const [id, dbm] of Object.entries(saved)) this.set(id, dbm);
  }

  /** dBm at one metre; NaN when it is not known. */
  get(id: string): number {
    return this.#powers.get(id) ?? Number.NaN;
  }

  /** Remembers a power; an impossible one is ignored. */
  set(id: string, dbm: number): void {
    if (!(dbm >= LOWEST_DBM && dbm <= HIGHEST_DBM)) return;
    this.#powers.delete(id);
    if (this.#powers.size >= CAP) {
      const oldest = this.#powers.keys().next().value;
      if (oldest !== undefined) this.#powers.delete(oldest);
    }
    this.#powers.set(id, Math.round(dbm * 10) / 10);
  }

  toRecord(): Record<string, number> {
    return Object.fromEntries(this.#powers);
  }
}
