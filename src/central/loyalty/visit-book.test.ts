import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { visit } from "../../../test/fakes/loyalty-centre.ts";
import { LoyaltyDeskRig, START } from "../../../test/fakes/loyalty-desk-rig.ts";
import { epochMs, tenantId, visitId } from "../../core/brand.ts";

const DAY_MS = 86_400_000;
const ADA = { tenantId: "acme", customer: "ada" };
let rig: LoyaltyDeskRig;
beforeEach(async () => {
  rig = await LoyaltyDeskRig.open();
});
afterEach(() => rig.close());

/** Visits of the only member, as it counts them and as they are listed. */
async function counts(): Promise<readonly number[]> {
  const [member] = [...rig.desk.members.of(tenantId("acme"))];
  if (member === undefined) throw new TypeError("no member");
  return [member.visits, (await rig.desk.visits.of(member.subject)).length];
}

const on = (day: number, name: string) => {
  const at = epochMs(START + day * DAY_MS);
  return { at, enteredAt: epochMs(at - 60_000), exitedAt: at, visitId: visitId(name) };
};

test("a visit that was withdrawn stays out when a batch with its first telling comes again", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", visit(card));
  assert.deepEqual(await counts(), [1, 1]);
  await rig.send("shop1", visit(card, { seq: 2, revision: 1, isWithdrawn: true }));
  assert.deepEqual(await counts(), [0, 0]);
  await rig.send("shop1", visit(card));
  await rig.send("shop1", visit(card, { seq: 2, revision: 1 }));
  assert.deepEqual(await counts(), [0, 0]);
  await rig.send("shop1", visit(card, { seq: 3, revision: 2 }));
  assert.deepEqual(await counts(), [1, 1], "but a newer telling may bring it back");
  await rig.send("shop1", visit(card, { seq: 4, revision: 3, isStaff: true }));
  await rig.send("shop1", visit(card, { seq: 3, revision: 2 }));
  assert.deepEqual(await counts(), [0, 0], "nor does it once it is known for staff's");
});

test("a visit whose withdrawal is heard first never begins to count", async () => {
  const { card } = await rig.member();
  await rig.send("shop1", visit(card, { revision: 1, isWithdrawn: true }));
  await rig.send("shop1", visit(card));
  assert.deepEqual(await counts(), [0, 0]);
});

test("a visit that was dropped for its age does not come back, and is no sign that the member still comes", async () => {
  const { card, subject } = await rig.member();
  await rig.send("shop1", visit(card, on(0, "old")));
  rig.clock.advance(91 * DAY_MS);
  assert.equal(await rig.desk.visits.prune(subject, rig.clock.now()), 1);
  await rig.send("shop1", visit(card, on(0, "old")));
  assert.deepEqual(await counts(), [1, 0], "counted once");
});

test("of more than five hundred visits the oldest go and stay away; what was taken out is forgotten by the same rule", async () => {
  const { card, subject } = await rig.member();
  const minute = (n: number) => {
    const at = epochMs(START + n * 60_000);
    return { at, enteredAt: at, exitedAt: at, visitId: visitId(`v${n}`), seq: n };
  };
  const all = Array.from({ length: 502 }, (_, n) => visit(card, minute(n)));
  await rig.send("shop1", ...all);
  assert.equal(await rig.desk.visits.prune(subject, rig.clock.now()), 2);
  await rig.send("shop1", visit(card, minute(0)), visit(card, minute(1)));
  assert.deepEqual(await counts(), [502, 500]);
  await rig.send("shop1", ...all.map((one) => ({ ...one, revision: 1, isWithdrawn: true })));
  assert.deepEqual(await counts(), [2, 0]);
  assert.equal(await rig.desk.visits.prune(subject, rig.clock.now()), 0, "none was a visit");
  assert.equal((await rig.store.documents("loyalty-visit", subject)).length, 500);
  rig.clock.advance(91 * DAY_MS);
  await rig.desk.visits.prune(subject, rig.clock.now());
  assert.deepEqual(await rig.store.documents("loyalty-visit", subject), []);
  await rig.ask("/erasures", ADA);
  assert.deepEqual(await rig.store.documents("loyalty-visit-floor", null), []);
});
