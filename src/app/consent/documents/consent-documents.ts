import { STATION_LANGUAGES } from "../../../config/loyalty.ts";
import type { DocumentFile, DocumentTerms } from "./document-page.ts";
import { impactAssessment } from "./impact-assessment.ts";
import { retentionPolicyPage, signPage } from "./public-pages.ts";
import { recordOfProcessing } from "./record-of-processing.ts";

/** All documents of a gateway: public ones in the station's languages, the controller's own in English. Pure. */
export function consentDocuments(terms: DocumentTerms): readonly DocumentFile[] {
  const languages = terms.loyalty.station?.languages ?? STATION_LANGUAGES;
  return [
    ...languages.flatMap((language) => [
      signPage(terms, language),
      retentionPolicyPage(terms, language),
    ]),
    recordOfProcessing(terms),
    impactAssessment(terms),
  ];
}
