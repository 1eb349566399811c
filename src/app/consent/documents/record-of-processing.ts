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
  [
    "Ledger",
    "Append-only, hash-chained; read again in turn while it is used. An entry that was changed or taken away stops all matching",
  ],
  ["Storage", "No images. Templates AES-256-GCM with a key per member, apart from identities"],
  [
    "Erasure",
    "Keys destroyed within 60 seconds of a revocation; every consumer asked and its answer kept",
  ],
];
/** Whatever the transport. */
const NEVER_SENT = "No address of a phone, no template and no picture is ever sent";

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
    table(
      ["Measure", "What it does"],
      [...MEASURES, ["Transport", `${transportOf(terms)}. ${NEVER_SENT}`]],
    ),
    `<footer>${escaped(`Filled from the gateway's configuration on ${terms.date}. Not legal advice; complete the marked fields.`)}</footer>`,
  ].join("\n");
  const html = documentPage("en", "Record of processing activities", body);
  return { name: "record-of-processing.html", html };
}

const addressesOf = ({ mqtt }: DocumentTerms): readonly string[] =>
  mqtt === null ? [] : [mqtt.url].flat();

const withoutTls = (terms: DocumentTerms): readonly string[] =>
  addressesOf(terms).filter((address) => !/^(mqtts|wss|ssl|tls):/i.test(address));

/** How data leave the gateway. Pure. */
function transportOf(terms: DocumentTerms): string {
  if (terms.mqtt === null) return "Nothing is sent: no broker is configured";
  const open = withoutTls(terms).map(hostOf);
  if (open.length === 0) return "MQTT over TLS";
  return `MQTT WITHOUT TLS to ${open.join(", ")}: visits and consents can be read on the way, unless the network itself is encrypted (${BLANK})`;
}

/** Who gets visits and consents. Pure. */
function recipientsOf(terms: DocumentTerms): string {
  const hosts = addressesOf(terms).map(hostOf).join(", ");
  if (terms.loyalty.authority === "centre")
    return `The controller's central store, over the broker ${hosts}; further: ${BLANK}`;
  if (terms.mqtt === null) return `None beyond this gateway; further: ${BLANK}`;
  return `Whoever may read the topics of this gateway at the broker ${hosts}: visits of members under a pseudonym, entries of the consent ledger: ${BLANK}`;
}

/** Without a user's name and password, should an address hold them. Pure. */
const hostOf = (address: string): string => new URL(address).host;

function itemsOf(terms: DocumentTerms): readonly (readonly string[])[] {
  const { loyalty, store, gatewayId } = terms;
  const { controller, jurisdiction, keyLevel, switchedOnBy } = loyalty;
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
    ["Recipients", recipientsOf(terms)],
    ["Processors", BLANK],
    ["Transfers to third countries", BLANK],
    ["Key of templates", keyLevel],
  ];
}
