import type { TagKind } from "../core/site.ts";

/**
 * Whether a tag is worn by staff. Staff are no visitors: whatever builds visits from tags asks here first, and later
 * rules (shifts, badge zones, long stays) belong here too. Pure.
 */
export const isStaffTag = (kind: TagKind): boolean => kind === "staff";
