import type { ReceiverPlan, SurveyPoint } from "../../core/site.ts";
import { mergeSurvey } from "../../radio/walk/merge-survey.ts";
import type { SitePlanStore } from "../site/site-plan-file.ts";

/**
 * Adds survey points to the plan at rest; an older point in the place of a new one gives way, and the
 * power of the tag that was carried is brought to that of the plan's survey. Resolves with the whole
 * survey as it stands in the plan now.
 * @throws what the store throws; the plan is as it was then
 */
export async function saveSurvey(
  store: SitePlanStore,
  points: readonly SurveyPoint[],
  receivers: readonly ReceiverPlan[],
): Promise<readonly SurveyPoint[]> {
  const { plan } = await store.update((document) => {
    const older = Array.isArray(document["survey"]) ? (document["survey"] as SurveyPoint[]) : [];
    document["survey"] = mergeSurvey(older, points, receivers);
  });
  return plan.survey ?? [];
}
