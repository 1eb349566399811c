import type { ActiveLoyalty } from "../../config/loyalty.ts";
import { type MonoMs, type SubjectRef, tagId } from "../../core/brand.ts";
import { claimCodeOf, readClaimCode } from "../../core/claim-code.ts";
import type { TimeAnchor } from "../../core/clock.ts";
import { type Grant, PURPOSES, type Purpose, type Refusal } from "../../core/consent.ts";
import { fail, type Result } from "../../core/errors.ts";
import type { RecognitionMethod, ShopperRecognised } from "../../core/events.ts";
import type { Station } from "../../face/station/station.ts";
import type { StationOutcome } from "../../face/station/station-ports.ts";
import type {
  ConsentWish,
  JoinedView,
  StationActView,
  StationAnswer,
  StationFactsView,
  StationLanguageCode,
  StationPort,
} from "../../web/station/station-view.ts";
import type { ConsentDesk } from "../consent/consent-desk.ts";
import type { StationNotices } from "./station-notices.ts";

/** What the desk of a station works with. */
export interface StationDeskDeps {
  readonly loyalty: Pick<ActiveLoyalty, "tenantId" | "jurisdiction" | "authority">;
  readonly stationId: string;
  readonly storeName: string;
  readonly languages: readonly StationLanguageCode[];
  readonly token: string;
  readonly notices: StationNotices;
  readonly consents: Pick<ConsentDesk, "grant" | "revoke" | "holds" | "visited">;
  readonly station: Pick<
    Station,
    "view" | "recogniseByCode" | "verify" | "identify" | "enrol" | "stop"
  >;
  /** Whether faces can be looked at here at all: a camera, and a law that allows it. */
  readonly hasFace: boolean;
  /** Draws the reference of a new member: 128 random bits as base64url. */
  readonly newSubject: () => SubjectRef;
}

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

  constructor(deps: StationDeskDeps) {
    this.#deps = deps;
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
    };
  }

  act(): StationActView {
    return this.#deps.station.view;
  }

  join(wish: Parameters<StationPort["join"]>[0]): JoinedView {
    const subject = this.#deps.newSubject();
    const granted: Purpose[] = [];
    const refused: { readonly purpose: Purpose; readonly reason: Refusal }[] = [];
    for (const { purpose, sha256 } of wish.purposes) {
      // The face is agreed to at the moment of its enrolment.
      if (purpose === "loyalty-face") continue;
      const outcome = this.#grant(subject, purpose, { ...wish, sha256 });
      if (outcome.ok) granted.push(purpose);
      else refused.push({ purpose, reason: outcome.error });
    }
    return { code: claimCodeOf(subject), granted, refused };
  }

  recognise(code: string): StationAnswer {
    const subject = readClaimCode(code);
    return subject === null ? UNREADABLE : answerOf(this.#deps.station.recogniseByCode(subject));
  }

  async verify(code: string): Promise<StationAnswer> {
    const subject = readClaimCode(code);
    return subject === null ? UNREADABLE : answerOf(await this.#deps.station.verify(subject));
  }

  async identify(): Promise<StationAnswer> {
    return answerOf(await this.#deps.station.identify());
  }

  async enrol(
    code: string,
    wish: ConsentWish & { readonly sha256: string },
  ): Promise<StationAnswer> {
    const subject = readClaimCode(code);
    if (subject === null) return UNREADABLE;
    const consent = (): Result<Grant, Refusal> => this.#grant(subject, "loyalty-face", wish);
    return answerOf(await this.#deps.station.enrol(subject, consent));
  }

  consents(code: string): readonly Purpose[] {
    const subject = readClaimCode(code);
    if (subject === null) return [];
    return PURPOSES.filter((purpose) => this.#deps.consents.holds(subject, purpose));
  }

  forget(code: string, purposes?: readonly Purpose[]): StationAnswer {
    const subject = readClaimCode(code);
    if (subject === null) return UNREADABLE;
    const { consents, stationId, station } = this.#deps;
    const wish = { subjectRef: subject, by: "shopper", ref: stationId } as const;
    consents.revoke(purposes === undefined ? wish : { ...wish, purposes });
    // Whoever is just being looked at may be who is to be forgotten.
    station.stop();
    return { kind: "forgotten" };
  }

  stop(): void {
    this.#deps.station.stop();
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

  #grant(
    subjectRef: SubjectRef,
    purpose: Purpose,
    { language, isAdult, sha256 }: ConsentWish & { readonly sha256: string },
  ): Result<Grant, Refusal> {
    const { notices, consents, loyalty, stationId } = this.#deps;
    const { shown, sha256: expected } = notices(language).purposes[purpose];
    // A page that was loaded before the words changed showed other ones.
    if (sha256 !== expected) return fail("notice-missing");
    return consents.grant({
      ...{ tenantId: loyalty.tenantId, subjectRef, purpose, notice: shown },
      proof: { kind: "screen", ref: stationId },
      isMinor: !isAdult,
    });
  }
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

/** The same member in the same way so soon after is somebody who pressed twice. */
const AGAIN_MS = 60_000;

/** What a recognition at the station is told with. */
export interface RecognitionDeps {
  readonly stationId: string;
  /** Names this life of the process. */
  readonly boot: string;
  readonly anchor: () => TimeAnchor;
  /** What the group of stores calls a member; null: not known here (yet), and nothing is told. */
  readonly pseudonymOf: (subject: SubjectRef) => string | null;
  readonly consents: Pick<ConsentDesk, "visited">;
  readonly onEvent: (event: ShopperRecognised) => void;
}

/** Tells that a member was recognised: the visit by its pseudonym, the ledger that the member was here. */
export function recognitionTeller({
  stationId,
  boot,
  anchor,
  pseudonymOf,
  consents,
  onEvent,
}: RecognitionDeps): (subject: SubjectRef, method: RecognitionMethod) => void {
  let seq = 0;
  let last: { readonly who: string; readonly mono: MonoMs } | null = null;
  return (subject, method) => {
    const { mono: atMono, epoch: at, clock } = anchor();
    const who = `${subject} ${method}`;
    const isAgain = last?.who === who && atMono - last.mono < AGAIN_MS;
    last = { who, mono: atMono };
    if (isAgain) return;
    consents.visited(subject);
    const pseudonym = pseudonymOf(subject);
    if (pseudonym === null) return;
    const head = { source: `station:${stationId}#${boot}`, seq, at, atMono, clock };
    seq += 1;
    onEvent({
      kind: "shopper-recognised",
      ...head,
      pseudonym: tagId(pseudonym),
      method,
      stationId,
    });
  };
}
