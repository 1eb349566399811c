import assert from "node:assert/strict";
import { test } from "node:test";
import { LARGEST_PAYLOAD_BYTES } from "./envelopes.ts";
import {
  LOYALTY_MESSAGE_BYTES,
  LOYALTY_WANTS,
  loyaltyCatalogueSchema,
  loyaltyPartSchema,
  loyaltyRequestSchema,
} from "./loyalty-messages.ts";

const DIGEST = "a".repeat(22);
const GROUP = "g".repeat(64);
const EPOCH = 0xffff_ffff;
/** Groups have at most so many segments of 1024 members. */
const SEGMENTS = 255;
const ROWS = 1_024;
const ROLL_ROW_BYTES = 28;
const ID_ROW_BYTES = 10;
const EID_ROWS = 3_072;
const base64 = (count: number): string => Buffer.alloc(count, 255).toString("base64");
const size = (message: object): number => Buffer.byteLength(JSON.stringify(message));

const part = { v: 1, storeGroup: GROUP, segment: SEGMENTS - 1, of: SEGMENTS, digest: DIGEST };
const LARGEST = {
  roll: { ...part, epoch: null, roll: null, rows: base64(ROWS * ROLL_ROW_BYTES), eids: "" },
  identifiers: {
    ...{ ...part, epoch: EPOCH, roll: DIGEST },
    ...{ rows: base64(ROWS * ID_ROW_BYTES), eids: base64(EID_ROWS * ID_ROW_BYTES) },
  },
};

test("the largest message of each kind about members' identifiers is taken, and no broker refuses it", (t) => {
  const digests = Array.from({ length: SEGMENTS }, () => DIGEST);
  const ids = [0, 1, 2].map(() => ({ epoch: EPOCH, digests }));
  const catalogue = { v: 1, storeGroup: GROUP, digest: DIGEST, rolls: digests, ids };
  const want = Array.from({ length: LOYALTY_WANTS }, () => ({ segment: 254, epoch: EPOCH }));
  const request = { v: 1, storeGroup: GROUP, catalogue: DIGEST, want };
  for (const [name, schema, message] of [
    ["roll", loyaltyPartSchema, LARGEST.roll],
    ["identifiers", loyaltyPartSchema, LARGEST.identifiers],
    ["catalogue", loyaltyCatalogueSchema, catalogue],
    ["request", loyaltyRequestSchema, request],
  ] as const) {
    assert.ok(schema.safeParse(message).success, name);
    t.diagnostic(`${name}: ${size(message)} bytes`);
    assert.ok(size(message) <= Math.min(LOYALTY_MESSAGE_BYTES, LARGEST_PAYLOAD_BYTES), name);
  }
});
