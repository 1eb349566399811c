/** Kinds of rotating identifiers. `rid`: of an app, by the wall clock. `eid`: of a tag or card, by its own clock. */
export type MemberIdKind = "rid" | "eid";
