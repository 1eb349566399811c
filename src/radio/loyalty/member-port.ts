import type { MonoMs, ReceiverId, TagId } from "../../core/brand.ts";
import type { FollowedTag } from "../tag-registry.ts";
import type { MemberIdSpot } from "./member-ids.ts";

/** How an identifier was heard. */
export interface MemberHearing {
  readonly receiverId: ReceiverId;
  /** null when it was not measured. */
  readonly rssiDbm: number | null;
  readonly atMono: MonoMs;
}

/**
 * Who is a member, as far as the radio may know. The one way by which anybody who is not a registered tag is followed;
 * who has it stands behind consent: it answers null for everybody without a live permit.
 */
export interface MemberPort {
  /** The member's tag, whose id is the pseudonym; null for strangers, who cost a lookup and leave nothing. */
  memberOf(id: Readonly<MemberIdSpot>, heard: MemberHearing): FollowedTag | null;
  /** The same for a sighting of another gateway of the shop, which names the member by the pseudonym. */
  memberNamed(id: TagId): FollowedTag | null;
  /** Whether a member who was followed up to now may be followed still; asked once a second. */
  mayFollow(id: TagId): boolean;
  /** What there is to say of it all to people; names nobody. */
  texts?(): readonly (readonly [label: string, text: string])[];
}
