import type { ActiveLoyalty } from "../../config/loyalty.ts";
import type { MonoMs, SubjectRef } from "../../core/brand.ts";
import { claimCodeOf, readClaimCode } from "../../core/claim-code.ts";
import { type Grant, PURPOSES, type Purpose, type Refusal } from "../../core/consent.ts";
import { fail, type Result } from "../../core/errors.ts";
import { type Station, VERIFY_LIMIT_MS } from "../../face/station/station.ts";
import type { FaceConsent, StationOutcome } from "../../face/station/station-ports.ts";
import type {
  ConsentWish,
  ForgottenState,
  JoinedView,
  StationActView,
  StationAnswer,
  StationFactsView,
  StationLanguageCode,
  StationPort,
} from "../../web/station/station-view.ts";
import type { ConsentDesk, RevokeOutcome } from "../consent/consent-desk.ts";
import { ConsentPace } from "./consent-pace.ts";
import type { RefusedAct } from "./refusal-notes.ts";
import type { StationNotices } from "./station-notices.ts";

/** What the desk of a station works with. */
export interface StationDeskDeps {
  readonly loyalty: Pick<ActiveLoyalty, "tenantId" | "jurisdiction" | "authority">;
  readonly stationId: string;
  readonly storeName: string;
  readonly languages: readonly StationLanguageCode[];
  readonly token: string;
  readonly notices: StationNotices;
  readonly consents: Pick<ConsentDesk, "grant" | "revoke" | "holds" | "status">;
  readonly station: Pick<
    Station,
    "view" | "recogniseByCode" | "verify" | "identify" | "enrol" | "stop"
  >;
  /** Whether faces can be looked at here at all: a camera, and a law that allows it. */
  readonly hasFace: boolean;
  readonly mono: () => MonoMs;
  /** Draws the reference of a new member: 128 random bits as base64url. */
  readonly newSubject: () => SubjectRef;
  /** Something was refused; whose it was is not told. */
  readonly onRefused: (act: RefusedAct, reason: Refusal) => void;
}

/** A consent with the hash of the words that were shown. */
type NoticedWish = ConsentWish & { readonly sha256: string };

/** What works for everybody comes first. */
const OFFERED_IN_ORDER: readonly Purpose[] = [
  "loyalty-beacon",
  "loyalty-face",
  "messages",
  "cross-channel",
];
const UNREADABLE: StationAnswer = { kind: "refused", reason: "code-unreadable", next: "again" };

/** What the station page can have done, on the consents and the flows of this gateway. */
export class StationDesk implements StationPort {
  readonly #deps: StationDeskDeps;
  readonly #pace: ConsentPace;

  constructor(deps: StationDeskDeps) {
    this.#deps = deps;
    this.#pace = new ConsentPace(deps.mono);
  }

  get token(): string {
    return this.#deps.token;
  }

