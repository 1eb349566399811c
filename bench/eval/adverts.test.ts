import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { readFixture, readShared } from "../../test/fakes/shared-vectors.ts";
import { difference, isRecord } from "./advert-case.ts";
import { fuzzAdverts } from "./advert-fuzz.ts";
import { bytesIn, judgeFile, run, scoreOf } from "./adverts.ts";

const FILES = ["gap_parse.json", "advlib.json", "altbeacon.json", "crypto.json"];
const shared = FILES.map((name) => ({
  name,
  content: readShared<Readonly<Record<string, unknown>>>(`ble/vectors/${name}`),
}));
const skip = shared.some(({ content }) => content === null) ? "no shared data" : false;

for (const { name, content } of shared)
  test(`every claimed vector of ${name} passes`, { skip }, () => {
    const { passed, total, failures, vectors } = scoreOf(judgeFile({ name, content }));
    assert.deepEqual(failures, []);
    assert.equal(passed, total);
    assert.ok(total > 0 && vectors >= total);
  });

test("at most a seventh of the library's vectors is not claimed, each with its reason", {
  skip,
}, () => {
  const content = shared[1]?.content;
  const { vectors, notClaimed } = scoreOf(judgeFile({ name: "advlib.json", content }));
  assert.ok(notClaimed.length <= vectors / 7, `${notClaimed.length} of ${vectors}`);
  assert.ok(notClaimed.every(({ reason }) => reason.length > 20));
});

/** The value with one of its leaves changed, for each leaf; the paths say which. */
function* changedLeaves(value: unknown, path: string): Generator<[string, unknown]> {
  if (isRecord(value) && Object.keys(value).length > 0) {
    for (const [key, part] of Object.entries(value))
      for (const [at, changed] of changedLeaves(part, `${path}.${key}`))
        yield [
          at,
          Array.isArray(value)
            ? value.map((old: unknown, i) => (String(i) === key ? changed : old))
            : { ...value, [key]: changed },
        ];
    return;
  }
  if (typeof value === "number") yield [path, value + 1];
  else if (typeof value === "boolean") yield [path, !value];
  else if (typeof value === "string") yield [path, changedText(value)];
  else yield [path, { planted: 1 }];
}

/** Stays of the form that it is of: hexadecimal digits remain some. */
const changedText = (text: string): string =>
  text === "" ? "00" : text.replace(/.$/, (last) => (last === "1" ? "2" : "1"));

type Vector = Readonly<Record<string, unknown>>;

const isClaimed = (name: string, vector: Vector): boolean =>
  scoreOf(judgeFile({ name, content: { vectors: [vector] } })).total > 0;

/** What is not a value: product pages that stand beside values of ours, link-layer headers, free text. */
function isNoValue(path: string, vector: Vector): boolean {
  if (/\.also$|\.(rx|tx)Add$|advA$/.test(path)) return true;
  if (path !== "expected.uri" || !isRecord(vector["expected"])) return false;
  const isPage = String(vector["expected"]["uri"]).startsWith("https://sniffypedia.org/");
  return isPage && /^(apple|advlibble)/.test(String(vector["file"]));
}

/** Each claimed vector with each of its values changed, one at a time. */
function* planted(): Generator<{ name: string; what: string; vector: Vector }> {
  for (const { name, content } of shared.slice(0, 3))
    for (const vector of (content?.["vectors"] ?? []) as readonly Vector[]) {
      if (!isClaimed(name, vector)) continue;
      for (const [path, expected] of changedLeaves(vector["expected"], "expected"))
        if (!isNoValue(path, vector))
          yield {
            name,
            what: `${JSON.stringify(vector["inputs"] ?? "")} ${path}`,
            vector: { ...vector, expected },
          };
    }
}

const call = (
  file: string,
  inputs: Vector,
  expected: Vector | null,
  library = "advlib-ble-1.4.2",
): Vector => ({
  package: library,
  file,
  function: "process",
  inputs,
  expected,
  expected_name: "X",
});

const forms: readonly {
  name: string;
  vector: Vector;
  outcome: "passed" | "failed" | "notClaimed";
}[] = [
  {
    name: "flags by the numbers of their bits",
    vector: call("advdata.test.js", { INPUT_DATA_FLAGS: "020106" }, { flags: [1, 2] }),
    outcome: "passed",
  },
  {
    name: "wrong flags",
    vector: call("advdata.test.js", { INPUT_DATA_FLAGS: "020106" }, { flags: [1] }),
    outcome: "failed",
  },
  {
    name: "bytes of a buffer",
    vector: call(
      "advdata.test.js",
      { INPUT_DATA: { buffer_hex: "03194002" } },
      { appearance: 576 },
    ),
    outcome: "passed",
  },
  {
    name: "what a link-layer packet advertises",
    vector: call(
      "advlibble.test.js",
      { INPUT_DATA: `0209${"00".repeat(6)}020a04` },
      { type: "ADV_NONCONN_IND", advA: "000000000000", txPower: 5 },
    ),
    outcome: "failed",
  },
  {
    name: "a list of UUIDs with something left over, which the library discards",
    vector: call("advdatatypes.test.js", { INPUT_DATA: "0402aafe01" }, null),
    outcome: "notClaimed",
  },
  {
    name: "nothing expected of a whole payload",
    vector: call("advdatatypes.test.js", { INPUT_DATA: "0302aafe" }, null),
    outcome: "failed",
  },
  {
    name: "a page of the directory",
    vector: call(
      "advdata.test.js",
      { INPUT_DATA: "0302aafe" },
      { uri: "https://sniffypedia.org/Product/Some/" },
    ),
    outcome: "notClaimed",
  },
  {
    name: "tools of the library",
    vector: call("utils.test.js", { INPUT_DATA: "0302aafe" }, {}),
    outcome: "notClaimed",
  },
  {
    name: "a service by its UUID",
    vector: call(
      "advlibbleservices.test.js",
      { INPUT_UUID: "2a19", INPUT_DATA: "45" },
      { batteryPercentage: 69 },
      "advlib-ble-services-1.7.0",
    ),
    outcome: "passed",
  },
  {
    name: "the content of a phone",
    vector: call(
      "apple.js",
      { INPUT_DATA: "10050a1c77f95b" },
      { uri: "https://sniffypedia.org/Organization/Apple_Inc/" },
      "advlib-ble-manufacturers-1.14.0",
    ),
    outcome: "notClaimed",
  },
];
for (const { name, vector, outcome } of forms)
  test(`a vector of the library: ${name}: ${outcome}`, () => {
    const score = scoreOf(judgeFile({ name: "own", content: { vectors: [vector] } }));
    assert.deepEqual(
      [score.passed, score.failures.length, score.notClaimed.length],
      [
        outcome === "passed" ? 1 : 0,
        outcome === "failed" ? 1 : 0,
        outcome === "notClaimed" ? 1 : 0,
      ],
    );
  });

