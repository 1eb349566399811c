import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { createApi } from "../../src/central/api/create-api.ts";
import { StorePlans } from "../../src/central/rollups/store-plans.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { tempDir } from "../e2e/delivery-rig.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { account, batch, event } from "./batches.ts";
import { open } from "./engines.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

test("keys are made and revoked while the centre holds its SQLite file, which knows at once and goes on committing", async () => {
  const dir = tempDir();
  const url = `sqlite:${join(dir.path, "central.db")}`;
  const store = await open(url);
  const clock = new FakeClock();
  const app = await createApi({
    ...{ repository: store, metricsOf: null, fleet: null, clock, page: null, token: "t0p" },
    plans: new StorePlans({ files: [], repository: store, log: SILENT_LOG }),
    ...{ isOpen: false, linkState: () => ({ kind: "offline", since: clock.now(), code: null }) },
  });
  const keys = async (...words: string[]): Promise<string> => {
    const main = [join(ROOT, "src/app/main.ts"), "central", "keys", ...words, "--store", url];
    return (await run(process.execPath, ["--import", "tsx", ...main], { cwd: ROOT })).stdout.trim();
  };
  const asked = async (token: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await app.inject({ url: "/api/v1/stores", headers })).statusCode;
  };
  try {
    await store.commit([batch(1, [event(1)])]);
    const token = await keys("add", "head-office");
    assert.equal(await asked(token), 200);
    await store.commit([batch(2, [event(2)])]);
    assert.match(await keys("list"), /^head-office {2}read {2}since /);
    await keys("revoke", "head-office");
    assert.equal(await asked(token), 401);
    await store.commit([batch(3, [event(3)])]);
    assert.equal((await account(store))?.["stored"], 3);
    assert.deepEqual(
      (await store.audits(null, 9)).map(({ action }) => action),
      ["refused", "key:revoke", "key:add"],
    );
  } finally {
    await app.close();
    await store.close();
    dir.remove();
  }
});
