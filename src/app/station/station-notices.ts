import type { ActiveLoyalty } from "../../config/loyalty.ts";
import { PURPOSES, type Purpose, type ShownNotice } from "../../core/consent.ts";
import { ENROL_LIMIT_MS, VERIFY_LIMIT_MS } from "../../face/station/station.ts";
import type { PurposeNoticeView, StationLanguageCode } from "../../web/station/station-view.ts";
import { NOTICE_TEXTS } from "./notice-texts.ts";

/** A notice with what the ledger notes about it. */
export type PurposeNotice = PurposeNoticeView & { readonly shown: ShownNotice };

/** The whole notice in one language, as the page shows it. */
export interface StationNotice {
  readonly paragraphs: readonly string[];
  readonly purposes: Readonly<Record<Purpose, PurposeNotice>>;
}

/** The notice by language; the same every time. */
export type StationNotices = (language: StationLanguageCode) => StationNotice;

/** What a consent notes about words: kept beside the ledger, and those that are new have the next version. */
export type NoticeNumbering = (id: string, language: string, text: string) => ShownNotice;

type NoticeLoyalty = Pick<ActiveLoyalty, "controller" | "jurisdiction">;

/** Fills the notices from the gateway's configuration. */
export function stationNotices(
  loyalty: NoticeLoyalty,
  storeName: string,
  numbered: NoticeNumbering,
): StationNotices {
  return (language) => {
    const { common, own } = filled(loyalty, storeName, language);
    const entries = PURPOSES.map((purpose) => {
      const paragraphs = own[purpose];
      const text = [...common, ...paragraphs].join("\n");
      const shown = numbered(`station-${purpose}`, language, text);
      return [purpose, { purpose, paragraphs, sha256: shown.sha256, shown }] as const;
    });
    const purposes = Object.fromEntries(entries) as StationNotice["purposes"];
    return { paragraphs: common, purposes };
  };
}

function filled(
  { controller, jurisdiction }: NoticeLoyalty,
  storeName: string,
  language: StationLanguageCode,
): {
  readonly common: readonly string[];
  readonly own: Readonly<Record<Purpose, readonly string[]>>;
} {
  const texts = NOTICE_TEXTS[language];
  const { name, address, contact, dataProtectionOfficer: officer, noticeUrl } = controller;
  const who = address === undefined ? name : `${name}, ${address}`;
  const common = [
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
      texts.template,
      texts.camera(VERIFY_LIMIT_MS / 1_000, ENROL_LIMIT_MS / 1_000),
    ],
    messages: texts.messages,
    "cross-channel": texts.crossChannel,
  };
  return { common, own };
}
