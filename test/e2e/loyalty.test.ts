import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { epochOf, loyaltyId, shortAdvertisement } from "../../docs/app-developers/loyalty-id.ts";
import { memberPseudonym, pseudonymTag } from "../../src/privacy/loyalty/pseudonym.ts";
import { GROUP, openRig, PSEUDONYM_KEY, type Sender, subjectOf } from "./loyalty-rig.ts";

/** Keys that only the centre and the members' phones have. */
const KEYS = [0x11, 0x22, 0x33].map((byte) => new Uint8Array(16).fill(byte));
const STRANGER_KEY = new Uint8Array(16).fill(0x99);
const [MEMBER, OTHER, UNASKED] = [0, 1, 2] as const;
const pseudonymOf = (i: number): string =>
  pseudonymTag(memberPseudonym(PSEUDONYM_KEY, GROUP, subjectOf(i)));

let rig: Awaited<ReturnType<typeof openRig>>;

before(async () => {
  rig = await openRig();
  KEYS.forEach((appKey, i) => {
    assert.ok(rig.centre.put(GROUP, { subject: subjectOf(i), appKey, tags: [] }));
  });
  rig.grant(subjectOf(MEMBER));
  rig.grant(subjectOf(OTHER));
  await rig.tables(4);
});
after(() => rig.close());

/** What a phone sends now; the library for apps makes it. */
async function phone(
  key: Uint8Array<ArrayBuffer>,
  address: readonly number[],
  at: readonly [x: number, y: number],
): Promise<Sender> {
  const id = await loyaltyId(key, GROUP, epochOf(rig.clock.now()));
  const [xM, yM] = at;
  return { payload: shortAdvertisement(id, -59), address, xM, yM };
}

const key = (i: number): Uint8Array<ArrayBuffer> => KEYS[i] ?? new Uint8Array(16);

function toldOf(tag: string): string[] {
  return rig.events().flatMap((event) => {
    const data = event["data"] as Record<string, unknown>;
    if (data["tagId"] !== tag) return [];
    return [`${event["type"]} ${data["state"] ?? data["zoneId"] ?? data["tagKind"] ?? ""}`.trim()];
  });
}

test("a member is recognised like a registered card: presence, zone and a visit under the pseudonym", async () => {
  const sender = await phone(key(MEMBER), [0x41, 2, 3, 4, 5, 6], [3, 3]);
  rig.seconds(60, () => [sender]);
  rig.seconds(1_900);
  const told = toldOf(pseudonymOf(MEMBER));
  assert.deepEqual(told.slice(0, 2), [
    "vitrine.tag-presence passing",
    "vitrine.tag-presence inside",
  ]);
  assert.ok(told.includes("vitrine.tag-zone-entered shoes"), told.join(", "));
  assert.ok(told.includes("vitrine.tag-presence outside"));
  assert.ok(told.includes("vitrine.completed loyalty-card"), told.join(", "));
});

test("strangers, and members who did not consent, leave no trace but a count", async () => {
  await rig.tables(4);
  const before = rig.events().length;
  const senders = [
    await phone(STRANGER_KEY, [0x52, 0x13, 0xa4, 0x95, 0xc6, 0xd7], [3, 3]),
    await phone(key(UNASKED), [0x63, 0x24, 0xb5, 0xa6, 0xd7, 0xe8], [15, 15]),
  ];
  rig.seconds(60, () => senders);
  rig.seconds(120);
  const since = rig.events().slice(before);
  assert.deepEqual(
    since.filter(({ type }) => String(type).includes("tag")),
    [],
  );
  const texts = new Map(rig.loyalty.texts());
  assert.ok(Number(texts.get("refused: no-grant")) >= 100);
  const output = (await rig.outputs()).toLowerCase();
  for (const { payload, address } of senders) {
    const hex = Buffer.from(payload).toString("hex");
    const id = hex.slice(44, 60);
    assert.equal(output.includes(id), false, "the identifier");
    const printed = Buffer.from(address).toString("hex");
    const pairs = printed.match(/../g) ?? [];
    for (const text of [printed, pairs.join(":"), [...pairs].reverse().join(":")])
      assert.equal(output.includes(text), false, text);
  }
  const raw = await rig.outputs();
  for (const name of [pseudonymOf(UNASKED), subjectOf(UNASKED)])
    assert.equal(raw.includes(name), false);
  assert.ok(raw.includes(pseudonymOf(MEMBER)), "and the search would find them");
});

