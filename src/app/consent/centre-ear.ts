import type { GatewayId } from "../../core/brand.ts";
import { type FaultCode, GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { Link } from "../../io/mqtt/link.ts";
import type { CentreGrants, CentreNews } from "../../privacy/consent/centre-grants.ts";
import { LEASE_MS } from "../../privacy/consent/consent-gate.ts";
import { consentNewsSchema, eraseSchema } from "../../wire/consent-messages.ts";
import { parsePeerMessage } from "../../wire/envelopes.ts";
import { plainTopic } from "../../wire/topics.ts";
import type { ConsentTeller } from "./consent-teller.ts";
import type { EraseReport, EraseWish } from "./erasure-duty.ts";
import type { OpenConsent } from "./open-consent.ts";

/** The line to the broker, as far as it is needed here. */
export type CentreLink = Pick<Link, "subscribe" | "onState">;

interface EarParts {
  readonly open: OpenConsent;
  readonly teller: ConsentTeller;
  readonly gatewayId: GatewayId;
  readonly log: Log;
  readonly erase: (wish: EraseWish) => EraseReport;
  /** Erases for the requests of this gateway's own ledger, and notes it there. */
  readonly answerOpen: () => void;
}

/** Messages that could not be read are logged once for so many. */
const LOG_EVERY = 100;

/** Takes what the centre tells of consents, and what it asks to erase. */
export class CentreEar {
  readonly #parts: EarParts;
  #unreadable = 0;

  constructor(parts: EarParts) {
    this.#parts = parts;
  }

  /** Messages that could not be read since the start. */
  get unreadable(): number {
    return this.#unreadable;
  }

  attach(link: CentreLink, root: string): void {
    const { gatewayId, open } = this.#parts;
    const erase = plainTopic(root, gatewayId, "down/erase");
    link.subscribe(erase, ({ text }) => this.takeErase(text), "wished");
    const { centre } = open;
    if (centre === null) return;
    const consent = plainTopic(root, gatewayId, "down/consent");
    link.subscribe(consent, ({ text }) => this.takeNews(text), "wished");
    // Whoever comes back says where it stands: the centre begins there.
    link.onState(({ kind }) => {
      if (kind === "connected") this.#tellApplied();
    });
  }

  /**
   * Takes a `down/consent`. What the disk refuses is told again by the centre within seconds; the connection, over which
   * everything else goes, is not dropped for it.
   */
  takeNews(text: string): void {
    const { centre } = this.#parts.open;
    const news = parsePeerMessage(consentNewsSchema, text);
    if (centre === null) return;
    if (!news.ok) {
      this.#countUnreadable("down/consent");
      return;
    }
    try {
      this.#take(centre, news.value);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const fields = { event: "consent.ledger-fault", code: error.code, err: error };
      this.#parts.log.error(fields, error.message);
    }
  }

  /** Takes a `down/erase`, does it and answers; one that comes again is done and answered again. */
  takeErase(text: string): void {
    const { teller, gatewayId, erase } = this.#parts;
    const ask = parsePeerMessage(eraseSchema, text);
    if (!ask.ok) {
      this.#countUnreadable("down/erase");
      return;
    }
    const { erasureId, tenantId, subjectRef, purposes, aliases } = ask.value;
    teller.tellErased(erasureId, gatewayId, erase({ tenantId, subjectRef, purposes, aliases }));
  }

  /** Whether the centre has a say and was not heard for a minute. */
  isLeaseLost(): boolean {
    const { centre, clock } = this.#parts.open;
    if (centre === null) return false;
    const lease = centre.leaseMono;
    return lease === "never" || clock.mono() - lease > LEASE_MS;
  }

  #take(centre: CentreGrants, news: CentreNews): void {
    const { log, open, erase, answerOpen, teller } = this.#parts;
    const outcome = centre.take(news);
    if (outcome.kind === "gap") {
      const fields = { event: "consent.gap", applied: outcome.applied, from: news.from };
      log.warn(
        fields,
        "consents of the centre are missing before these; it is told where to begin",
      );
    }
    if (outcome.kind !== "known") this.#tellApplied(news.register);
    if (outcome.kind !== "applied") return;
    for (const grant of outcome.ended) {
      const { subjectRef, tenantId, purpose } = grant;
      // A grant of our own ledger ends there too, so that it stays ended if the centre should ever forget it.
      if (open.ledger.book.isLive(grant.grantId))
        open.ledger.revoke({ subjectRef, grants: [grant], by: "controller", ref: "centre" });
      else erase({ tenantId, subjectRef, purposes: [purpose], aliases: [] });
    }
    answerOpen();
    teller.tell();
  }

  /** With the register that the centre speaks of: of one that is not known here nothing is applied. */
  #tellApplied(named?: string): void {
    const { register, seq } = this.#parts.open.centre?.applied ?? { register: null, seq: 0 };
    const about = named ?? register;
    if (about !== null) this.#parts.teller.tellApplied(about, about === register ? seq : 0);
  }

  #countUnreadable(channel: string): void {
    this.#unreadable += 1;
    if (this.#unreadable % LOG_EVERY !== 1) return;
    const code: FaultCode = "MESSAGE_INVALID";
    const fields = { event: "consent.message-invalid", code, channel, count: this.#unreadable };
    // Never what stood in it: a broken message may hold anything.
    this.#parts.log.warn(fields, "a message of the centre could not be read");
  }
}
