import { z } from "zod";
import * as answers from "./loyalty-answers.ts";
import * as bodies from "./loyalty-queries.ts";

/** An address about members; fits `Operation`. */
interface LoyaltyOperation<
  Method extends "get" | "put" | "post",
  Scope extends "loyalty" | "loyalty:write",
  Body extends z.ZodType | null,
> {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope;
  readonly query: typeof noQuery;
  readonly body: Body;
  readonly answer: z.ZodType;
  readonly type: "application/json";
}

const noQuery = z.strictObject({});

const look = <Body extends z.ZodType>(
  path: string,
  summary: string,
  body: Body,
  answer: z.ZodType,
): LoyaltyOperation<"post", "loyalty", Body> => ({
  method: "post",
  path: `/api/v1/loyalty/${path}`,
  summary,
  scope: "loyalty",
  query: noQuery,
  body,
  answer,
  type: "application/json",
});
const act = <Body extends z.ZodType>(
  path: string,
  summary: string,
  body: Body,
  answer: z.ZodType,
): LoyaltyOperation<"post", "loyalty:write", Body> => ({
  ...look(path, summary, body, answer),
  scope: "loyalty:write",
});
const state: LoyaltyOperation<"get", "loyalty", null> = {
  method: "get",
  path: "/api/v1/loyalty",
  summary: "How loyalty stands: registers, open requests to erase, webhooks, anomalies",
  scope: "loyalty",
  query: noQuery,
  body: null,
  answer: answers.loyaltyStateAnswer,
  type: "application/json",
};
const tags = act(
  "tags",
  "Sets the tags and cards that a member carries",
  bodies.tagsBody,
  answers.tagsAnswer,
);
const putTags: LoyaltyOperation<"put", "loyalty:write", typeof bodies.tagsBody> = {
  ...tags,
  method: "put",
};

/** The addresses about members: part of `OPERATIONS`. */
export const LOYALTY_OPERATIONS = {
  loyaltyState: state,
  registerMember: act(
    "members",
    "Registers a customer who agreed",
    bodies.registerBody,
    answers.registeredAnswer,
  ),
  giveConsent: act(
    "consents",
    "Notes that a member agreed to a purpose",
    bodies.consentBody,
    answers.consentAnswer,
  ),
  revokeConsent: act(
    "revocations",
    "Takes consents of a member back, everywhere",
    bodies.revocationBody,
    answers.revokedAnswer,
  ),
  eraseMember: act(
    "erasures",
    "Takes everything back and forgets the customer",
    bodies.customerBody,
    answers.revokedAnswer,
  ),
  renewAppKey: act(
    "app-keys",
    "Gives a member's app a new key",
    bodies.customerBody,
    answers.appKeyAnswer,
  ),
  setTags: putTags,
  findTagClock: act(
    "tag-clock",
    "Finds the clock of a member's tag that is shown now",
    bodies.tagClockBody,
    answers.tagsAnswer,
  ),
  destroyTemplateKey: act(
    "destroyed-keys",
    "Destroys the key of a gateway's templates for good, such as of one that was stolen",
    bodies.destroyedKeyBody,
    answers.destroyedKeyAnswer,
  ),
  writeOffErasure: act(
    "write-offs",
    "Gives up waiting for somebody who will not erase any more, with a reason and a name",
    bodies.writeOffBody,
    answers.writtenOffAnswer,
  ),
  lookAtProfile: look(
    "profiles",
    "What is known of a member; every look is noted",
    bodies.customerBody,
    answers.profileAnswer,
  ),
  exportMember: look(
    "exports",
    "Everything that is kept about a customer",
    bodies.customerBody,
    answers.exportAnswer,
  ),
} as const;
