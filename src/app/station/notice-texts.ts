import type { StationLanguageCode } from "../../web/station/station-view.ts";

/** The words of the notice in one language, with what is filled in from the configuration. */
export interface NoticeTexts {
  readonly who: (controller: string, store: string, contact: string) => string;
  readonly officer: (officer: string) => string;
  readonly equal: string;
  readonly duration: string;
  readonly forget: string;
  readonly rights: string;
  readonly more: (url: string) => string;
  readonly carried: readonly string[];
  readonly faceVerify: string;
  readonly faceIdentify: string;
  readonly face: readonly string[];
  readonly messages: readonly string[];
  readonly crossChannel: readonly string[];
}

const en: NoticeTexts = {
  who: (controller, store, contact) =>
    `${controller} is responsible for what is done with your data in ${store}. Write to ${contact}.`,
  officer: (officer) => `Data protection officer: ${officer}.`,
  equal:
    "You decide, and for each point separately. Whoever says no shops here exactly as before. With a code or a card you get the same as with your face.",
  duration:
    "Your consent ends 12 months after your last visit, and at the latest 36 months after you gave it.",
  forget:
    "You can take it back at any time, here with “Forget me”, at the counter or in writing. It takes effect within seconds, and what rests on it is erased.",
  rights:
    "You may see, correct and get your data, have them erased, and complain to the data protection authority.",
  more: (url) => `The full notice: ${url}`,
  carried: [
    "You get a code. When you show it, or carry our card, tag or app, we know that the same member is here, and note the visit: when you came and in which parts of the shop you were.",
    "A random number stands for you. Your visits are kept for 90 days.",
  ],
  faceVerify:
    "After you have shown your code, the camera of this station confirms that it is you. Nobody else is looked at.",
  faceIdentify:
    "When you press the button, the camera of this station looks for you among the members who agreed to this.",
  face: [
    "For that we keep a description of your face made of numbers, encrypted, on the device in this shop alone. It is biometric data, which the law protects in particular.",
    "The camera of this station looks only while you press. No picture is kept. Age, sex, origin or mood are not worked out.",
  ],
  messages: [
    "We may write to you with offers. How often and where, you choose when you give us your address.",
  ],
  crossChannel: ["We may join your visits in the shop with what you did in our online shop."],
};

const da: NoticeTexts = {
  who: (controller, store, contact) =>
    `${controller} er ansvarlig for, hvad der sker med dine oplysninger i ${store}. Skriv til ${contact}.`,
  officer: (officer) => `Databeskyttelsesrådgiver: ${officer}.`,
  equal:
    "Du bestemmer, og for hvert punkt for sig. Den, der siger nej, handler her præcis som før. Med en kode eller et kort får du det samme som med dit ansigt.",
  duration:
    "Dit samtykke udløber 12 måneder efter dit sidste besøg og senest 36 måneder efter, at du gav det.",
  forget:
    "Du kan altid trække det tilbage, her med “Glem mig”, ved kassen eller skriftligt. Det virker inden for sekunder, og det, der hviler på det, slettes.",
  rights:
    "Du kan se, rette og få dine oplysninger udleveret, få dem slettet og klage til Datatilsynet.",
  more: (url) => `Den fulde oplysningstekst: ${url}`,
  carried: [
    "Du får en kode. Når du viser den eller har vores kort, mærke eller app med, ved vi, at det samme medlem er her, og noterer besøget: hvornår du kom, og i hvilke dele af butikken du var.",
    "Et tilfældigt tal står for dig. Dine besøg gemmes i 90 dage.",
  ],
  faceVerify:
    "Når du har vist din kode, bekræfter standerens kamera, at det er dig. Der ses ikke på andre.",
  faceIdentify:
    "Når du trykker på knappen, leder standerens kamera efter dig blandt de medlemmer, der har sagt ja til det.",
  face: [
    "Til det gemmer vi en beskrivelse af dit ansigt i tal, krypteret og kun på enheden i denne butik. Det er biometriske oplysninger, som loven beskytter særligt.",
    "Standerens kamera ser kun, mens du trykker. Der gemmes intet billede. Alder, køn, oprindelse eller humør udregnes ikke.",
  ],
  messages: [
    "Vi må skrive til dig med tilbud. Hvor ofte og hvor vælger du, når du giver os din adresse.",
  ],
  crossChannel: ["Vi må sammenholde dine besøg i butikken med det, du har gjort i vores netbutik."],
};

const de: NoticeTexts = {
  who: (controller, store, contact) =>
    `${controller} ist dafür verantwortlich, was in ${store} mit Ihren Daten geschieht. Schreiben Sie an ${contact}.`,
  officer: (officer) => `Datenschutzbeauftragte Person: ${officer}.`,
  equal:
    "Sie entscheiden, und für jeden Punkt einzeln. Wer nein sagt, kauft hier genauso ein wie bisher. Mit Code oder Karte erhalten Sie dasselbe wie mit Ihrem Gesicht.",
  duration:
    "Ihre Einwilligung endet 12 Monate nach Ihrem letzten Besuch, spätestens 36 Monate nach ihrer Erteilung.",
  forget:
    "Sie können sie jederzeit widerrufen: hier mit „Vergiss mich“, an der Kasse oder schriftlich. Das wirkt innerhalb von Sekunden, und was auf ihr beruht, wird gelöscht.",
  rights:
    "Sie können Ihre Daten einsehen, berichtigen, erhalten und löschen lassen und sich bei der Datenschutzaufsicht beschweren.",
  more: (url) => `Die vollständige Datenschutzinformation: ${url}`,
  carried: [
    "Sie erhalten einen Code. Wenn Sie ihn zeigen oder unsere Karte, unseren Anhänger oder unsere App bei sich haben, wissen wir, dass dasselbe Mitglied hier ist, und vermerken den Besuch: wann Sie kamen und in welchen Teilen des Geschäfts Sie waren.",
    "Für Sie steht eine Zufallszahl. Ihre Besuche werden 90 Tage aufbewahrt.",
  ],
  faceVerify:
    "Nachdem Sie Ihren Code gezeigt haben, bestätigt die Kamera dieser Station, dass Sie es sind. Niemand sonst wird angesehen.",
  faceIdentify:
    "Wenn Sie den Knopf drücken, sucht die Kamera dieser Station Sie unter den Mitgliedern, die dem zugestimmt haben.",
  face: [
    "Dafür bewahren wir eine Beschreibung Ihres Gesichts aus Zahlen auf, verschlüsselt und nur auf dem Gerät in diesem Geschäft. Das sind biometrische Daten, die das Gesetz besonders schützt.",
    "Die Kamera dieser Station schaut nur, während Sie drücken. Kein Bild wird aufbewahrt. Alter, Geschlecht, Herkunft oder Stimmung werden nicht ermittelt.",
  ],
  messages: [
    "Wir dürfen Ihnen Angebote schreiben. Wie oft und wohin, wählen Sie, wenn Sie uns Ihre Adresse geben.",
  ],
  crossChannel: [
    "Wir dürfen Ihre Besuche im Geschäft mit dem verbinden, was Sie in unserem Onlineshop getan haben.",
  ],
};

/** The words by language. */
export const NOTICE_TEXTS: Readonly<Record<StationLanguageCode, NoticeTexts>> = { en, da, de };
