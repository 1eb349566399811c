import type { Purpose, Refusal } from "../../core/consent.ts";

/** Languages of the page; the first of a gateway is shown first. */
export type StationLanguageCode = "en" | "da" | "de";

/** What somebody agrees to for one purpose, word for word. */
export interface PurposeNoticeView {
  readonly purpose: Purpose;
  readonly paragraphs: readonly string[];
  /** Of the common part and this one; sent back with the consent, so that what was shown is what is noted. */
  readonly sha256: string;
}

/** What the page needs to know of its station. */
export interface StationFactsView {
  readonly stationId: string;
  readonly storeName: string;
  readonly languages: readonly StationLanguageCode[];
  readonly language: StationLanguageCode;
  /** Of the notice, for every purpose. */
  readonly paragraphs: readonly string[];
  /** The purposes that are asked for here. */
  readonly purposes: readonly PurposeNoticeView[];
  /** `off`: no face is looked at; the page has codes only. */
  readonly face: "off" | "verify" | "identify";
  /** How long the camera looks for somebody at most. */
  readonly lookSeconds: number;
}

/** What is going on before the camera. */
export interface StationActView {
  readonly act: "enrol" | "verify" | "identify" | null;
  readonly hint: Refusal | null;
  readonly taken: number;
}

/** A member's code, and which consents were written. */
export interface JoinedView {
  readonly code: string;
  readonly granted: readonly Purpose[];
  readonly refused: readonly { readonly purpose: Purpose; readonly reason: Refusal }[];
}

/**
 * How far a taking-back is; in force it is in any case. `erasing`: something is still held and is tried again. `unkept`:
 * it could not be written down, and a power cut would lose it.
 */
export type ForgottenState = "done" | "erasing" | "unkept";

/** How something ended. `next` says what helps now; nobody is turned away. */
export type StationAnswer =
  | { readonly kind: "recognised"; readonly method: "code" | "face" | "beacon" }
  | { readonly kind: "enrolled" }
  | { readonly kind: "agreed" }
  | { readonly kind: "forgotten"; readonly state: ForgottenState }
  | { readonly kind: "refused"; readonly reason: Refusal; readonly next: "again" | "code" };

/** A consent as the page sends it: which words were shown, and that the person is no minor. */
export interface ConsentWish {
  readonly language: StationLanguageCode;
  readonly isAdult: boolean;
}

/** What the page can have done; no answer names a member, and none holds a picture or a number of a face. */
export interface StationPort {
  /** What every request shows. */
  readonly token: string;
  facts(language: StationLanguageCode | null): StationFactsView;
  act(): StationActView;
  /** Begins a membership with the purposes that were ticked, each a consent of its own; never the face. */
  join(
    wish: ConsentWish & {
      readonly purposes: readonly { readonly purpose: Purpose; readonly sha256: string }[];
    },
  ): JoinedView;
  /** A member agrees to a purpose, or does so anew; never the face. */
  agree(
    code: string,
    wish: ConsentWish & { readonly purpose: Purpose; readonly sha256: string },
  ): StationAnswer;
  recognise(code: string): StationAnswer;
  verify(code: string): Promise<StationAnswer>;
  identify(): Promise<StationAnswer>;
  enrol(code: string, wish: ConsentWish & { readonly sha256: string }): Promise<StationAnswer>;
  /** What the member agrees to now; empty for an unreadable code and for a stranger alike. */
  consents(code: string): readonly Purpose[];
  /** Takes consents back, all of them without `purposes`. */
  forget(code: string, purposes?: readonly Purpose[]): StationAnswer;
  /** Ends what is going on before the camera. */
  stop(): void;
}
