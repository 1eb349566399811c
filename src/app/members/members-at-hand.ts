import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { MonoMs, TenantId } from "../../core/brand.ts";
import type { Clock } from "../../core/clock.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import { MembersFile } from "../../io/members/members-file.ts";
import { MEMBERS_KEY_FILE, type MemberSeal, memberSeal } from "./member-seal.ts";

/** Where the members are and what they are opened with. */
export interface MembersPlace {
  /** `members.db` of the state folder; its key lies beside it. */
  readonly path: string;
  readonly tenant: TenantId;
}

/** A members' file with its key. */
export interface OpenMembers {
  readonly file: MembersFile;
  readonly seal: MemberSeal;
}

const AGAIN_MS = 10_000;

/** Opens file and key strictly, for staff: draws a key when there is none yet. @throws MEMBERS_DAMAGED, MEMBERS_UNAVAILABLE */
export function openMembers({ path, tenant }: MembersPlace): OpenMembers {
  const file = new MembersFile(path);
  try {
    const seal = memberSeal(file, keyPathOf(path), { tenant, mayMake: true });
    if (seal === null) throw new GatewayError("MEMBERS_UNAVAILABLE", "there is no key");
    return { file, seal };
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * The members' file of a running gateway. What is wrong with it is a state that is said once and tried again every ten
 * seconds; nothing else of the gateway waits for it.
 */
export class MembersAtHand {
  readonly #place: MembersPlace;
  readonly #clock: Clock;
  readonly #log: Log;
  #file: MembersFile | null = null;
  #seal: MemberSeal | null = null;
  #fault: GatewayError | null = null;
  #triedMono: MonoMs | null = null;

  constructor(place: MembersPlace, clock: Clock, log: Log) {
    this.#place = place;
    this.#clock = clock;
    this.#log = log;
  }

  /** null: nothing is wrong. */
  get code(): FaultCode | null {
    return this.#fault?.code ?? null;
  }

  /** Works on file and key; null when that cannot be done now, or there is no key yet and none is wanted. */
  attempt<T>(work: (open: OpenMembers) => T, mayMake = false): T | null {
    if (this.#fault !== null && !this.#isDue()) return null;
    try {
      const open = this.#open(mayMake);
      const outcome = open === null ? null : work(open);
      this.#fault = null;
      return outcome;
    } catch (error) {
      this.#give(error);
      return null;
    }
  }

  /**
   * Works on the file without the key: to erase, a key that is lost is no hindrance. null: there is no file.
   * @throws MEMBERS_DAMAGED, MEMBERS_UNAVAILABLE: what cannot be erased must not be answered as erased
   */
  withFile<T>(work: (file: MembersFile) => T): T | null {
    if (this.#file === null && !existsSync(this.#place.path)) return null;
    this.#file ??= new MembersFile(this.#place.path);
    return work(this.#file);
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
    this.#seal = null;
  }

  #isDue(): boolean {
    return this.#triedMono === null || this.#clock.mono() - this.#triedMono >= AGAIN_MS;
  }

  #open(mayMake: boolean): OpenMembers | null {
    const { path, tenant } = this.#place;
    this.#file ??= new MembersFile(path);
    this.#seal ??= memberSeal(this.#file, keyPathOf(path), { tenant, mayMake });
    return this.#seal === null ? null : { file: this.#file, seal: this.#seal };
  }

  #give(error: unknown): void {
    if (!(error instanceof GatewayError)) throw error;
    this.close();
    this.#triedMono = this.#clock.mono();
    const isKnown = this.#fault?.message === error.message;
    this.#fault = error;
    if (isKnown) return;
    const fields = { event: "members.fault", code: error.code };
    this.#log.error(fields, `${error.message}; nobody new is recognised by what they carry`);
  }
}

const keyPathOf = (path: string): string => join(dirname(path), MEMBERS_KEY_FILE);
