import type { StationLanguage } from "../../../config/loyalty.ts";

/** The words of the signs and of the public retention policy, in one language. */
export interface PublicTexts {
  readonly signTitle: string;
  readonly optIn: string;
  readonly carried: string;
  readonly faceVerify: string;
  readonly faceIdentify: string;
  readonly noFace: string;
  readonly equal: string;
  readonly others: string;
  readonly forget: string;
  readonly controller: string;
  readonly contact: string;
  readonly officer: string;
  readonly notice: string;
  readonly policyTitle: string;
  readonly policyIntro: string;
  readonly what: string;
  readonly howLong: string;
  readonly how: string;
  readonly rows: readonly (readonly [string, string, string])[];
  readonly faceRow: readonly [string, string, string];
  readonly rights: string;
  readonly asOf: string;
}

/** English. */
const en: PublicTexts = {
  signTitle: "We recognise members who asked us to",
  optIn:
    "You decide. Only if you join at the station or in the app and agree do we recognise you when you come back. Each purpose is asked for by itself.",
  carried: "Members are recognised by what they show or carry: a code, a card, a tag or our app.",
  faceVerify:
    "If you agree to it separately, the station can confirm with its camera that it is you. The camera goes on when you press the button and off as soon as it is done, after half a minute at most. It keeps no picture.",
  faceIdentify:
    "If you agree to it separately, the station can recognise you by its camera among the members who agreed. The camera goes on when somebody presses the button and off as soon as it is done, after half a minute at most. It keeps no picture; keep away from it while somebody else stands there if you do not want to be in one.",
  noFace: "No faces are looked at in this shop.",
  equal: "Without a face it works just as well: with a code or a card you get the same.",
  others:
    "Everybody else is only counted. They are not identified, and no picture or address of a phone is kept.",
  forget:
    "Changed your mind? Press “forget me” at the station, ask the staff or write to us. It takes effect within seconds.",
  controller: "Responsible",
  contact: "Contact",
  officer: "Data protection officer",
  notice: "The full notice",
  policyTitle: "How long we keep what",
  policyIntro:
    "This page tells how long data of members of the loyalty programme are kept in this shop and how they are destroyed.",
  what: "What",
  howLong: "How long",
  how: "How it is destroyed",
  rows: [
    [
      "Consent",
      "Ends 12 months after the last visit or up to 30 days sooner, and 36 months after it was given whatever happens; at once when you take it back",
      "Data that rest on it are erased; everyone who received them is asked to erase them and answers",
    ],
    [
      "Identifiers of app, tag, card or code",
      "As long as the consent",
      "Removed from the tables of the shop within 60 seconds",
    ],
    [
      "Record of the consent (a random number, which notice, when)",
      "As proof, after the consent has ended",
      "Cannot be changed or removed; says nothing about you once your entry in the list of members is erased",
    ],
    ["Visits of a member in this shop", "90 days", "Removed by a daily job"],
  ],
  faceRow: [
    "Template of the face (numbers, no picture)",
    "As long as the consent to it",
    "Its key is destroyed within 60 seconds; then the template",
  ],
  rights:
    "You may see, correct and get your data, have them erased, and complain to the data protection authority.",
  asOf: "As of",
};

const da: PublicTexts = {
  signTitle: "Vi genkender medlemmer, der har bedt om det",
  optIn:
    "Du bestemmer. Kun hvis du melder dig ind ved standeren eller i appen og siger ja, genkender vi dig, når du kommer igen. Hvert formål spørges der til for sig.",
  carried:
    "Medlemmer genkendes på det, de viser eller har med: en kode, et kort, et mærke eller vores app.",
  faceVerify:
    "Hvis du siger særskilt ja, kan standeren med sit kamera bekræfte, at det er dig. Kameraet tændes, når du trykker på knappen, og slukkes, så snart det er færdigt, efter højst et halvt minut. Det gemmer intet billede.",
  faceIdentify:
    "Hvis du siger særskilt ja, kan standeren med sit kamera genkende dig blandt de medlemmer, der har sagt ja. Kameraet tændes, når nogen trykker på knappen, og slukkes, så snart det er færdigt, efter højst et halvt minut. Det gemmer intet billede; hold afstand, mens en anden står der, hvis du ikke vil med på et.",
  noFace: "Der ses ikke på ansigter i denne butik.",
  equal: "Det virker lige så godt uden ansigt: med en kode eller et kort får du det samme.",
  others:
    "Alle andre tælles kun. De identificeres ikke, og der gemmes hverken billeder eller telefoners adresser.",
  forget:
    "Har du fortrudt? Tryk “glem mig” ved standeren, spørg personalet eller skriv til os. Det virker inden for sekunder.",
  controller: "Dataansvarlig",
  contact: "Kontakt",
  officer: "Databeskyttelsesrådgiver",
  notice: "Den fulde oplysningstekst",
  policyTitle: "Hvor længe vi gemmer hvad",
  policyIntro:
    "Denne side fortæller, hvor længe oplysninger om medlemmer af kundeklubben gemmes i denne butik, og hvordan de slettes.",
  what: "Hvad",
  howLong: "Hvor længe",
  how: "Hvordan det slettes",
  rows: [
    [
      "Samtykke",
      "Udløber 12 måneder efter sidste besøg eller op til 30 dage før og under alle omstændigheder 36 måneder efter, at det blev givet; straks, når du trækker det tilbage",
      "Oplysninger, der hviler på det, slettes; alle, der har fået dem, bedes slette dem og svarer",
    ],
    [
      "Kendetegn for app, mærke, kort eller kode",
      "Så længe samtykket gælder",
      "Fjernes fra butikkens tabeller inden for 60 sekunder",
    ],
    [
      "Bevis for samtykket (et tilfældigt tal, hvilken tekst, hvornår)",
      "Som bevis, også efter at samtykket er ophørt",
      "Kan ikke ændres eller fjernes; siger intet om dig, når din plads på medlemslisten er slettet",
    ],
    ["Et medlems besøg i denne butik", "90 dage", "Fjernes af et dagligt job"],
  ],
  faceRow: [
    "Skabelon af ansigtet (tal, intet billede)",
    "Så længe samtykket til den gælder",
    "Dens nøgle ødelægges inden for 60 sekunder, derefter skabelonen",
  ],
  rights:
    "Du kan se, rette og få dine oplysninger udleveret, få dem slettet og klage til Datatilsynet.",
  asOf: "Pr.",
};

