import { createHmac } from "node:crypto";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { isIP } from "node:net";
import { isPublicAddress, publicLookup } from "./public-address.ts";

/** Where and with which key somebody is told. */
export interface HookTarget {
  readonly url: string;
  readonly keyId: string;
  readonly secret: string;
  readonly allowPrivate: boolean;
}

/** What became of a try; `status` null: no answer, and `reason` says why. */
export interface PostOutcome {
  readonly isTaken: boolean;
  readonly status: number | null;
  readonly reason: string | null;
}

/** A receiver has so long to answer; it should note the event and do its work afterwards. */
const ANSWER_MS = 10_000;

/**
 * The signature of a message: HMAC-SHA256, in hexadecimal digits, under the secret over the time in whole seconds, a full
 * stop, and the body as it is sent. The time is part of it, so that an old message cannot be sent again as a new one. Pure.
 */
export const signatureOf = (secret: string, timestamp: number, body: string): string =>
  createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");

/** Value of `Vitrine-Signature`: `t=SECONDS,kid=KEY,v1=SIGNATURE`. Pure. */
export const signatureHeader = (
  { keyId, secret }: Pick<HookTarget, "keyId" | "secret">,
  timestamp: number,
  body: string,
): string => `t=${timestamp},kid=${keyId},v1=${signatureOf(secret, timestamp, body)}`;

/**
 * Sends a signed message once. Taken is an answer of 200 to 299; a redirection is not followed, and of the answer nothing
 * is read. Without `allowPrivate` no connection is made to an address that is not out in the internet. Never rejects.
 */
export function postHook(
  target: HookTarget,
  message: { readonly id: string; readonly body: string; readonly timestamp: number },
): Promise<PostOutcome> {
  const { url, allowPrivate } = target;
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  if (!allowPrivate && (protocol !== "https:" || (isIP(host) !== 0 && !isPublicAddress(host))))
    return Promise.resolve(untold("the address is private"));
  const { id, body, timestamp } = message;
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "user-agent": "vitrine",
    "vitrine-delivery": id,
    "vitrine-signature": signatureHeader(target, timestamp, body),
  };
  return new Promise((resolve) => {
    const send = protocol === "https:" ? requestTls : requestPlain;
    const options = { method: "POST", headers, agent: false as const };
    const guard = allowPrivate ? {} : { lookup: publicLookup };
    const request = send(url, { ...options, ...guard }, (answer: IncomingMessage) => {
      const status = answer.statusCode ?? null;
      answer.destroy();
      clearTimeout(timer);
      resolve({ isTaken: status !== null && status >= 200 && status < 300, status, reason: null });
    });
    // Of the whole try, not of silence in between: a receiver that trickles is one that does not answer.
    const timer = setTimeout(() => request.destroy(new Error("no answer in time")), ANSWER_MS);
    request.on("error", (error) => {
      clearTimeout(timer);
      resolve(untold(error.message));
    });
    request.end(body);
  });
}

const untold = (reason: string): PostOutcome => ({ isTaken: false, status: null, reason });
