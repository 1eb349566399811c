import {
  BLANK,
  type DocumentFile,
  type DocumentTerms,
  documentPage,
  escaped,
  table,
} from "./document-page.ts";

const DATA: readonly (readonly string[])[] = [
  [
    "Random reference of a member",
    "Consent, Article 6(1)(a)",
    "12 months after the last visit, at most 36 months",
  ],
  ["Identifier of app, tag, card or code", "Consent, Article 6(1)(a)", "Until the consent ends"],
  [
    "Visits of a member (zones, times, receipts)",
    "Consent, Article 6(1)(a)",
    "90 days on the gateway",
  ],
  [
    "Entries of the consent ledger",
    "Legal obligation to prove consent, Article 7(1)",
    "Kept; the reference alone names nobody",
  ],
];

const FACE_DATA: readonly (readonly string[])[] = [
  ["Template of a member's face", "Explicit consent, Article 9(2)(a)", "Until the consent ends"],
  [
    "Face in the picture of the station's camera",
    "Explicit consent, Article 9(2)(a)",
    "Milliseconds, in memory only",
  ],
];

const MEASURES: readonly (readonly string[])[] = [
  [
    "Consent gate",
    "Nothing is matched, compared or enrolled without a live consent; one gate, tested against going around it",
  ],
  ["Ledger", "Append-only, hash-chained; a changed entry stops all matching"],
  ["Storage", "No images. Templates AES-256-GCM with a key per member, apart from identities"],
  [
    "Erasure",
    "Keys destroyed within 60 seconds of a revocation; every consumer asked and its answer kept",
  ],
  ["Transport", "MQTT over TLS; no address of a phone, no template and no key is ever sent"],
];

/**
 * The record of processing activities of Article 30 GDPR, as far as the configuration knows it. English: it is for the
 * controller's own files. Pure.
 */
export function recordOfProcessing(terms: DocumentTerms): DocumentFile {
  const isFace = terms.loyalty.jurisdiction !== "off";
  const body = [
    table(["Item", "Content"], itemsOf(terms)),
    "<h2>Data, ground and retention</h2>",
    table(["Data", "Legal ground", "How long"], isFace ? [...DATA, ...FACE_DATA] : DATA),
    "<h2>Technical and organisational measures</h2>",
    table(["Measure", "What it does"], MEASURES),
    `<footer>${escaped(`Filled from the gateway's configuration on ${terms.date}. Not legal advice; complete the marked fields.`)}</footer>`,
  ].join("\n");
  const html = documentPage("en", "Record of processing activities", body);
  return { name: "record-of-processing.html", html };
}

function itemsOf(terms: DocumentTerms): readonly (readonly string[])[] {
  const { loyalty, store, gatewayId } = terms;
  const { controller, jurisdiction, authority, keyLevel, switchedOnBy } = loyalty;
  const isFace = jurisdiction !== "off";
  return [
    ["Name of the activity", "Loyalty programme: recognising members in the shop"],
    ["Controller", [controller.name, controller.address ?? BLANK, controller.contact].join(", ")],
    ["Data protection officer", controller.dataProtectionOfficer ?? BLANK],
    ["Representative, joint controllers", BLANK],
    [
      "Where",
      `${store.name} (${store.id}), gateway ${gatewayId}, store group ${loyalty.storeGroup}`,
    ],
    [
      "Purposes",
      "Recognising members who agreed; each of loyalty by what they carry, loyalty by face, messages, and joining with online visits is agreed to by itself",
    ],
    [
      "Whose data",
      "Members who agreed. Minors are not taken in. Passers-by and staff are counted without being identified",
    ],
    [
      "Faces",
      isFace ? `${jurisdiction}, switched on by ${switchedOnBy ?? BLANK}` : "Not looked at",
    ],
    [
      "Recipients",
      authority === "centre"
        ? `The controller's central store; further: ${BLANK}`
        : `None beyond this gateway; further: ${BLANK}`,
    ],
    ["Processors", BLANK],
    ["Transfers to third countries", BLANK],
    ["Key of templates", keyLevel],
  ];
}
