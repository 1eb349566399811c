import type { StationLanguage } from "../../../config/loyalty.ts";
import { QR_BYTES } from "../../../core/qr-code.ts";
import { qrSvg } from "../../qr-svg.ts";
import {
  type DocumentFile,
  type DocumentTerms,
  documentPage,
  escaped,
  points,
  table,
} from "./document-page.ts";
import { PUBLIC_TEXTS, type PublicTexts } from "./public-texts.ts";

/** The sign for the door and the station, to print, in one language. Pure. */
export function signPage(terms: DocumentTerms, language: StationLanguage): DocumentFile {
  const texts = PUBLIC_TEXTS[language];
  const lines = [texts.optIn, texts.carried, faceLine(terms, texts), texts.equal, texts.others];
  const code = noticeCode(terms, texts);
  const body = `${points([...lines, texts.forget])}\n${code}${whoPart(terms, texts)}`;
  return {
    name: `sign.${language}.html`,
    html: documentPage(language, texts.signTitle, body, "sign"),
  };
}

/** The public retention policy in one language. Pure. */
export function retentionPolicyPage(terms: DocumentTerms, language: StationLanguage): DocumentFile {
  const texts = PUBLIC_TEXTS[language];
  const isFace = terms.loyalty.jurisdiction !== "off";
  const rows = isFace ? [...texts.rows, texts.faceRow] : texts.rows;
  const body = [
    `<p>${escaped(texts.policyIntro)}</p>`,
    table([texts.what, texts.howLong, texts.how], rows),
    `<p>${escaped(texts.rights)}</p>`,
    whoPart(terms, texts),
    `<footer>${escaped(`${texts.asOf} ${terms.date}`)}</footer>`,
  ].join("\n");
  const html = documentPage(language, texts.policyTitle, body);
  return { name: `retention-policy.${language}.html`, html };
}

/** Large enough for a phone an arm's length away. */
const CODE_MM = 40;

/** The address of the full notice as a code for phones; nothing where there is no address that fits into one. */
function noticeCode({ loyalty }: DocumentTerms, texts: PublicTexts): string {
  const { noticeUrl } = loyalty.controller;
  if (noticeUrl === undefined || Buffer.byteLength(noticeUrl) > QR_BYTES) return "";
  const caption = `<figcaption>${escaped(texts.notice)}</figcaption>`;
  return `<figure>${qrSvg(noticeUrl, escaped(texts.notice), CODE_MM)}${caption}</figure>\n`;
}

function faceLine({ loyalty }: DocumentTerms, texts: PublicTexts): string {
  switch (loyalty.jurisdiction) {
    case "off":
      return texts.noFace;
    case "kiosk-verify":
      return texts.faceVerify;
    case "kiosk-identify":
      return texts.faceIdentify;
  }
}

function whoPart({ loyalty, store }: DocumentTerms, texts: PublicTexts): string {
  const { name, address, contact, dataProtectionOfficer, noticeUrl } = loyalty.controller;
  const who = [name, address, store.name].filter((part) => part !== undefined).join(", ");
  const lines = [
    [texts.controller, who],
    [texts.contact, contact],
    [texts.officer, dataProtectionOfficer],
    [texts.notice, noticeUrl],
  ].filter((line): line is [string, string] => line[1] !== undefined);
  const rows = lines.map(
    ([term, text]) => `<dt><strong>${escaped(term)}</strong></dt><dd>${escaped(text)}</dd>`,
  );
  return `<dl>\n${rows.join("\n")}\n</dl>`;
}
