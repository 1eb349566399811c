import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { createSystemClock } from "../../app/system-clock.ts";
import { monoMs } from "../../core/brand.ts";
import { type SiteDocument, sitePlanFile, sitePlanInMemory } from "./site-plan-file.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-plan-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const clock = createSystemClock();
const PLAN = {
  v: 1,
  store: { id: "s", name: "Shop", timeZone: "Europe/Copenhagen", dayCutover: "05:30" },
  staffShifts: [{ days: ["sat"], from: "09:00", to: "17:30" }],
};
const tag = (id: string, minor = 1): object => ({
  id,
  kind: "basket",
  beacon: { format: "altbeacon", id: minor.toString(16).padStart(40, "0") },
});

let count = 0;
function planFile(text = JSON.stringify(PLAN)): string {
  count += 1;
  const path = join(folder, `plan-${count}.json`);
  writeFileSync(path, text);
  return path;
}

const addTag =
  (id: string, minor = 1) =>
  (document: SiteDocument): void => {
    document["tags"] = [...((document["tags"] as object[] | undefined) ?? []), tag(id, minor)];
  };

test("an edit is on the disk, and times, absent defaults and order are as they were written", async () => {
  const path = planFile();
  const { plan } = await sitePlanFile(path, clock).update(addTag("a"));
  assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), { ...PLAN, tags: [tag("a")] });
  assert.deepEqual(
    plan.tags.map(({ id }) => id),
    ["a"],
  );
  assert.equal(plan.store.dayCutoverMin, 330);
});

test("a dry run says what would be and writes nothing", async () => {
  const path = planFile();
  const { plan } = await sitePlanFile(path, clock).update(addTag("a"), true);
  assert.equal(plan.tags.length, 1);
  assert.equal(readFileSync(path, "utf8"), JSON.stringify(PLAN));
});

test("an edit that changes nothing does not rewrite what somebody formatted", async () => {
  const path = planFile(JSON.stringify(PLAN, null, 7));
  await sitePlanFile(path, clock).update(() => undefined);
  assert.equal(readFileSync(path, "utf8"), JSON.stringify(PLAN, null, 7));
});

test("an edit that makes an invalid plan is refused with path and value", async () => {
  const path = planFile();
  await assert.rejects(sitePlanFile(path, clock).update(addTag("not an id")), {
    code: "CONFIG_INVALID",
    message: /tags\[0\]\.id: expected 1 to 64 letters.*found "not an id"/s,
  });
  assert.equal(readFileSync(path, "utf8"), JSON.stringify(PLAN));
});

test("mode and link stay; nothing is left beside the file", async () => {
  const path = planFile();
  chmodSync(path, 0o640);
  const link = join(folder, "link.json");
  symlinkSync(path, link);
  await sitePlanFile(link, clock).update(addTag("a"));
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.match(readFileSync(path, "utf8"), /"id": "a"/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith(".")),
    [],
  );
});

test("a plan in YAML is not rewritten as JSON", async () => {
  const text = "# by hand\nv: 1\nstore: { id: s, name: Shop, timeZone: UTC }\n";
  const path = planFile(text);
  await assert.rejects(sitePlanFile(path, clock).update(addTag("a"), true), {
    code: "SITE_UNWRITABLE",
    message: /written in YAML/,
    hint: /vitrine site convert/,
  });
  assert.equal(readFileSync(path, "utf8"), text);
});

test("files that cannot be read or written are named by code", async () => {
  const readOnly = planFile();
  chmodSync(readOnly, 0o444);
  await assert.rejects(sitePlanFile(readOnly, clock).update(addTag("a")), {
    code: "SITE_UNWRITABLE",
    message: /read-only/,
  });
  const gone = join(folder, "gone.json");
  await assert.rejects(sitePlanFile(gone, clock).update(addTag("a")), {
    code: "CONFIG_UNREADABLE",
  });
  for (const text of ["{", "7", "", "null"]) {
    await assert.rejects(sitePlanFile(planFile(text), clock).update(addTag("a")), {
      code: /CONFIG_INVALID|SITE_UNWRITABLE/,
    });
  }
});

