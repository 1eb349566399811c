import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { BoundedMap } from "../core/bounded-map.ts";
import { type MonoMs, monoMs } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";

/** Tries a client may get wrong before it has to wait. */
export const FREE_TRIES = 5;
/** Life of a session; a restart of the gateway ends all of them. */
export const SESSION_MS = 12 * 3_600_000;

const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 900_000;
const SESSION_CAP = 256;
const CLIENT_CAP = 1_024;
/** A derivation holds 16 MB; more at once would be a way to exhaust a small gateway. */
const DERIVATIONS_AT_ONCE = 3;
const KEY_BYTES = 32;

interface Tries {
  readonly failed: number;
  readonly blockedUntilMono: MonoMs;
}

/** Outcome of one try. `busy`: too many tries are being checked at this moment. */
export type SignInOutcome =
  | { readonly kind: "welcome"; readonly session: string }
  | { readonly kind: "wrong"; readonly triesLeft: number }
  | { readonly kind: "wait"; readonly waitMs: number }
  | { readonly kind: "busy" };

/**
 * The password gate: compares by scrypt in constant time, holds sessions and makes a client that guesses wait.
 * Both maps are bounded: the least recently used session or client is forgotten first.
 */
export class SignIn {
  readonly #clock: Clock;
  readonly #salt = randomBytes(16);
  readonly #wanted: Promise<Buffer>;
  readonly #sessions: BoundedMap<string, MonoMs>;
  readonly #clients: BoundedMap<string, Tries>;
  #deriving = 0;

  constructor(password: string, clock: Clock) {
    this.#clock = clock;
    this.#wanted = derive(password, this.#salt);
    this.#sessions = new BoundedMap({ cap: SESSION_CAP, idleMs: SESSION_MS });
    this.#clients = new BoundedMap({ cap: CLIENT_CAP, idleMs: 2 * LONGEST_PAUSE_MS });
  }

  /** Sessions that are held at this moment, at most 256. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Checks one try of one client. The try is booked before the check, so parallel guesses gain nothing. */
  async attempt(client: string, candidate: string): Promise<SignInOutcome> {
    const nowMono = this.#clock.mono();
    this.#sessions.expire(nowMono);
    this.#clients.expire(nowMono);
    const tries = this.#clients.peek(client) ?? { failed: 0, blockedUntilMono: monoMs(0) };
    if (tries.failed >= FREE_TRIES && tries.blockedUntilMono > nowMono) {
      return { kind: "wait", waitMs: tries.blockedUntilMono - nowMono };
    }
    if (this.#deriving >= DERIVATIONS_AT_ONCE) return { kind: "busy" };
    const failed = tries.failed + 1;
    const pauseMs = pauseAfter(failed);
    this.#clients.set(client, { failed, blockedUntilMono: monoMs(nowMono + pauseMs) }, nowMono);
    if (await this.#matches(candidate)) {
      this.#clients.delete(client);
      return { kind: "welcome", session: this.#open() };
    }
    return pauseMs > 0
      ? { kind: "wait", waitMs: pauseMs }
      : { kind: "wrong", triesLeft: FREE_TRIES - failed };
  }

  /** Whether this session id is known and not older than twelve hours. */
  isOpen(session: string): boolean {
    const openedMono = this.#sessions.get(session, this.#clock.mono());
    if (openedMono === undefined) return false;
    if (this.#clock.mono() - openedMono <= SESSION_MS) return true;
    this.#sessions.delete(session);
    return false;
  }

  /** Forgets a session; unknown ids are ignored. */
  close(session: string): void {
    this.#sessions.delete(session);
  }

  #open(): string {
    const session = randomBytes(32).toString("base64url");
    const nowMono = this.#clock.mono();
    this.#sessions.set(session, nowMono, nowMono);
    return session;
  }

  async #matches(candidate: string): Promise<boolean> {
    this.#deriving += 1;
    try {
      const [wanted, given] = await Promise.all([this.#wanted, derive(candidate, this.#salt)]);
      return timingSafeEqual(wanted, given);
    } finally {
      this.#deriving -= 1;
    }
  }
}

/** Pause after the n-th wrong try in a row: none for the first four, then 30 s doubling up to 15 min. */
function pauseAfter(failed: number): number {
  if (failed < FREE_TRIES) return 0;
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failed - FREE_TRIES));
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
