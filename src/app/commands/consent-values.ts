import { InvalidArgumentError } from "commander";
import { type ConsentProof, PURPOSES, type Purpose } from "../../core/consent.ts";
import { GatewayError } from "../../core/errors.ts";
import { isSubjectRef } from "../../privacy/consent/grant-rules.ts";

/** Reads a member's reference. @throws InvalidArgumentError, which becomes wrong usage */
export function subjectOf(text: string): string {
  if (isSubjectRef(text)) return text;
  throw new InvalidArgumentError("Expected 22 characters of base64url.");
}

/** Reads who does something. @throws InvalidArgumentError, which becomes wrong usage */
export function refOf(text: string): string {
  if (/^[!-~]{1,128}$/.test(text)) return text;
  throw new InvalidArgumentError("Expected 1 to 128 printable characters without blanks.");
}

/** Reads how a consent can be shown later. @throws InvalidArgumentError, which becomes wrong usage */
export function proofOf(text: string): ConsentProof {
  const [, kind, ref] = /^(signature|screen|operator|device):([!-~]{1,128})$/.exec(text) ?? [];
  if (kind === undefined || ref === undefined)
    throw new InvalidArgumentError("Expected signature, screen, operator or device, then :REF.");
  return { kind: kind as ConsentProof["kind"], ref };
}

/** Reads purposes. @throws USAGE */
export function purposesOf(given: readonly string[]): readonly Purpose[] {
  const isPurpose = (text: string): text is Purpose =>
    (PURPOSES as readonly string[]).includes(text);
  const known = given.filter(isPurpose);
  if (known.length === given.length) return [...new Set(known)];
  throw new GatewayError("USAGE", `expected of ${PURPOSES.join(", ")}, found ${given}`);
}