test("every changed value of every claimed vector fails", { skip }, () => {
  let changes = 0;
  for (const { name, what, vector } of planted()) {
    changes += 1;
    const { failures } = scoreOf(judgeFile({ name, content: { vectors: [vector] } }));
    assert.equal(failures.length, 1, `${name} ${what}`);
  }
  assert.ok(changes > 300, `${changes} changes`);
});

test("an expectation of nothing fails where there is something", { skip }, () => {
  for (const { name, content } of shared.slice(1, 3))
    for (const vector of (content?.["vectors"] ?? []) as readonly Vector[]) {
      const { expected, file } = vector;
      if (!isClaimed(name, vector) || file === "advlibble.test.js") continue;
      if (!isRecord(expected) || expected["format"] === "apple-overflow") continue;
      const nothing = { vectors: [{ ...vector, expected: null }] };
      const { failures } = scoreOf(judgeFile({ name, content: nothing }));
      assert.equal(failures.length, 1, `${name} ${JSON.stringify(vector["inputs"] ?? "")}`);
    }
});

test("every changed value of the cryptography fails", { skip }, () => {
  const content = shared[3]?.content ?? {};
  for (const [section, results] of Object.entries({
    ah: ["hash"],
    rpa: ["resolves"],
    eid: ["eid"],
    gaen: ["rpik", "rpi"],
  }))
    for (const row of content[section] as readonly Readonly<Record<string, unknown>>[])
      for (const key of results) {
        const [, changed] = [...changedLeaves(row[key], key)][0] ?? assert.fail("no leaf");
        const planted = { [section]: [{ ...row, [key]: changed }] };
        assert.equal(scoreOf(judgeFile({ name: "x", content: planted })).failures.length, 1);
      }
});

test("a row that states nothing to compare fails rather than passes", () => {
  const content = { ah: [{ irk: "00".repeat(16), prand: "400000" }] };
  assert.equal(scoreOf(judgeFile({ name: "x", content })).failures.length, 1);
});

test("numbers may differ by rounding, keys may not be missing or too many", () => {
  assert.equal(difference({ a: 0.1 + 0.2 }, { a: 0.3 }), null);
  assert.notEqual(difference({ a: 0.3 }, { a: 0.301 }), null);
  assert.notEqual(difference({ a: 1 }, { a: 1, b: 2 }), null);
  assert.notEqual(difference({ a: 1, b: 2 }, { a: 1 }), null);
  assert.notEqual(difference([], {}), null);
  assert.notEqual(difference(null, {}), null);
});

test("twenty thousand changed payloads and all truncations raise nothing", () => {
  const contents = [
    ...shared.map(({ content }) => content),
    readFixture<unknown>("radio/beacon-cases.json"),
    readFixture<unknown>("radio/hci-cases.json"),
  ];
  const { payloads, packets } = bytesIn(contents);
  assert.ok(payloads.length > 60 && packets.length > 5);
  const found = fuzzAdverts(payloads, packets, 20_000, 1);
  assert.deepEqual(found.firstExceptions, []);
  assert.equal(found.exceptions, 0);
  assert.ok(found.framesDecoded > 2_000 && found.telemetryRead > 200 && found.hciReports > 2_000);
});

test("the command reads files, and sends HCI packets and other files away", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-adverts-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = async (name: string, content: unknown): Promise<string> => {
    await writeFile(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  const gap = { segments: ["020a04"], expected: { tx_power: 4 } };
  const whole = { local_name: null, service_uuids: [], service_data: {}, manufacturer_data: {} };
  const good = { ...gap, expected: { ...gap.expected, ...whole } };
  const score = await run(["--vectors", await file("a.json", { vectors: [good, gap] })]);
  assert.deepEqual([score["passed"], score["total"]], [1, 2]);
  const fuzzed = await run([
    "--vectors",
    await file("b.json", { vectors: [good] }),
    "--fuzz",
    "50",
  ]);
  assert.deepEqual([fuzzed["total"], fuzzed["mutations"], fuzzed["exceptions"]], [1, 50, 0]);
  const refused = async (args: readonly string[], code: string): Promise<void> =>
    assert.rejects(run(args), (error) => isRecord(error) && error["code"] === code);
  await refused(["--vectors", await file("hci.json", { cases: [] })], "USAGE");
  await refused(["--vectors", await file("other.json", { vectors: [{}] })], "INPUT_INVALID");
  await refused(["--vectors", join(folder, "absent.json")], "INPUT_INVALID");
  await refused([], "USAGE");
  await refused(["--fuzz", "0"], "USAGE");
});
