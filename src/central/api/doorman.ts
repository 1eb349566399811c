import { createHash } from "node:crypto";
import { BoundedMap } from "../../core/bounded-map.ts";
import type { MonoMs } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { DocumentRepository } from "../repository.ts";

export interface DoormanOptions {
  readonly store: Pick<DocumentRepository, "audit">;
  /** Wrong keys of one address in a minute; beyond, keys that were not right lately are not looked up. */
  readonly wrongPerMinute: number;
  readonly clock: Clock;
}

/** Who was refused, and why. */
export interface Refusal {
  /** Name of the key; "nobody" when it is none. */
  readonly actor: string;
  readonly target: string;
  readonly why: string;
}

const MINUTE_MS = 60_000;
/** Addresses, keys and names of keys remembered; those seen longest ago are forgotten first. */
const CAP = 5_000;
const RIGHT_MS = 600_000;

interface Window {
  readonly sinceMono: MonoMs;
  count: number;
}

/**
 * Remembers who came with wrong keys, so that guessing costs the store nothing, and notes refusals in the audit log, one a
 * minute for each name with how many there were since. A key that was right lately is looked up whatever comes from its
 * address: others behind the same address cannot shut it out.
 */
export class Doorman {
  readonly #options: DoormanOptions;
  readonly #wrong = new BoundedMap<string, Window>({ cap: CAP, idleMs: MINUTE_MS });
  readonly #right = new BoundedMap<string, MonoMs>({ cap: CAP, idleMs: RIGHT_MS });
  readonly #noted = new BoundedMap<string, Window>({ cap: CAP, idleMs: MINUTE_MS });

  constructor(options: DoormanOptions) {
    this.#options = options;
  }

  /** Whether a key that comes from an address is worth a look into the store; counted as wrong until that is known. */
  mayLookUp(address: string, token: string): boolean {
    if (this.#wasRight(hashOf(token))) return true;
    const window = this.#window(this.#wrong, address);
    window.count += 1;
    return window.count <= this.#options.wrongPerMinute;
  }

  /** Notes what the look showed. */
  looked(address: string, token: string, isRight: boolean): void {
    const mono = this.#options.clock.mono();
    const hash = hashOf(token);
    if (!isRight) {
      this.#right.delete(hash);
      return;
    }
    if (!this.#wasRight(hash)) this.#window(this.#wrong, address).count -= 1;
    this.#right.set(hash, mono, mono);
  }

  /** Notes a refusal for the audit; a store that fails is no reason to answer otherwise. */
  async refused({ actor, target, why }: Refusal): Promise<void> {
    const { store, clock } = this.#options;
    const before = this.#noted.peek(actor);
    const window = this.#window(this.#noted, actor);
    window.count += 1;
    if (window.count > 1) return;
    const more =
      before === undefined || before.count < 2 ? "" : `; ${before.count - 1} more before`;
    try {
      await store.audit({ at: clock.now(), actor, action: "refused", target, detail: why + more });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
    }
  }

  #wasRight(hash: string): boolean {
    const sinceMono = this.#right.peek(hash);
    return sinceMono !== undefined && this.#options.clock.mono() - sinceMono < RIGHT_MS;
  }

  #window(windows: BoundedMap<string, Window>, key: string): Window {
    const mono = this.#options.clock.mono();
    const found = windows.get(key, mono);
    if (found !== undefined && mono - found.sinceMono < MINUTE_MS) return found;
    const fresh = { sinceMono: mono, count: 0 };
    windows.set(key, fresh, mono);
    return fresh;
  }
}

const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64url");
