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
  /** What is kept of a face. */
  readonly template: string;
  /** When the camera looks, and at whom: for so many seconds to recognise, for so many to set up. */
  readonly camera: (recogniseS: number, setUpS: number) => string;
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
    "Your consent ends by itself 12 months after your last visit or up to 30 days sooner, and at the latest 36 months after you gave it.",
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
    "After you have shown your code and pressed the button, the camera of this station confirms that it is you.",
  faceIdentify:
    "When you press the button, the camera of this station looks for you among the members who agreed to this.",
  template:
    "For that we keep a description of your face made of numbers, encrypted, on the device in this shop alone. It is biometric data, which the law protects in particular.",
  camera: (recogniseS, setUpS) =>
    `The camera goes on when you press and off as soon as it is done: after ${recogniseS} seconds at most, after ${setUpS} when your face is set up, and at once when you press “Stop”. A picture with a second face near the camera is thrown away unread; people further back are passed over. No picture is kept. Age, sex, origin or mood are not worked out.`,
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
    "Dit samtykke udløber af sig selv 12 måneder efter dit sidste besøg eller op til 30 dage før og senest 36 måneder efter, at du gav det.",
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
    "Når du har vist din kode og trykket på knappen, bekræfter standerens kamera, at det er dig.",
  faceIdentify:
    "Når du trykker på knappen, leder standerens kamera efter dig blandt de medlemmer, der har sagt ja til det.",
  template:
    "Til det gemmer vi en beskrivelse af dit ansigt i tal, krypteret og kun på enheden i denne butik. Det er biometriske oplysninger, som loven beskytter særligt.",
  camera: (recogniseS, setUpS) =>
    `Kameraet tændes, når du trykker, og slukkes, så snart det er færdigt: efter højst ${recogniseS} sekunder, efter højst ${setUpS}, når dit ansigt oprettes, og straks, når du trykker på “Stop”. Et billede med et andet ansigt tæt på kameraet kasseres ulæst; personer længere væk springes over. Der gemmes intet billede. Alder, køn, oprindelse eller humør udregnes ikke.`,
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
    "Ihre Einwilligung endet von selbst 12 Monate nach Ihrem letzten Besuch oder bis zu 30 Tage früher, spätestens 36 Monate nach ihrer Erteilung.",
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
    "Nachdem Sie Ihren Code gezeigt und den Knopf gedrückt haben, bestätigt die Kamera dieser Station, dass Sie es sind.",
  faceIdentify:
    "Wenn Sie den Knopf drücken, sucht die Kamera dieser Station Sie unter den Mitgliedern, die dem zugestimmt haben.",
  template:
    "Dafür bewahren wir eine Beschreibung Ihres Gesichts aus Zahlen auf, verschlüsselt und nur auf dem Gerät in diesem Geschäft. Das sind biometrische Daten, die das Gesetz besonders schützt.",
  camera: (recogniseS, setUpS) =>
    `Die Kamera geht an, wenn Sie drücken, und aus, sobald sie fertig ist: nach höchstens ${recogniseS} Sekunden, beim Einrichten Ihres Gesichts nach höchstens ${setUpS}, und sofort, wenn Sie „Anhalten“ drücken. Ein Bild mit einem zweiten Gesicht nahe der Kamera wird ungelesen verworfen; Personen weiter hinten werden übergangen. Kein Bild wird aufbewahrt. Alter, Geschlecht, Herkunft oder Stimmung werden nicht ermittelt.`,
  messages: [
    "Wir dürfen Ihnen Angebote schreiben. Wie oft und wohin, wählen Sie, wenn Sie uns Ihre Adresse geben.",
  ],
  crossChannel: [
    "Wir dürfen Ihre Besuche im Geschäft mit dem verbinden, was Sie in unserem Onlineshop getan haben.",
  ],
};

/** The words by language. */
export const NOTICE_TEXTS: Readonly<Record<StationLanguageCode, NoticeTexts>> = { en, da, de };
