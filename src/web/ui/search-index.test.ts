import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeDashboard } from "../../../test/fakes/fake-dashboard.ts";
import { DEFINITIONS } from "../../metrics/definitions.ts";
import { siteViewOf } from "../views.ts";
import { DEFAULT_VIEW } from "./period/view-address.ts";
import { findsOf, matches, search } from "./search-index.ts";

const fake = new FakeDashboard();
const view = { ...DEFAULT_VIEW, period: { kind: "week", date: null } } as const;
const finds = findsOf(siteViewOf(fake.site()), fake.today().tiles, DEFINITIONS, view);
const names = (typed: string): string[] => search(finds, typed).map(({ name }) => name);

test("a figure in view comes before its definition, and a name that begins so before others", () => {
  const [first, second] = search(finds, "passing");
  assert.deepEqual([first?.kind, second?.kind], ["Figure", "Definition"]);
  assert.equal(names("sales")[0], "Sales conversion");
});

test("a zone is found by its name, and leads to it in the period that is in view", () => {
  const [zone] = search(finds, "denim");
  assert.equal(zone?.href, "/?period=week&zone=denim");
});

test("a zone of the floor is found too, and one that is also in a picture once", () => {
  const site = siteViewOf(fake.site());
  const [pictured] = site.cameras.flatMap((camera) => camera.zones);
  assert.ok(pictured !== undefined);
  const floorZones = [
    { id: "cellar", name: "Wine cellar", kind: "area" },
    { id: pictured.id, name: pictured.name, kind: "display" },
  ] as const;
  const all = findsOf({ ...site, floorZones }, [], [], view).filter(({ kind }) => kind === "Zone");
  assert.equal(search(all, "wine")[0]?.href, "/?period=week&zone=cellar");
  assert.equal(all.filter(({ name }) => name === pictured.name).length, 1);
});

test("every word that was typed must be there, in any order", () => {
  assert.equal(matches("Median dwell of a zone", "zone dwell"), true);
  assert.equal(matches("Median dwell of a zone", "zone sales"), false);
  assert.deepEqual(names("xyzzy"), []);
});

test("without a word the figures in view are offered", () => {
  assert.ok(search(finds, " ").every(({ kind }) => kind !== "Definition"));
  assert.ok(search(finds, "").length > 5);
});