test("a file that somebody edits or removes meanwhile is left alone", async () => {
  const path = planFile();
  const theirs = JSON.stringify({ ...PLAN, cameras: [] });
  const meddle = (document: SiteDocument): void => {
    addTag("a")(document);
    writeFileSync(path, theirs);
  };
  await assert.rejects(sitePlanFile(path, clock).update(meddle), { code: "SITE_CHANGED" });
  assert.equal(readFileSync(path, "utf8"), theirs);
  const vanish = (document: SiteDocument): void => {
    addTag("a")(document);
    unlinkSync(path);
  };
  await assert.rejects(sitePlanFile(path, clock).update(vanish), { code: "SITE_CHANGED" });
});

test("of many edits at once by several writers none is lost", async () => {
  const path = planFile();
  const writers = [sitePlanFile(path, clock), sitePlanFile(path, clock)];
  await Promise.all(
    Array.from({ length: 10 }, (_, i) => writers[i % 2]?.update(addTag(`t${i}`, i))),
  );
  const { tags } = JSON.parse(readFileSync(path, "utf8")) as { tags: { id: string }[] };
  assert.deepEqual(
    tags.map(({ id }) => id).sort(),
    Array.from({ length: 10 }, (_, i) => `t${i}`),
  );
});

test("a lock left over by a process that was killed is taken away after ten seconds, not before", async () => {
  const path = planFile();
  const lock = join(folder, `.plan-${count}.json.lock`);
  writeFileSync(lock, "");
  const time = new FakeClock();
  let isDone = false;
  const edit = sitePlanFile(path, time)
    .update(addTag("a"))
    .then(() => {
      isDone = true;
    });
  const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 2));
  for (let passedMs = 0; passedMs < 9_900; passedMs += 100) {
    time.advance(100);
    await turn();
  }
  assert.equal(isDone, false);
  for (let tries = 0; tries < 2_000 && !isDone; tries += 1) {
    time.advance(100);
    await turn();
  }
  await edit;
  assert.equal(isDone, true);
});

test("a lock that others take and give back in turn is never taken for left over", async () => {
  const path = planFile();
  const lock = join(folder, `.plan-${count}.json.lock`);
  const time = new FakeClock();
  let isDone = false;
  writeFileSync(lock, "");
  const edit = sitePlanFile(path, time)
    .update(addTag("a"))
    .then(() => {
      isDone = true;
    });
  for (let turn = 1; turn <= 150; turn += 1) {
    time.advance(100);
    await new Promise((done) => setTimeout(done, 2));
    // A file system gives the number of a file that is gone to the next: only its times tell that it is another.
    utimesSync(lock, turn, turn);
  }
  assert.equal(isDone, false);
  unlinkSync(lock);
  for (let tries = 0; tries < 2_000 && !isDone; tries += 1) {
    time.advance(100);
    await new Promise((done) => setTimeout(done, 2));
  }
  await edit;
});

test("a plan in memory is edited like a file", async () => {
  const store = sitePlanInMemory({ ...PLAN });
  await store.update(addTag("a", 1));
  await assert.rejects(store.update(addTag("a", 2)), { code: "CONFIG_INVALID" });
  const { plan } = await store.update(addTag("b", 2), true);
  assert.equal(plan.tags.length, 2);
  assert.equal((await store.update(() => undefined)).plan.tags.length, 1);
});

test("kill -9 in the middle of writing never leaves a torn plan", {
  timeout: 120_000,
}, async () => {
  const path = planFile();
  const child = join(import.meta.dirname, "../../../test/fakes/site-plan-child.ts");
  const generations = new Set<string>();
  for (let kill = 0; kill < 6; kill += 1) {
    const writer = spawn(process.execPath, ["--import", "tsx", child, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(writer.stdout, "data");
    await new Promise((done) => setTimeout(done, 150 + 37 * kill));
    writer.kill("SIGKILL");
    await once(writer, "exit");
    const { tags } = JSON.parse(readFileSync(path, "utf8")) as { tags: { name: string }[] };
    assert.equal(tags.length, 400);
    assert.equal(new Set(tags.map(({ name }) => name)).size, 1);
    generations.add(tags[0]?.name ?? "");
  }
  assert.ok(generations.size > 1, "writers were killed at different times");
  const hasty = { ...clock, mono: () => monoMs(clock.mono() * 100) };
  await sitePlanFile(path, hasty).update((document) => {
    document["tags"] = [];
  });
  assert.deepEqual((JSON.parse(readFileSync(path, "utf8")) as { tags: unknown[] }).tags, []);
});