test("no key, no address and no identifier of a member is written, said or sent either", async () => {
  const output = await rig.outputs();
  const sent = rig.wire.join("\n");
  for (const secret of [...KEYS, PSEUDONYM_KEY]) {
    const bytes = Buffer.from(secret);
    for (const text of [
      bytes.toString("hex"),
      bytes.toString("base64"),
      bytes.toString("latin1"),
    ]) {
      assert.equal(output.includes(text), false);
      assert.equal(sent.includes(text), false);
    }
  }
  for (const text of ["41:02:03:04:05:06", "06:05:04:03:02:01", "410203040506"])
    assert.equal(output.toLowerCase().includes(text), false);
  assert.deepEqual(rig.recorded, [], "what members send is not recorded");
});

test("a revoked member goes at once, is not matched again, and falls out of the tables", async () => {
  const pseudonym = pseudonymOf(OTHER);
  const sender = await phone(key(OTHER), [0x74, 2, 3, 4, 5, 6], [15, 15]);
  rig.seconds(30, () => [sender]);
  assert.equal(toldOf(pseudonym).at(-1), "vitrine.tag-presence inside");
  rig.revoke(subjectOf(OTHER));
  rig.seconds(2, () => [sender]);
  assert.equal(toldOf(pseudonym).at(-1), "vitrine.tag-presence outside", "within two seconds");
  const before = toldOf(pseudonym).filter((line) => line.includes("tag-")).length;
  rig.seconds(60, () => [sender]);
  assert.equal(toldOf(pseudonym).filter((line) => line.includes("tag-")).length, before);
  rig.centre.remove(GROUP, subjectOf(OTHER));
  await rig.tables(4);
  assert.ok(Number(new Map(rig.loyalty.texts()).get("identifiers now")) <= 3);
});

test("while the wall clock is not to be trusted nobody is matched", async () => {
  const sender = await phone(key(MEMBER), [0x41, 2, 3, 4, 5, 6], [3, 3]);
  rig.seconds(200);
  rig.now.state = "unsynced";
  rig.seconds(2);
  const before = toldOf(pseudonymOf(MEMBER)).length;
  rig.seconds(30, () => [sender]);
  assert.equal(toldOf(pseudonymOf(MEMBER)).length, before);
  rig.now.state = "synced";
  rig.seconds(30, () => [sender]);
  assert.ok(toldOf(pseudonymOf(MEMBER)).length > before);
});

test("the next epoch is there when the clock turns, and an old identifier is nobody's", async () => {
  rig.seconds(200);
  const old = await phone(key(MEMBER), [0x41, 2, 3, 4, 5, 6], [3, 3]);
  rig.clock.advance(900_000);
  await rig.tables(4);
  const now = await phone(key(MEMBER), [0x41, 2, 3, 4, 5, 7], [3, 3]);
  const before = toldOf(pseudonymOf(MEMBER)).length;
  rig.seconds(20, () => [now]);
  assert.ok(toldOf(pseudonymOf(MEMBER)).length > before);
  rig.seconds(200);
  rig.clock.advance(900_000);
  await rig.tables(4);
  const after = toldOf(pseudonymOf(MEMBER)).filter((line) => line.includes("tag-")).length;
  rig.seconds(30, () => [old]);
  const later = toldOf(pseudonymOf(MEMBER)).filter((line) => line.includes("tag-")).length;
  assert.equal(later, after, "replayed half an hour later");
});
