import type { TagKind } from "../core/site.ts";

/**
 * Whether a tag is worn by staff. Staff are no visitors: whatever builds visits from tags asks here first. Pure.
 *
 * What makes somebody staff is decided here and in `staff-exclusion.ts`, and nowhere else. Today it is a tag at a door;
 * a badge zone or a long stay would be further claims on crossings, to be weighed against each other in
 * `StaffMatcher`, so that a crossing is marked once whatever the reasons for it.
 */
export const isStaffTag = (kind: TagKind): boolean => kind === "staff";
