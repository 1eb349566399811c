import { z } from "zod";
import { BoundedMap } from "../../core/bounded-map.ts";
import { type GatewayId, monoMs } from "../../core/brand.ts";
import { canonicalText } from "../../core/canonical-text.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import { sha256Of } from "../../privacy/consent/hash-chain.ts";

/** Small texts by name, durably. */
export interface Marks {
  mark(name: string): string | null;
  setMark(name: string, value: string): void;
}

/**
 * What an entry of a gateway's ledger is worth. `sound`: it follows the one before. `known`: it was here before. `gap`:
 * entries before it are missing. `fork`: the ledger was written anew from somewhere on, such as from a backup. `foreign`:
 * the ledger is another gateway's, or one more than a gateway can have. `changed`: its text is not the one that was hashed.
 */
export type ChainVerdict = "sound" | "known" | "gap" | "fork" | "foreign" | "changed";

interface Head {
  readonly gatewayId: string;
  readonly seq: number;
  readonly sha256: string;
}

/** Ledgers that are followed at once; the longest silent is read again from where it rests. */
const LEDGERS = 4_096;

/** Ledgers that one gateway begins in its life, one each time its state is lost; what names more is not its own word. */
const OWN_LEDGERS = 64;
const ownSchema = z.array(z.string());

/** Follows the ledgers of the gateways by their hashes, across restarts. Bounded: 64 ledgers of each gateway. */
export class LedgerChains {
  readonly #marks: Marks;
  readonly #heads = new BoundedMap<string, Head>({
    cap: LEDGERS,
    idleMs: Number.POSITIVE_INFINITY,
  });
  readonly #counts: Record<ChainVerdict, number> = {
    ...{ sound: 0, known: 0, gap: 0, fork: 0, foreign: 0, changed: 0 },
  };
  #touches = 0;

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  get counts(): Readonly<Record<ChainVerdict, number>> {
    return { ...this.#counts };
  }

  /** Judges an entry; `keep` notes it as the newest once what it says was taken. */
  judge(
    gatewayId: GatewayId,
    entry: LedgerEntry,
    sha256: string,
  ): { readonly verdict: ChainVerdict; keep(): void } {
    const verdict = this.#verdict(gatewayId, entry, sha256);
    this.#counts[verdict] += 1;
    const isNewest = verdict === "sound" || verdict === "gap" || verdict === "fork";
    return {
      verdict,
      keep: () => {
        if (isNewest) this.#keep(entry.ledgerId, { gatewayId, seq: entry.seq, sha256 });
      },
    };
  }

  #verdict(gatewayId: GatewayId, entry: LedgerEntry, sha256: string): ChainVerdict {
    if (sha256Of(canonicalText(entry)) !== sha256) return "changed";
    const head = this.#head(entry.ledgerId);
    if (head === null) {
      if (this.#ownOf(gatewayId).length >= OWN_LEDGERS) return "foreign";
      return entry.seq === 1 ? "sound" : "gap";
    }
    if (head.gatewayId !== gatewayId) return "foreign";
    if (entry.seq === head.seq + 1) return entry.previous === head.sha256 ? "sound" : "fork";
    if (entry.seq > head.seq) return "gap";
    // Of older entries only the newest hash is known: one that comes again is taken for what it was.
    return entry.seq === head.seq && sha256 !== head.sha256 ? "fork" : "known";
  }

  #head(ledgerId: string): Head | null {
    this.#touches += 1;
    const known = this.#heads.get(ledgerId, monoMs(this.#touches));
    if (known !== undefined) return known;
    const [gatewayId, seq, sha256] = this.#marks.mark(nameOf(ledgerId))?.split(" ") ?? [];
    if (gatewayId === undefined || sha256 === undefined) return null;
    const head = { gatewayId, seq: Number(seq), sha256 };
    this.#heads.set(ledgerId, head, monoMs(this.#touches));
    return head;
  }

  /** Ledgers that are noted as a gateway's. */
  #ownOf(gatewayId: string): readonly string[] {
    return ownSchema.parse(JSON.parse(this.#marks.mark(ownName(gatewayId)) ?? "[]"));
  }

  #keep(ledgerId: string, head: Head): void {
    if (this.#head(ledgerId) === null) {
      // Before the head, so that a crash in between leaves none that is not counted.
      const own = [...new Set([...this.#ownOf(head.gatewayId), ledgerId])];
      this.#marks.setMark(ownName(head.gatewayId), JSON.stringify(own));
    }
    this.#marks.setMark(nameOf(ledgerId), `${head.gatewayId} ${head.seq} ${head.sha256}`);
    this.#heads.set(ledgerId, head, monoMs(this.#touches));
  }
}

const ownName = (gatewayId: string): string => `chains ${gatewayId}`;
const nameOf = (ledgerId: string): string => `chain ${ledgerId}`;
