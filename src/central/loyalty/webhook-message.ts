import type { TenantId } from "../../core/brand.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { CentralLoyaltyConfig } from "./loyalty-config.ts";
import type { TenantDesk } from "./tenant-desk.ts";
import type { WaitingJob, WebhookQueue } from "./webhook-queue.ts";
import type { Hook } from "./webhook-sender.ts";

/** What a receiver may be told now: of a member with a live consent, and that one is to be erased; null: nothing. */
export function messageOf(desk: TenantDesk | null, job: WaitingJob): string | null {
  const { id, event, tenantId, hookId, subject, body } = job;
  if (desk === null) return null;
  const isErasure = event === "member.erased";
  const mayTell = isErasure
    ? desk.isAsked(erasureOf(body), hookId)
    : desk.consents.mayRecognise(subject);
  if (!mayTell) return null;
  const head = { id, type: event, tenantId, member: desk.outsideName(subject) };
  const isForgotten = isErasure && desk.consents.register.liveOf(subject).length === 0;
  const own = JSON.parse(body) as object;
  return JSON.stringify({ ...head, ...own, ...(isErasure ? { isForgotten } : {}) });
}

/** The request to erase that a message to a receiver is about. */
export const erasureOf = (body: string): string =>
  (JSON.parse(body) as { readonly erasureId: string }).erasureId;

/** The receivers of all tenants of a loyalty file. */
export function hooksOf(
  { tenants }: Pick<CentralLoyaltyConfig, "tenants">,
  secretOf: (tenant: TenantId, hookId: string) => string,
): readonly Hook[] {
  return tenants.flatMap(({ tenantId, webhooks }) =>
    webhooks.map(({ id, url, keyId, events, allowPrivate }) => ({
      ...{ tenantId, hookId: id, url, keyId, events, allowPrivate },
      secret: secretOf(tenantId, id),
    })),
  );
}

/** Drops what waits for receivers that the file does not name: nobody asks for it any more, and it names members. */
export function dropFormerJobs(
  queue: Pick<WebhookQueue, "keepOnly">,
  { tenants }: Pick<CentralLoyaltyConfig, "tenants">,
  log: Log,
): void {
  const hooks = tenants.flatMap(({ tenantId, webhooks }) =>
    webhooks.map(({ id }) => ({ tenantId, hookId: id })),
  );
  const dropped = queue.keepOnly(hooks);
  if (dropped === 0) return;
  const fields = { event: "loyalty.former-receivers", dropped };
  log.warn(fields, "messages for receivers that the loyalty file does not name were dropped");
}