const de: PublicTexts = {
  signTitle: "Wir erkennen Mitglieder wieder, die das möchten",
  optIn:
    "Sie entscheiden. Nur wenn Sie an der Station oder in der App beitreten und einwilligen, erkennen wir Sie beim nächsten Besuch. Nach jedem Zweck wird einzeln gefragt.",
  carried:
    "Mitglieder werden an dem erkannt, was sie zeigen oder bei sich haben: Code, Karte, Anhänger oder unsere App.",
  faceVerify:
    "Wenn Sie gesondert einwilligen, kann die Station mit ihrer Kamera bestätigen, dass Sie es sind. Die Kamera geht an, wenn Sie den Knopf drücken, und aus, sobald sie fertig ist, nach höchstens einer halben Minute. Sie speichert kein Bild.",
  faceIdentify:
    "Wenn Sie gesondert einwilligen, kann die Station Sie mit ihrer Kamera unter den Mitgliedern erkennen, die eingewilligt haben. Die Kamera geht an, wenn jemand den Knopf drückt, und aus, sobald sie fertig ist, nach höchstens einer halben Minute. Sie speichert kein Bild; halten Sie Abstand, während jemand anderes dort steht, wenn Sie nicht auf eines wollen.",
  noFace: "In diesem Geschäft werden keine Gesichter ausgewertet.",
  equal: "Ohne Gesicht geht es genauso gut: Mit Code oder Karte erhalten Sie dasselbe.",
  others:
    "Alle anderen werden nur gezählt. Sie werden nicht identifiziert; weder Bilder noch Adressen von Telefonen werden gespeichert.",
  forget:
    "Anders überlegt? Drücken Sie an der Station „Vergiss mich“, fragen Sie das Personal oder schreiben Sie uns. Es wirkt innerhalb von Sekunden.",
  controller: "Verantwortlich",
  contact: "Kontakt",
  officer: "Datenschutzbeauftragte Person",
  notice: "Vollständige Datenschutzinformation",
  policyTitle: "Wie lange wir was speichern",
  policyIntro:
    "Diese Seite sagt, wie lange Daten von Mitgliedern des Kundenprogramms in diesem Geschäft gespeichert und wie sie vernichtet werden.",
  what: "Was",
  howLong: "Wie lange",
  how: "Wie es vernichtet wird",
  rows: [
    [
      "Einwilligung",
      "Endet 12 Monate nach dem letzten Besuch oder bis zu 30 Tage früher und in jedem Fall 36 Monate nach ihrer Erteilung; sofort, wenn Sie sie widerrufen",
      "Daten, die auf ihr beruhen, werden gelöscht; alle Empfänger werden um Löschung gebeten und antworten",
    ],
    [
      "Kennungen von App, Anhänger, Karte oder Code",
      "So lange wie die Einwilligung",
      "Innerhalb von 60 Sekunden aus den Tabellen des Geschäfts entfernt",
    ],
    [
      "Nachweis der Einwilligung (eine Zufallszahl, welcher Text, wann)",
      "Als Nachweis, auch nach dem Ende der Einwilligung",
      "Kann nicht geändert oder entfernt werden; sagt nichts über Sie, sobald Ihr Eintrag in der Mitgliederliste gelöscht ist",
    ],
    ["Besuche eines Mitglieds in diesem Geschäft", "90 Tage", "Täglich entfernt"],
  ],
  faceRow: [
    "Vorlage des Gesichts (Zahlen, kein Bild)",
    "So lange wie die Einwilligung dazu",
    "Ihr Schlüssel wird innerhalb von 60 Sekunden vernichtet, danach die Vorlage",
  ],
  rights:
    "Sie können Ihre Daten einsehen, berichtigen, erhalten und löschen lassen und sich bei der Datenschutzaufsicht beschweren.",
  asOf: "Stand",
};

/** The words by language. */
export const PUBLIC_TEXTS: Readonly<Record<StationLanguage, PublicTexts>> = { en, da, de };
