import assert from "node:assert/strict";
import test from "node:test";
import { ADDRESS_TYPE, addressKindOf } from "./address.ts";

const cases = [
  { name: "public", type: ADDRESS_TYPE.public, top: 0xff, kind: "public" },
  { name: "public identity resolved by the controller", type: 0x02, top: 0x40, kind: "public" },
  {
    name: "random identity resolved by the controller",
    type: 0x03,
    top: 0xc1,
    kind: "random-static",
  },
  { name: "random, top bits 11", type: 0x01, top: 0xc0, kind: "random-static" },
  { name: "random, top bits 01", type: 0x01, top: 0x7f, kind: "resolvable" },
  { name: "random, top bits 00", type: 0x01, top: 0x3f, kind: "non-resolvable" },
  { name: "random, reserved top bits 10", type: 0x01, top: 0x80, kind: "non-resolvable" },
  { name: "anonymous", type: 0xff, top: 0xc0, kind: "non-resolvable" },
] as const;

for (const { name, type, top, kind } of cases)
  test(`address kind: ${name} is ${kind}`, () => {
    assert.equal(addressKindOf(type, top), kind);
  });
