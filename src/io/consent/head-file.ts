import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { GatewayError } from "../../core/errors.ts";
import { type ChainHead, EMPTY_HEAD } from "../../privacy/consent/hash-chain.ts";

/** Where a ledger ended when something was last put to it. */
export interface NotedHead extends ChainHead {
  readonly ledgerId: string;
}

const LINE = /^([0-9a-f]{32}) (\d{1,15}) ([0-9a-f]{64})\n$/;

/**
 * `consent.head` beside `consent.db`: how far the ledger reached. An old copy of the ledger that is put back, or one whose
 * end was cut off together with its own note, is found by it. Whoever puts back the whole folder is not: the centre, or
 * a head that was written down elsewhere, tells that.
 */
export class HeadFile {
  readonly #path: string;

  /** `ledgerPath`: the file of the ledger. */
  constructor(ledgerPath: string) {
    this.#path = `${ledgerPath.replace(/\.db$/, "")}.head`;
  }

  /** null: there is no such file. @throws CONSENT_LEDGER_DAMAGED when nothing can be read out of it; what the disk throws */
  read(): NotedHead | null {
    if (!existsSync(this.#path)) return null;
    const [, ledgerId, seq, sha256] = LINE.exec(readFileSync(this.#path, "latin1")) ?? [];
    if (ledgerId !== undefined && seq !== undefined && sha256 !== undefined)
      return { ledgerId, seq: Number(seq), sha256 };
    throw new GatewayError("CONSENT_LEDGER_DAMAGED", "the file that notes its end is damaged");
  }

  /** Notes an end, durably and whole or not at all. @throws what the disk throws */
  write({ ledgerId, seq, sha256 }: NotedHead): void {
    // Staff may write beside the gateway: each process has a name of its own for what is not whole yet.
    const draft = `${this.#path}.${process.pid}`;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
    const fd = openSync(draft, flags, 0o600);
    try {
      writeSync(fd, `${ledgerId} ${seq} ${sha256}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    // The folder is not synced: a former head after a power cut is behind, which is no fault.
    renameSync(draft, this.#path);
  }

  /** Begins the note of a ledger without entries; one that is there and says more stays. @throws as `write` */
  begin(ledgerId: string, found: NotedHead | null): void {
    if (found === null || (found.seq === 0 && found.ledgerId !== ledgerId))
      this.write({ ledgerId, ...EMPTY_HEAD });
  }
}
