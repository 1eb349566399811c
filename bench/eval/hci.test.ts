import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { readFixture, readShared } from "../../test/fakes/shared-vectors.ts";
import { casesIn, run, scoreHci } from "./hci.ts";

interface Case {
  name: string;
  events: string[];
  expect: Record<string, unknown>[];
}
const file = (): { cases: Case[] } => readFixture("radio/hci-cases.json");

test("all our own cases pass", async () => {
  const { cases } = file();
  assert.deepEqual(await scoreHci(casesIn({ cases }, "own")), {
    passed: cases.length,
    total: cases.length,
    failures: [],
  });
});

const shared = readShared<{ cases: Case[] }>("ble/vectors/hci_events.json");
test("all shared cases pass", { skip: shared === null ? "no shared data" : false }, async () => {
  const { passed, total, failures } = await scoreHci(casesIn(shared, "shared"));
  assert.deepEqual(failures, []);
  assert.equal(passed, total);
});

test("every field of every expectation counts: a changed one fails its case and no other", async () => {
  const changed: readonly [field: string, value: unknown][] = [
    ["address", "00:00:00:00:00:00"],
    ["addressType", "anonymous"],
    ["eventType", "ADV_SCAN_IND_"],
    ["rssi", -1],
    ["txPowerHci", 5],
    ["ad", "020106"],
  ];
  for (const [field, value] of changed) {
    const { cases } = file();
    const first = cases[0]?.expect[0];
    assert.ok(first !== undefined);
    first[field] = value;
    const { passed, failures } = await scoreHci(casesIn({ cases }, "own"));
    assert.equal(passed, cases.length - 1, field);
    assert.equal(failures[0]?.name, cases[0]?.name);
    assert.match(failures[0]?.why ?? "", new RegExp(`reports\\.0\\.${field}: expected`));
  }
});

test("a report too many, one too few and an unknown field are failures", async () => {
  for (const change of [
    (one: Case) => one.expect.pop(),
    (one: Case) => one.expect.push({ ...one.expect[0] }),
    (one: Case) => Object.assign(one.expect[0] ?? {}, { channel: 37 }),
  ]) {
    const { cases } = file();
    const [first] = cases;
    assert.ok(first !== undefined);
    change(first);
    assert.equal((await scoreHci(casesIn({ cases }, "own"))).failures.length, 1);
  }
});

test("the command reads a file and names what is wrong with one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-hci-"));
  const path = join(folder, "vectors.json");
  await writeFile(path, JSON.stringify(file()));
  const result = await run(["--vectors", path]);
  assert.equal(result["passed"], result["total"]);
  for (const [text, why] of [
    ["{", /vectors\.json cannot be read as JSON/],
    ["{}", /expected a list "cases"/],
    ['{"cases": [{"events": ["zz"], "expect": []}]}', /cases\[0\]: expected events/],
    ['{"cases": [{"events": [], "expect": [1]}]}', /cases\[0\]: expected expect/],
  ] as const) {
    await writeFile(path, text);
    await assert.rejects(run(["--vectors", path]), { code: "INPUT_INVALID", message: why });
  }
  await assert.rejects(run([]), { code: "USAGE" });
  await rm(folder, { recursive: true });
});
