import assert from "node:assert/strict";
import { after, test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FakeDashboard } from "../../test/fakes/fake-dashboard.ts";
import { GatewayError } from "../core/errors.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { DEFINITIONS } from "../metrics/definitions.ts";
import { UI_FILES, type UiFiles } from "./assets.ts";
import { createDashboard, type Dashboard } from "./server.ts";
import type { TagImportView, TagListView, TagsPort } from "./tags-view.ts";

const bytes = new TextEncoder().encode("/* page */");
const assets = Object.fromEntries(UI_FILES.map((name) => [name, bytes])) as UiFiles;
const open: Dashboard[] = [];
after(async () => {
  for (const dashboard of open) await dashboard[Symbol.asyncDispose]();
});

/** Says what it was asked, and what the test wants. */
class Port implements TagsPort {
  readonly asked: unknown[] = [];
  outcome: Partial<TagImportView> | GatewayError = { isAccepted: true };

  list(search: string, limit: number): TagListView {
    this.asked.push([search, limit]);
    return { total: 3, matching: 0, canChange: true, isKept: true, zones: [], tags: [] };
  }

  async importCsv(csv: Uint8Array, options: object): Promise<TagImportView> {
    this.asked.push([Buffer.from(csv).toString(), options]);
    if (this.outcome instanceof GatewayError) throw this.outcome;
    return this.outcome as TagImportView;
  }

  async remove(id: string): Promise<boolean> {
    this.asked.push(id);
    return id === "known";
  }
}

async function start(port: Port | null, password: string | null = null): Promise<string> {
  const source = Object.assign(new FakeDashboard(), port === null ? {} : { tags: port });
  const dashboard = createDashboard({
    source,
    definitions: () => DEFINITIONS,
    host: "127.0.0.1",
    port: 0,
    password,
    assets,
    clock: new FakeClock(),
    log: SILENT_LOG,
  });
  open.push(dashboard);
  await dashboard.start(new AbortController().signal);
  return dashboard.url ?? "";
}

const post = (
  url: string,
  headers: Record<string, string> = {},
  body = "id\n",
): Promise<Response> =>
  fetch(url, { method: "POST", headers: { "content-type": "text/csv", ...headers }, body });

test("the list is searched and limited; odd numbers are the usual ones", async () => {
  const port = new Port();
  const url = await start(port);
  for (const query of ["", "?search=cart&limit=5", "?limit=99999", "?limit=-1&search=a&search=b"])
    assert.equal((await fetch(`${url}/api/tags${query}`)).status, 200);
  assert.deepEqual(port.asked, [
    ["", 200],
    ["cart", 5],
    ["", 20_000],
    ["", 200],
  ]);
});

test("an import is carried out, tried, or refused with all its rows", async () => {
  const port = new Port();
  const url = await start(port);
  assert.equal((await post(`${url}/api/tags/import`)).status, 200);
  assert.equal((await post(`${url}/api/tags/import?dry-run&skip-invalid=1`)).status, 200);
  port.outcome = { isAccepted: false, refusedRows: 1 };
  const refused = await post(`${url}/api/tags/import?dry-run=0`);
  assert.equal(refused.status, 422);
  assert.equal(((await refused.json()) as TagImportView).refusedRows, 1);
  assert.equal((await post(`${url}/api/tags/import?dry-run`)).status, 200);
  assert.deepEqual(port.asked, [
    ["id\n", { isDryRun: false, skipsInvalid: false }],
    ["id\n", { isDryRun: true, skipsInvalid: true }],
    ["id\n", { isDryRun: false, skipsInvalid: false }],
    ["id\n", { isDryRun: true, skipsInvalid: false }],
  ]);
});

test("faults are told by their code, with what to do", async () => {
  const port = new Port();
  const url = await start(port);
  for (const [code, status] of [
    ["SITE_UNWRITABLE", 409],
    ["SITE_CHANGED", 409],
    ["INPUT_INVALID", 400],
  ] as const) {
    port.outcome = new GatewayError(code, "the sentence");
    const answer = await post(`${url}/api/tags/import`);
    const { error, message, hint } = (await answer.json()) as Record<string, string>;
    assert.deepEqual([answer.status, error, message], [status, code, "the sentence"]);
    assert.ok(hint !== undefined && hint.length > 10);
  }
});

test("a body that is no CSV, or too large, is not handed on", async () => {
  const port = new Port();
  const url = await start(port);
  const path = `${url}/api/tags/import`;
  assert.equal((await post(path, { "content-type": "application/json" }, "{}")).status, 415);
  assert.equal((await post(path, {}, "x".repeat(4 * 2 ** 20 + 1))).status, 413);
  assert.deepEqual(port.asked, []);
});

test("a tag is removed by its id", async () => {
  const url = await start(new Port());
  const answers = ["known", "unknown"].map((id) =>
    fetch(`${url}/api/tags/${id}`, { method: "DELETE" }),
  );
  assert.deepEqual(
    (await Promise.all(answers)).map(({ status }) => status),
    [200, 404],
  );
});

test("another site's page changes nothing, and nobody does without the password", async () => {
  const port = new Port();
  const url = await start(port);
  const foreign = { origin: "http://evil.example", "sec-fetch-site": "cross-site" };
  assert.equal((await post(`${url}/api/tags/import`, foreign)).status, 403);
  const gone = await fetch(`${url}/api/tags/known`, { method: "DELETE", headers: foreign });
  assert.equal(gone.status, 403);
  const closed = await start(port, "secret");
  assert.equal((await post(`${closed}/api/tags/import`)).status, 401);
  assert.equal((await fetch(`${closed}/api/tags`)).status, 401);
  assert.equal((await fetch(`${closed}/api/tags/known`, { method: "DELETE" })).status, 401);
  assert.deepEqual(port.asked, []);
});

test("a gateway without a registry says so, and its page needs no special case", async () => {
  const url = await start(null);
  assert.equal(((await (await fetch(`${url}/api/tags`)).json()) as TagListView).canChange, false);
  assert.equal((await post(`${url}/api/tags/import`)).status, 404);
});
