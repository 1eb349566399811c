import type { ActiveLoyalty } from "../../config/loyalty.ts";
import { PURPOSES, type Purpose, type ShownNotice } from "../../core/consent.ts";
import { shownNotice } from "../../privacy/consent/notice.ts";
import type { PurposeNoticeView, StationLanguageCode } from "../../web/station/station-view.ts";
import { NOTICE_TEXTS } from "./notice-texts.ts";

/** Raised whenever a word of `NOTICE_TEXTS` changes: the ledger then tells who agreed to which. */
export const NOTICE_VERSION = 1;

/** A notice with what the ledger notes about it. */
export type PurposeNotice = PurposeNoticeView & { readonly shown: ShownNotice };

/** The whole notice in one language, as the page shows it. */
export interface StationNotice {
  readonly paragraphs: readonly string[];
  readonly purposes: Readonly<Record<Purpose, PurposeNotice>>;
}

/** The notice by language; the same every time. */
export type StationNotices = (language: StationLanguageCode) => StationNotice;

/** Fills the notices from the gateway's configuration. Pure; each language is filled once. */
export function stationNotices(
  loyalty: Pick<ActiveLoyalty, "controller" | "jurisdiction">,
  storeName: string,
): StationNotices {
  const filled = new Map<StationLanguageCode, StationNotice>();
  return (language) => {
    const known = filled.get(language) ?? fill(loyalty, storeName, language);
    filled.set(language, known);
    return known;
  };
}

function fill(
  { controller, jurisdiction }: Pick<ActiveLoyalty, "controller" | "jurisdiction">,
  storeName: string,
  language: StationLanguageCode,
): StationNotice {
  const texts = NOTICE_TEXTS[language];
  const { name, address, contact, dataProtectionOfficer: officer, noticeUrl } = controller;
  const who = address === undefined ? name : `${name}, ${address}`;
  const paragraphs = [
    texts.who(who, storeName, contact),
    ...(officer === undefined ? [] : [texts.officer(officer)]),
    texts.equal,
    texts.duration,
    texts.forget,
    texts.rights,
    ...(noticeUrl === undefined ? [] : [texts.more(noticeUrl)]),
  ];
  const own: Readonly<Record<Purpose, readonly string[]>> = {
    "loyalty-beacon": texts.carried,
    "loyalty-face": [
      jurisdiction === "kiosk-identify" ? texts.faceIdentify : texts.faceVerify,
      ...texts.face,
    ],
    messages: texts.messages,
    "cross-channel": texts.crossChannel,
  };
  const entries = PURPOSES.map((purpose) => {
    const text = [...paragraphs, ...own[purpose]].join("\n");
    const shown = shownNotice(`station-${purpose}`, NOTICE_VERSION, language, text);
    return [purpose, { purpose, paragraphs: own[purpose], sha256: shown.sha256, shown }] as const;
  });
  return { paragraphs, purposes: Object.fromEntries(entries) as StationNotice["purposes"] };
}