  facts(wanted: StationLanguageCode | null): StationFactsView {
    const { stationId, storeName, languages, notices } = this.#deps;
    const language = wanted !== null && languages.includes(wanted) ? wanted : languages[0];
    const shown = notices(language ?? "en");
    return {
      ...{ stationId, storeName, languages, language: language ?? "en" },
      paragraphs: shown.paragraphs,
      purposes: this.#offered().map((purpose) => {
        const { paragraphs, sha256 } = shown.purposes[purpose];
        return { purpose, paragraphs, sha256 };
      }),
      face: this.#face(),
      lookSeconds: VERIFY_LIMIT_MS / 1_000,
    };
  }

  act(): StationActView {
    return this.#deps.station.view;
  }

  join(wish: Parameters<StationPort["join"]>[0]): JoinedView {
    const subject = this.#deps.newSubject();
    const granted: Purpose[] = [];
    const refused: { readonly purpose: Purpose; readonly reason: Refusal }[] = [];
    const mayWrite = this.#pace.take();
    for (const { purpose, sha256 } of wish.purposes) {
      // The face is agreed to at the moment of its enrolment.
      if (purpose === "loyalty-face") continue;
      const outcome = mayWrite
        ? this.#grant(subject, purpose, { ...wish, sha256 })
        : fail<Refusal>("busy");
      if (outcome.ok) granted.push(purpose);
      else {
        refused.push({ purpose, reason: outcome.error });
        this.#deps.onRefused("join", outcome.error);
      }
    }
    return { code: claimCodeOf(subject), granted, refused };
  }

  agree(code: string, wish: Parameters<StationPort["agree"]>[1]): StationAnswer {
    const subject = readClaimCode(code);
    if (subject === null) return this.#unreadable("agree");
    const outcome = this.#agreed(subject, wish);
    if (outcome.ok) return { kind: "agreed" };
    this.#deps.onRefused("agree", outcome.error);
    return { kind: "refused", reason: outcome.error, next: "again" };
  }

  recognise(code: string): StationAnswer {
    const subject = readClaimCode(code);
    if (subject === null) return this.#unreadable("code");
    return this.#answer("code", this.#deps.station.recogniseByCode(subject));
  }

  async verify(code: string): Promise<StationAnswer> {
    const subject = readClaimCode(code);
    if (subject === null) return this.#unreadable("verify");
    return this.#answer("verify", await this.#deps.station.verify(subject));
  }

  async identify(): Promise<StationAnswer> {
    return this.#answer("identify", await this.#deps.station.identify());
  }

  async enrol(code: string, wish: NoticedWish): Promise<StationAnswer> {
    const subject = readClaimCode(code);
    if (subject === null) return this.#unreadable("enrol");
    const consent = this.#faceConsent(subject, wish);
    return this.#answer("enrol", await this.#deps.station.enrol(subject, consent));
  }

  consents(code: string): readonly Purpose[] {
    const subject = readClaimCode(code);
    if (subject === null) return [];
    return PURPOSES.filter((purpose) => this.#deps.consents.holds(subject, purpose));
  }

  forget(code: string, purposes?: readonly Purpose[]): StationAnswer {
    const subject = readClaimCode(code);
    if (subject === null) return this.#unreadable("forget");
    const { consents, stationId, station } = this.#deps;
    const wish = { subjectRef: subject, by: "shopper", ref: stationId } as const;
    const outcome = consents.revoke(purposes === undefined ? wish : { ...wish, purposes });
    // Whoever is just being looked at may be who is to be forgotten.
    station.stop();
    return { kind: "forgotten", state: stateOf(outcome) };
  }

  stop(): void {
    this.#deps.station.stop();
  }

  #answer(act: RefusedAct, outcome: StationOutcome): StationAnswer {
    if (outcome.kind === "refused") this.#deps.onRefused(act, outcome.reason);
    return answerOf(outcome);
  }

  #unreadable(act: RefusedAct): StationAnswer {
    this.#deps.onRefused(act, "code-unreadable");
    return UNREADABLE;
  }

  #face(): StationFactsView["face"] {
    const { hasFace, loyalty } = this.#deps;
    if (!hasFace || loyalty.jurisdiction === "off") return "off";
    return loyalty.jurisdiction === "kiosk-identify" ? "identify" : "verify";
  }

  /** Messages and the join with online visits are the centre's to do, and are asked for only where there is one. */
  #offered(): readonly Purpose[] {
    const isChain = this.#deps.loyalty.authority === "centre";
    const isOffered: Readonly<Record<Purpose, boolean>> = {
      "loyalty-beacon": true,
      "loyalty-face": this.#face() !== "off",
      messages: isChain,
      "cross-channel": isChain,
    };
    return OFFERED_IN_ORDER.filter((purpose) => isOffered[purpose]);
  }

  #agreed(
    subject: SubjectRef,
    { purpose, ...wish }: Parameters<StationPort["agree"]>[1],
  ): Result<Grant, Refusal> {
    // The face is agreed to at the moment of its enrolment.
    if (purpose === "loyalty-face" || !this.#offered().includes(purpose)) return fail("face-off");
    return this.#pace.take() ? this.#grant(subject, purpose, wish) : fail("busy");
  }

  /** Asked for at every enrolment; a face has a code beside it that works, or it would be a dead end. */
  #faceConsent(subject: SubjectRef, wish: NoticedWish): FaceConsent {
    const { consents } = this.#deps;
    return {
      refusal: () => {
        if (!wish.isAdult) return "minor";
        if (!this.#isShown("loyalty-face", wish)) return "notice-missing";
        const { refusal } = consents.status();
        if (refusal !== null) return refusal;
        return consents.holds(subject, "loyalty-beacon") ? null : "no-grant";
      },
      give: () =>
        this.#pace.take() ? this.#grant(subject, "loyalty-face", wish) : fail<Refusal>("busy"),
    };
  }

  /** A page that was loaded before the words changed showed other ones. */
  #isShown(purpose: Purpose, { language, sha256 }: Pick<NoticedWish, "language" | "sha256">) {
    return sha256 === this.#deps.notices(language).purposes[purpose].sha256;
  }

  #grant(subjectRef: SubjectRef, purpose: Purpose, wish: NoticedWish): Result<Grant, Refusal> {
    const { notices, consents, loyalty, stationId } = this.#deps;
    const { language, isAdult } = wish;
    if (!this.#isShown(purpose, wish)) return fail("notice-missing");
    const { shown } = notices(language).purposes[purpose];
    return consents.grant({
      ...{ tenantId: loyalty.tenantId, subjectRef, purpose, notice: shown },
      proof: { kind: "screen", ref: stationId },
      isMinor: !isAdult,
    });
  }
}

/** In force it is in any case; what is not done yet is told, and tried again every ten seconds. */
function stateOf({ isKept, isErased }: RevokeOutcome): ForgottenState {
  if (!isKept) return "unkept";
  return isErased ? "done" : "erasing";
}

function answerOf(outcome: StationOutcome): StationAnswer {
  switch (outcome.kind) {
    case "recognised":
      return { kind: "recognised", method: outcome.method };
    case "enrolled":
      return { kind: "enrolled" };
    case "refused":
      return outcome;
  }
}
