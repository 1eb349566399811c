import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { FakeDashboard } from "../../../test/fakes/fake-dashboard.ts";
import {
  recordingOf,
  SIMULATED_SITE,
  simulatedWalk,
  tapsOf,
  WALK_EPOCH_MS,
} from "../../../test/fakes/simulated-walk.ts";
import { WalkRig } from "../../../test/fakes/walk-rig.ts";
import type { FaultCode } from "../../core/errors.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { DEFINITIONS } from "../../metrics/definitions.ts";
import { UI_FILES, type UiFiles } from "../../web/assets.ts";
import { createDashboard, type Dashboard } from "../../web/server.ts";
import { loadSiteFile } from "../config-files.ts";
import type { Terminal } from "../terminal.ts";
import { runSiteWalk, type SiteWalkFlags } from "./site-walk.ts";

const bytes = new TextEncoder().encode("/* page */");
const assets = Object.fromEntries(UI_FILES.map((name) => [name, bytes])) as UiFiles;
const open: Dashboard[] = [];
let dir = "";

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "vitrine-walk-"));
});
after(async () => {
  for (const dashboard of open) await dashboard[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

class TestTerminal implements Terminal {
  readonly printed: string[] = [];
  readonly noted: string[] = [];
  readonly environment = {};
  readonly signal = new AbortController().signal;
  print(text: string): void {
    this.printed.push(text);
  }
  note(text: string): void {
    this.noted.push(text);
  }
  progress(): void {}
}

async function gateway(rig: WalkRig): Promise<string> {
  const source = new FakeDashboard();
  source.walk = rig.desk;
  const dashboard = createDashboard({
    source,
    definitions: () => DEFINITIONS,
    host: "127.0.0.1",
    port: 0,
    password: null,
    assets,
    clock: new FakeClock(),
    log: SILENT_LOG,
  });
  open.push(dashboard);
  await dashboard.start(new AbortController().signal);
  return dashboard.url ?? "";
}

/** Runs the command against a gateway; between the typed lines the carrier stands for so many seconds. */
async function walked(
  rig: WalkRig,
  typed: readonly (string | number)[],
  flags: Partial<SiteWalkFlags> = {},
): Promise<TestTerminal> {
  const terminal = new TestTerminal();
  const lines = [...typed];
  const nextLine = (): Promise<string | null> => {
    while (typeof lines[0] === "number") rig.stand(lines.shift() as number);
    return Promise.resolve((lines.shift() as string | undefined) ?? null);
  };
  const url = await gateway(rig);
  await runSiteWalk({ url, tag: "walker", recording: [], ...flags }, terminal, nextLine);
  return terminal;
}

async function refused(code: FaultCode, act: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(act, (error) => {
    assert.ok(error instanceof GatewayError && error.code === code, String(error));
    assert.match(error.message, message);
    return true;
  });
}

test("numbers are taps, and at the end the confusion is printed and the points are saved", async () => {
  const rig = new WalkRig();
  const terminal = await walked(rig, ["2", 30, "1", 30, "u", "p", "7", "2", 20, "f", "y"]);
  assert.match(terminal.noted[0] ?? "", /1 {2}Shoes\n {2}2 {2}Till\nnumber = the zone/);
  assert.ok(terminal.noted.some((line) => /^not understood/.test(line)));
  const [table = ""] = terminal.printed;
  assert.match(
    table,
    /Before, percent.*\n.*1 {4}2 {4}- {4}\?\n {3}1 {2}Shoes +80 +20 +0 +0\n {3}2 {2}Till +56 +40 +0 +4/,
  );
  assert.match(table, /Right before 60 %, with this walk 90 %, over 100 s/);
  assert.equal(rig.saves, 1);
  assert.match(terminal.noted.at(-1) ?? "", /^saved 1 survey point/);
});

test("an answer that is not yes keeps nothing", async () => {
  const rig = new WalkRig();
  await walked(rig, ["2", 30, "f", "n"]);
  assert.equal(rig.saves, 0);
  assert.equal(rig.desk.view().state, "idle");
});

test("--yes keeps a better walk without asking, and never one that is no better", async () => {
  const better = new WalkRig();
  const terminal = await walked(better, ["2", 30, "f"], { yes: true, json: true });
  assert.equal(better.saves, 1);
  const result = JSON.parse(terminal.printed.join("")) as { isSaved: boolean; verdict: string };
  assert.deepEqual([result.isSaved, result.verdict], [true, "better"]);
  const worse = new WalkRig();
  worse.verdict = "no-better";
  await walked(worse, ["2", 30, "f"], { yes: true });
  assert.equal(worse.saves, 0);
});

test("hanging up or q drops the walk", async () => {
  for (const typed of [
    ["2", 10],
    ["2", 10, "q"],
  ] as const) {
    const rig = new WalkRig();
    const terminal = await walked(rig, typed);
    assert.equal(rig.desk.view().state, "idle");
    assert.match(terminal.noted.at(-1) ?? "", /dropped/);
  }
});

test("a gateway that refuses is quoted", async () => {
  const rig = new WalkRig();
  const url = await gateway(rig);
  const flags = { url, tag: "nobody", recording: [] };
  const run = runSiteWalk(flags, new TestTerminal(), () => Promise.resolve(null));
  await refused("GATEWAY_REFUSED", run, /No tag of that name is registered/);
});

test("flags that do not belong together are wrong usage", async () => {
  const run = (flags: Partial<SiteWalkFlags>): Promise<void> =>
    runSiteWalk({ recording: [], ...flags }, new TestTerminal(), () => Promise.resolve(null));
  await refused("USAGE", run({ url: "http://127.0.0.1:1" }), /--tag is missing/);
  await refused("USAGE", run({ tag: "a" }), /--url, or --recording/);
  await refused(
    "USAGE",
    run({ tag: "a", url: "http://a", recording: ["x"] }),
    /exclude each other/,
  );
});

/** Site plan, recording and taps of a simulated walk, as files. */
async function files(
  name: string,
  seconds: number,
): Promise<{
  readonly site: string;
  readonly recording: readonly string[];
  readonly taps: string;
  readonly tag: string;
}> {
  const record = simulatedWalk({ seed: 4, shadowDb: 6, powerDbm: -62 }, seconds);
  const path = (kind: string): string => join(dir, `${name}.${kind}`);
  const { dayCutoverMin: _, ...store } = SIMULATED_SITE.store;
  const corners = (points: readonly { x: number; y: number }[]): unknown =>
    points.map(({ x, y }) => [x, y]);
  const floor = SIMULATED_SITE.floor;
  const document = {
    ...SIMULATED_SITE,
    store,
    floor: {
      outline: corners(floor?.outline ?? []),
      zones: floor?.zones.map((zone) => ({ ...zone, polygon: corners(zone.polygon) })),
    },
  };
  await writeFile(path("site.json"), JSON.stringify(document));
  await writeFile(path("jsonl"), recordingOf(record));
  await writeFile(path("csv"), tapsOf(record));
  return { site: path("site.json"), recording: [path("jsonl")], taps: path("csv"), tag: "walker" };
}

const offline = async (flags: SiteWalkFlags): Promise<TestTerminal> => {
  const terminal = new TestTerminal();
  await runSiteWalk(flags, terminal, () => Promise.resolve(null));
  return terminal;
};

test("a recorded walk gives the same result every time, and saved points are in the plan", async () => {
  const named = await files("same", 25);
  const [first, second] = [
    await offline({ ...named, json: true }),
    await offline({ ...named, json: true }),
  ];
  assert.equal(first.printed[0], second.printed[0]);
  const result = JSON.parse(first.printed[0] ?? "{}");
  assert.equal(result.verdict, "better", `${result.accuracyBefore} -> ${result.accuracyAfter}`);
  assert.equal(result.zones.length, 6);
  const terminal = await offline({ ...named, save: true });
  assert.match(terminal.printed[0] ?? "", /Right before \d+ %, with this walk \d+ %/);
  const plan = await loadSiteFile(named.site);
  assert.equal(plan.survey?.length, result.points);
  assert.deepEqual(plan.survey, result.survey);
  assert.doesNotMatch(await readFile(named.site, "utf8"), /c2:?00/i, "no address");
});

test("a faulty taps file names the line and what was expected", async () => {
  const named = await files("taps", 5);
  const cases = [
    ["zone,time\n", /:1: expected the header time,zone/],
    [
      `time,zone\n${WALK_EPOCH_MS},attic\n`,
      /:2: expected a zone of the floor \(window, .*\), found attic|:2: expected a zone/,
    ],
    ["time,zone\nnoon,till\n", /:2: expected epoch ms or an RFC 3339 instant.*found noon/],
    [
      `time,zone\n${WALK_EPOCH_MS},till\n${WALK_EPOCH_MS - 1},bags\n`,
      /:3: expected a time not before/,
    ],
    ["time,zone\n", /has no tap/],
  ] as const;
  for (const [text, message] of cases) {
    const taps = join(dir, "faulty.csv");
    await writeFile(taps, text);
    await refused("INPUT_INVALID", offline({ ...named, taps }), message);
  }
  await refused("INPUT_INVALID", offline({ ...named, taps: join(dir, "none.csv") }), /cannot read/);
  await refused("USAGE", offline({ ...named, tag: "nobody" }), /has no tag/);
});

test("taps may be written as RFC 3339 instants, and a recording without the tag is refused", async () => {
  const named = await files("iso", 20);
  const taps = join(dir, "iso.csv");
  const iso = new Date(WALK_EPOCH_MS + 10_000).toISOString();
  await writeFile(taps, `time,zone\n${iso},till\n`);
  const result = JSON.parse((await offline({ ...named, taps, json: true })).printed[0] ?? "{}");
  assert.equal(result.zones.find(({ id }: { id: string }) => id === "till").seconds > 0, true);
  const empty = join(dir, "empty.jsonl");
  await writeFile(empty, "");
  await refused(
    "INPUT_INVALID",
    offline({ ...named, recording: [empty] }),
    /nothing of the tag walker/,
  );
});
