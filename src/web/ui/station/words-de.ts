import type { StationWords } from "./words.ts";

export const de: StationWords = {
  languageName: "Deutsch",
  language: "Sprache",
  title: "Willkommen",
  intro: "Mitglieder zeigen hier ihren Code. Niemand muss Mitglied sein.",
  haveCode: "Ich habe einen Code",
  codeLabel: "Ihr Code",
  codeHint:
    "Halten Sie den Code vor den Scanner, oder tippen Sie ihn ein: VL1 und 28 weitere Zeichen.",
  useCode: "Weiter",
  readWithCamera: "Mit der Kamera dieses Geräts lesen",
  join: "Mitglied werden",
  joinIntro:
    "Lesen Sie, was wir tun würden, kreuzen Sie an, was Sie möchten, und erhalten Sie Ihren Code.",
  byFace: "Am Gesicht erkennen",
  byFaceHint: (seconds) =>
    `Für Mitglieder, die dem zugestimmt haben. Die Kamera geht an, wenn Sie drücken, und schaut höchstens ${seconds} Sekunden.`,
  notice: "Was wir mit Ihren Daten tun",
  choose: "Wozu willigen Sie ein?",
  chooseHint: "Jeder Punkt steht für sich. Nichts ist vorab angekreuzt.",
  purposes: {
    "loyalty-beacon": "Mich an Code, Karte, Anhänger oder App erkennen",
    "loyalty-face": "Mich an dieser Station an meinem Gesicht erkennen",
    messages: "Mir schreiben",
    "cross-channel": "Meine Besuche im Geschäft mit meinen Besuchen online verbinden",
  },
  whatItMeans: "Was das bedeutet",
  age: "Ihr Alter",
  isAdult: "Ich bin 18 oder älter",
  isMinor: "Ich bin jünger",
  agree: "Ich willige in das Angekreuzte ein",
  faceNeedsCode: "Nur zusammen mit Ihrem Code, damit es immer auch ohne Ihr Gesicht geht.",
  agreeToThis: "Ich willige darin ein",
  agreed: "Ihre Einwilligung ist vermerkt.",
  nothingTicked: "Kreuzen Sie mindestens einen Punkt an, oder gehen Sie zurück.",
  ageMissing: "Sagen Sie uns, ob Sie 18 oder älter sind.",
  back: "Zurück",
  cancel: "Anhalten",
  done: "Fertig",
  yourCode: "Ihr Code",
  keepCode:
    "Fotografieren Sie ihn, oder schreiben Sie ihn auf. Er steht für Sie: Zeigen Sie ihn niemandem sonst.",
  codePicture: "QR-Code Ihres Codes",
  joined: "Sie sind Mitglied.",
  setUpFace: "Mein Gesicht jetzt einrichten",
  setUpAgain: "Mein Gesicht neu einrichten",
  withoutFace: "Ohne mein Gesicht weiter",
  welcomeMember: "Willkommen zurück",
  howToGoOn: "Wie möchten Sie fortfahren?",
  goOnWithCode: "Nur mit dem Code",
  confirmByFace: "Mit dem Gesicht bestätigen",
  sameEither: "Sie erhalten so oder so dasselbe.",
  yourConsents: "Wozu Sie eingewilligt haben",
  noConsents: "Mit diesem Code ist in nichts eingewilligt.",
  takeBack: "Widerrufen",
  forgetMe: "Vergiss mich",
  forgetSure:
    "Alle Ihre Einwilligungen enden, und was wir über Sie haben, wird gelöscht. Ihr Code steht dann für niemanden mehr.",
  forgetAll: "Ja, vergiss mich",
  forgotten: {
    done: "Erledigt. Sie sind hier vergessen; was auf Ihren Einwilligungen beruht, wird gelöscht.",
    erasing:
      "Widerrufen: Ab jetzt wird hier nichts mehr von Ihnen verwendet. Etwas ließ sich noch nicht löschen; die Station versucht es weiter, bis es getan ist.",
    unkept:
      "Widerrufen: Ab jetzt wird hier nichts mehr von Ihnen verwendet. Die Station konnte das nicht festhalten; sagen Sie es bitte auch dem Personal.",
  },
  takenBack: {
    done: "Erledigt. Diese Einwilligung ist beendet.",
    erasing:
      "Widerrufen: Sie wird ab jetzt nicht mehr verwendet. Etwas wird noch gelöscht; die Station versucht es weiter, bis es getan ist.",
    unkept:
      "Widerrufen: Sie wird ab jetzt nicht mehr verwendet. Die Station konnte das nicht festhalten; sagen Sie es bitte dem Personal.",
  },
  recognisedByCode: "Sie sind an Ihrem Code erkannt. Viel Freude bei uns.",
  recognisedByFace: "Sie sind es. Viel Freude bei uns.",
  enrolled: "Ihr Gesicht ist eingerichtet. Kein Bild wurde aufbewahrt.",
  lookTitle: "Die Kamera ist an",
  look: "Schauen Sie in die Kamera.",
  looking: "Einen Moment.",
  good: (taken, wanted) => `Gut: ${taken} von ${wanted}.`,
  tryAgain: "Noch einmal",
  instead: "Ihr Code gibt Ihnen dasselbe.",
  refusedPurpose: (purpose, reason) => `„${purpose}“ wurde nicht vermerkt: ${reason}`,
  away: "Die Station antwortet gerade nicht. Versuchen Sie es gleich noch einmal, oder fragen Sie das Personal.",
  noToken: "Diese Seite wurde ohne den Schlüssel der Station geöffnet. Fragen Sie das Personal.",
  stillThere: "Sind Sie noch da? Die Seite kehrt gleich an ihren Anfang zurück.",
  stillHere: "Ich bin noch da",
  refusals: {
    "face-off": "Gesichter werden hier nicht verwendet. Ihr Code funktioniert.",
    "no-grant": "Dafür gibt es keine Einwilligung. Sie können hier eine geben.",
    "grant-expired": "Ihre Einwilligung ist abgelaufen. Sie können sie neu geben.",
    "grant-revoked": "Sie haben diese Einwilligung widerrufen. Sie können sie neu geben.",
    "grant-foreign": "Dieser Code gehört zu einem anderen Programm.",
    "lease-lost":
      "Wir können Ihre Einwilligung gerade nicht prüfen und tun deshalb nichts. Versuchen Sie es in einer Minute.",
    "clock-unsure":
      "Die Uhr der Station stimmt nicht; deshalb lässt sich Ihre Einwilligung nicht prüfen.",
    "notice-missing":
      "Der Text hat sich inzwischen geändert. Beginnen Sie neu, und lesen Sie ihn noch einmal.",
    "proof-missing": "Ihre Einwilligung ließ sich nicht richtig vermerken. Beginnen Sie neu.",
    "ledger-full":
      "Hier können keine Einwilligungen mehr vermerkt werden. Fragen Sie das Personal.",
    "ledger-damaged":
      "Das Verzeichnis der Einwilligungen ist nicht in Ordnung; deshalb geschieht nichts. Fragen Sie das Personal.",
    "not-at-station": "Angehalten. Die Kamera ist aus.",
    minor:
      "Wir bewahren keine Daten von Personen unter 18 auf. Sie können hier trotzdem einkaufen.",
    "no-face": "Wir sehen kein Gesicht. Stellen Sie sich vor die Kamera.",
    "several-faces": "Da ist mehr als ein Gesicht. Bitte stehen Sie allein vor der Kamera.",
    "face-small": "Sie sind zu weit weg. Kommen Sie näher.",
    "face-blurred": "Das Bild ist unscharf. Halten Sie still.",
    "face-turned": "Schauen Sie gerade in die Kamera, den Kopf aufrecht.",
    "face-unsteady":
      "Die Bilder gleichen sich zu wenig. Halten Sie still, und schauen Sie in die Kamera.",
    "face-poor-light": "Es ist zu dunkel oder zu hell. Wenden Sie sich zum Licht.",
    "needs-second-look":
      "Die Kamera ist nicht sicher, dass dies kein Bild ist. Nehmen Sie Ihren Code, oder fragen Sie das Personal.",
    "no-match": "Wir sind nicht sicher, dass Sie es sind. Das kommt vor.",
    "not-enrolled": "Dafür ist noch kein Gesicht eingerichtet.",
    "template-foreign":
      "Ihr Gesicht wurde für andere Modelle eingerichtet. Richten Sie es neu ein.",
    "template-damaged":
      "Was von Ihrem Gesicht aufbewahrt wurde, ist nicht mehr lesbar. Richten Sie es neu ein.",
    "key-lost":
      "Was von Ihrem Gesicht aufbewahrt ist, lässt sich gerade nicht öffnen. Fragen Sie das Personal.",
    "gallery-full": "Zu viele Mitglieder haben hier ihr Gesicht eingerichtet.",
    "models-missing": "Gesichter können hier gerade nicht erkannt werden.",
    "camera-missing": "Die Kamera gibt gerade kein Bild.",
    "code-unreadable":
      "Das ist keiner unserer Codes, oder er wurde falsch gelesen. Versuchen Sie es noch einmal.",
    busy: "Jemand anderes benutzt die Station. Einen Moment.",
  },
};
