import { dateText } from "../../../core/civil-date.ts";
import {
  BLANK,
  type DocumentFile,
  type DocumentTerms,
  documentPage,
  escaped,
  section,
  table,
} from "./document-page.ts";

/** Risks that the product knows of, with what it does against them. */
const RISKS: readonly (readonly [string, string])[] = [
  [
    "People who did not agree are identified",
    "Faces are looked at only by the station's own camera, for up to half a minute after somebody pressed. Every face near enough in that picture is found; with a second one the picture is thrown away, and whoever does not match leaves no id and no picture, only a count",
  ],
  [
    "Children and staff",
    "A declared minor is refused. Staff who do not join are treated as everybody else; tell them and their representatives before going live",
  ],
  [
    "Consent is not free",
    "Code, card and beacon give the same as the face; the station offers them first",
  ],
  [
    "Consent cannot be shown",
    "Every consent names the notice, its version, language and hash and the proof; entries cannot be changed unseen",
  ],
  [
    "Consent is not ended",
    "Matching stops within 5 seconds; without news of the centre within 60 seconds. Templates go within 60 seconds",
  ],
  [
    "Theft of the gateway",
    "Templates are encrypted; the level of the key decides what a thief can read (docs/privacy.md). Identifier tables reach 45 minutes",
  ],
  [
    "False match",
    "The threshold is set from measured errors; nothing is ever refused to a member for a failed match, who shows a code instead",
  ],
  ["Members are followed between shops", "Pseudonyms differ by tenant and store group"],
  ["Attributes are inferred", "No age, gender, emotion or ethnicity is computed anywhere"],
];

const DAY_MS = 86_400_000;

/** What was counted at this site: a match may be false and a non-match may be a stranger, which counts cannot tell. */
function looksSentence(looks: DocumentTerms["looks"]): string {
  if (looks == null) return "Looks at the station of this gateway: none were counted so far.";
  const { matches, nonMatches, doubted, unusable, enrolled, fromMs, toMs } = looks;
  const [from = "", to = ""] = [fromMs, toMs].map((at) => dateText(Math.floor(at / DAY_MS)));
  return `Looks at the station of this gateway, kept from ${from} to ${to}: ${matches} matches, ${nonMatches} non-matches, ${doubted} doubted as a picture of a picture, ${unusable} without a usable picture, ${enrolled} enrolments. Whether a match or a non-match was right, counts alone do not tell: try it with people who agreed.`;
}

/**
 * A data protection impact assessment (Article 35 GDPR) to complete, with what the configuration and the product know.
 * English: it is for the controller's own files. Pure.
 */
export function impactAssessment(terms: DocumentTerms): DocumentFile {
  const { loyalty, store, date } = terms;
  const { controller, jurisdiction, switchedOnBy, station, authority } = loyalty;
  const identify =
    "Searching a gallery (kiosk-identify) is identification, not verification: Annex III 1(a) of the EU AI Act may make it high-risk, and in many places consent is not enough. Write down why verification does not do.";
  const faces = {
    off: "Faces are not looked at. Switching that on is a new assessment.",
    "kiosk-verify": "A face confirms an identity that the shopper claimed first (one to one).",
    "kiosk-identify": identify,
  }[jurisdiction];
  const where = station?.cameraId === undefined ? "without a camera" : `camera ${station.cameraId}`;
  const body = [
    section(
      "1. What is done",
      `${controller.name} recognises members of its loyalty programme in ${store.name} by what they carry. Station ${station?.id ?? "none"} (${where}). Authority on consents: ${authority}.`,
      faces,
    ),
    section(
      "2. Who answers for it",
      `Faces: ${jurisdiction}; switched on by: ${switchedOnBy ?? (jurisdiction === "off" ? "nobody, they are off" : BLANK)}.`,
    ),
    section("3. Why it is needed, and why less would not do", BLANK),
    section(
      "4. Who was asked (data protection officer, staff, shoppers)",
      `${controller.dataProtectionOfficer ?? BLANK}; ${BLANK}`,
    ),
    "<h2>5. Risks</h2>",
    table(
      ["Risk", "What the product does", "Likelihood and gravity here", "What else is done here"],
      RISKS.map(([risk, measure]) => [risk, measure, BLANK, BLANK]),
    ),
    section(
      "6. Errors measured",
      `Run the accuracy test of docs/privacy.md on faces you may use, and on this site: equal error rate ${BLANK}, false matches at the threshold ${BLANK}, false non-matches ${BLANK}, by group ${BLANK}.`,
      looksSentence(terms.looks ?? null),
    ),
    section("7. What remains, and the decision", BLANK, `Date and signature: ${BLANK}`),
    `<footer>${escaped(`Filled from the gateway's configuration on ${date}. Not legal advice; complete the marked fields.`)}</footer>`,
  ].join("\n");
  const html = documentPage("en", "Data protection impact assessment", body);
  return { name: "impact-assessment.html", html };
}
