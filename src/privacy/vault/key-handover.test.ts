import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gatewayId } from "../../core/brand.ts";
import {
  askForKey,
  type Fill,
  type KeyQuestion,
  type SealedKey,
  sealForRequest,
} from "./key-handover.ts";

const GATEWAY = gatewayId("gw-1");
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const random: Fill = (bytes) => void randomFillSync(bytes);

const ask = (gateway = GATEWAY): KeyQuestion => askForKey(gateway, random);
function seal(question: KeyQuestion, gateway = GATEWAY, key = KEY): SealedKey {
  const sealed = sealForRequest(key, gateway, question.ask, random);
  assert.ok(sealed.ok);
  return sealed.value;
}

test("the key that was sealed for a question is what the asker opens, and no text on the way holds it", () => {
  const question = ask();
  const sealed = seal(question);
  const opened = question.open(sealed);
  assert.deepEqual(opened, { ok: true, value: KEY });
  const sent = Object.values({ ...question.ask, ...sealed }).map((text) =>
    Buffer.from(text, "base64url"),
  );
  for (const bytes of sent) assert.ok(!bytes.includes(Buffer.from(KEY.subarray(0, 8))));
});

test("an answer that is played back is refused, and so is one after the question was given up", () => {
  const question = ask();
  const sealed = seal(question);
  assert.ok(question.open(sealed).ok);
  assert.deepEqual(question.open(sealed), { ok: false, error: "closed" });
  const given = ask();
  given.close();
  assert.deepEqual(given.open(seal(given)), { ok: false, error: "closed" });
});

test("an answer to another question is refused, also under the id of this one, and spoils nothing", () => {
  const [one, other] = [ask(), ask()];
  assert.deepEqual(one.open(seal(other)), { ok: false, error: "other-request" });
  const forged = { ...seal(other), request: one.ask.request };
  assert.deepEqual(one.open(forged), { ok: false, error: "not-genuine" });
  assert.ok(one.open(seal(one)).ok);
});

test("an answer for another gateway is refused", () => {
  const question = ask();
  const foreign = seal(question, gatewayId("gw-2"));
  assert.deepEqual(question.open(foreign), { ok: false, error: "not-genuine" });
});

test("a changed answer is refused, whichever part of it was changed", () => {
  for (const part of ["publicKey", "nonce", "sealed"] as const) {
    const question = ask();
    const sealed = seal(question);
    const bytes = Buffer.from(sealed[part], "base64url");
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    const changed = { ...sealed, [part]: bytes.toString("base64url") };
    assert.deepEqual(question.open(changed), { ok: false, error: "not-genuine" }, part);
    const cut = { ...sealed, [part]: sealed[part].slice(4) };
    assert.equal(question.open(cut).ok, false, part);
  }
});

test("a public key with which everybody would come to the same secret is refused by both sides", () => {
  for (const first of [0, 1]) {
    const weak = Buffer.alloc(32);
    weak[0] = first;
    const publicKey = weak.toString("base64url");
    const question = ask();
    const sealed = sealForRequest(KEY, GATEWAY, { ...question.ask, publicKey }, random);
    assert.deepEqual(sealed, { ok: false, error: "bad-public-key" });
    const answer = { ...seal(question), publicKey };
    assert.deepEqual(question.open(answer), { ok: false, error: "bad-public-key" });
  }
});

test("what is drawn for one question is overwritten, and the key stays the caller's", () => {
  const drawn: Uint8Array[] = [];
  const fill: Fill = (bytes) => {
    random(bytes);
    drawn.push(bytes);
  };
  const question = askForKey(GATEWAY, fill);
  const key = KEY.slice();
  assert.ok(sealForRequest(key, GATEWAY, question.ask, fill).ok);
  assert.deepEqual(key, KEY);
  const secrets = [drawn[1], drawn[2]];
  for (const secret of secrets) assert.deepEqual(secret, Buffer.alloc(32));
});

test("the example of docs/messages.md is what comes of its numbers", () => {
  const counting = (): Fill => {
    let next = 0;
    return (bytes) => {
      for (let i = 0; i < bytes.length; i += 1) bytes[i] = next++;
    };
  };
  const question = askForKey(GATEWAY, counting());
  const sealed = sealForRequest(KEY, GATEWAY, question.ask, counting());
  assert.ok(sealed.ok);
  const shown = (name: string): Record<string, unknown> => {
    const text = readFileSync(join(import.meta.dirname, "../../../docs/messages.md"), "utf8");
    const [, block = ""] = text.split(`\`\`\`json ${name}\n`);
    return JSON.parse(block.split("```")[0] ?? "") as Record<string, unknown>;
  };
  const at = "2026-05-01T10:00:00.000Z";
  assert.deepEqual(shown("up/key-request"), { v: 1, at, ...question.ask });
  assert.deepEqual(shown("down/key"), { v: 1, at, ...sealed.value });
});
