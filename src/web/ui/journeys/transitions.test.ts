import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeJourneys } from "../../../../test/fakes/fake-dashboard-journeys.ts";
import { leastCellOf, placeName, transitionRows, transitionsOf, waysOf } from "./transitions.ts";

const report = fakeJourneys();
const transitions = transitionsOf(report);

test("the door is the first row and the ways out are the last columns", () => {
  assert.equal(transitions.rows[0]?.name, "Came in");
  assert.deepEqual(
    transitions.columns.slice(-2).map(({ id }) => id),
    ["exit-with-tx", "exit-without"],
  );
  assert.ok(transitions.rows.every(({ id }) => !id.startsWith("exit")));
  assert.ok(transitions.columns.every(({ id }) => id !== "entry"));
});

test("a withheld way is never taken for one that nobody took", () => {
  const withheld = report.transitions.find(({ reason }) => reason?.code === "small-cell");
  assert.ok(withheld?.scope.kind === "zone-pair");
  const { from, to } = withheld.scope;
  assert.equal(transitions.stepOf(from, to).kind, "withheld");
  assert.equal(transitions.stepOf("till", "entry").kind, "none");
  assert.equal(leastCellOf(report.transitions), 5);
});

test("ways on are listed by their share, withheld ones last", () => {
  const ways = waysOf(transitions, "new", false);
  const shares = ways.map(({ step }) => (step.kind === "share" ? step.share : -1));
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => b - a),
  );
  assert.ok(ways.some(({ step }) => step.kind === "withheld"));
  assert.equal(waysOf(transitions, "nowhere", true).length, 0);
});

test("a zone that has left the plan keeps its id as name", () => {
  assert.equal(placeName(report, "gone"), "gone");
  assert.equal(placeName(report, "new"), "New arrivals");
});

test("the table for a spreadsheet has a row per way, and no number where one is withheld", () => {
  const [head = [], ...rows] = transitionRows(report);
  assert.equal(rows.length, report.transitions.length);
  const withheld = rows.filter((row) => String(row[head.indexOf("reason")]).includes("Withheld"));
  assert.ok(withheld.length > 0);
  for (const row of withheld) assert.deepEqual(row.slice(2, 5), [null, null, null]);
});
