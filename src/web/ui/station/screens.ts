import type { Purpose } from "../../../core/consent.ts";
import type { StationAnswer, StationFactsView } from "../../station/station-view.ts";
import type { StationWords } from "./words.ts";

/** A consent to the face that waits for the look it is for. */
export interface FaceWish {
  readonly language: StationFactsView["language"];
  readonly isAdult: boolean;
  readonly sha256: string;
}

/** What the camera is to look for. */
export type LookWish =
  | { readonly act: "verify"; readonly code: string }
  | { readonly act: "identify" }
  | { readonly act: "enrol"; readonly code: string; readonly wish: FaceWish };

/** Where the page is. A code is held only as long as its owner stands there. */
export type Screen =
  | { readonly at: "start" }
  | { readonly at: "join" }
  | {
      readonly at: "joined";
      readonly code: string;
      readonly faults: readonly string[];
      readonly face: FaceWish | null;
    }
  | { readonly at: "member"; readonly code: string }
  | { readonly at: "agree"; readonly code: string; readonly purpose: Purpose }
  | { readonly at: "look"; readonly wish: LookWish }
  | { readonly at: "forget"; readonly code: string | null }
  | {
      readonly at: "end";
      readonly answer: StationAnswer;
      /** null: the camera was not asked for. */
      readonly look: LookWish | null;
      /** Of whoever stands there, where something can be done with it still; null: no code. */
      readonly code: string | null;
    };

/** What every screen is given. */
export interface ScreenProps {
  readonly facts: StationFactsView;
  readonly words: StationWords;
  readonly go: (screen: Screen) => void;
  /** Something went wrong on the way to the gateway. */
  readonly onFault: (fault: unknown) => void;
}
