import type { SubjectRef } from "../../core/brand.ts";
import { claimCodeOf } from "../../core/claim-code.ts";
import { documentPage } from "../consent/documents/document-page.ts";
import { qrSvg } from "../qr-svg.ts";

const CODE_MM = 40;

/**
 * A member's code to print on a card: a picture, or a page with the code as text below it. Nothing on it says whose it is.
 * Pure.
 */
export function memberCard(subject: SubjectRef, form: "svg" | "html"): string {
  const code = claimCodeOf(subject);
  const picture = qrSvg(code, "Member code", CODE_MM);
  if (form === "svg") return `${picture}\n`;
  const spaced = (code.match(/.{1,4}/g) ?? []).join(" ");
  const body = `<figure>${picture}<figcaption><code>${spaced}</code></figcaption></figure>`;
  return documentPage("en", "Member code", body);
}
