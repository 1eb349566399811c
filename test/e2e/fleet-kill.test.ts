import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Central } from "../../src/central/central.ts";
import { gatewayId } from "../../src/core/brand.ts";
import { seededRandom } from "../../src/core/random.ts";
import {
  freePort,
  hasMosquitto,
  startCentral,
  startMosquitto,
  type TestBroker,
  tempDir,
  until,
} from "./delivery-rig.ts";
import { bundleProgram, rememberedBy, SHOP, SupervisedGateway, writeGateway } from "./fleet-rig.ts";

const SKIP = hasMosquitto() ? false : "mosquitto is not installed";
const GW = gatewayId("gw1");
const KILLS = 6;

const { path: folder, remove } = tempDir();
let program: string;
let broker: TestBroker;
let central: Central;

before(async () => {
  if (SKIP !== false) return;
  program = await bundleProgram(folder);
  broker = await startMosquitto(folder, await freePort());
  central = await startCentral(join(folder, "central.db"), broker.url);
});

after(async () => {
  if (SKIP !== false) return;
  await central[Symbol.asyncDispose]();
  await broker.stop();
  remove();
});

const desk = () => {
  assert.ok(central.fleet !== null);
  return central.fleet;
};

test("kill -9 while a configuration is put in force leaves the old or the new one, and in the end the new one", {
  skip: SKIP,
}, async () => {
  const path = writeGateway(folder, broker.url, 1000, { counters: [] });
  const gateway = new SupervisedGateway(program, path);
  const random = seededRandom(6);
  const hashes = new Set<string>();
  const seen = new Set<string>();
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      gateway.start();
      const site = { ...SHOP, store: { ...SHOP.store, name: `Name ${kill}` } };
      const document = { gateway: { positioning: { lagMs: 1000 + kill } }, site };
      const { hash } = await desk().setDesired(GW, document, { actor: "test", notAfter: null });
      hashes.add(hash);
      // Half of the kills come as soon as something is kept of it, half at any time of its way.
      const isKept = (): boolean => JSON.stringify(rememberedBy(folder) ?? {}).includes(hash);
      const starts = gateway.starts;
      await until("the wish is kept", () => isKept() || gateway.starts > starts, 40_000);
      if (kill % 2 === 1) await new Promise((done) => setTimeout(done, random() * 3000));
      await gateway.kill();
      const memory = rememberedBy(folder);
      for (const part of ["trial", "accepted"] as const) {
        const kept = memory?.[part] as { readonly hash: string } | null;
        if (kept !== null) assert.ok(hashes.has(kept.hash), part);
        if (kept !== null) seen.add(part);
      }
    }
    gateway.start();
    const last = await desk().desired(GW);
    await until(
      "the last wish is in force",
      async () => {
        const told = await desk().reported(GW);
        return told?.status === "applied" && told.hash === last?.hash;
      },
      60_000,
    );
    assert.ok(seen.has("trial"), "no kill came while something was tried");
  } finally {
    await gateway.stop();
  }
});

test("a configuration that ends every life of the process is taken back at the fourth start", {
  skip: SKIP,
}, async () => {
  const gateway = new SupervisedGateway(program, join(folder, "gateway.yaml")).start();
  try {
    const before = (await desk().reported(GW))?.inForce;
    const document = { gateway: { positioning: { lagMs: 9999 } } };
    const { hash } = await desk().setDesired(GW, document, { actor: "test", notAfter: null });
    const starts = (): unknown =>
      (rememberedBy(folder)?.["trial"] as { starts?: number } | null)?.starts;
    for (let life = 1; life <= 3; life += 1) {
      await until(`life ${life} is counted`, () => starts() === life, 40_000);
      await gateway.kill();
      gateway.start();
    }
    await until(
      "it is taken back",
      async () => {
        const told = await desk().reported(GW);
        return told?.status === "reverted" && told.hash === hash;
      },
      40_000,
    );
    assert.deepEqual((await desk().reported(GW))?.inForce, before);
  } finally {
    await gateway.stop();
  }
});

test("a memory that was damaged is set aside, and the wish comes again", {
  skip: SKIP,
}, async () => {
  writeFileSync(join(folder, "state/fleet.json"), '{"v":1,"accepted":');
  const document = { gateway: { positioning: { lagMs: 1234 } } };
  const { hash } = await desk().setDesired(GW, document, { actor: "test", notAfter: null });
  const gateway = new SupervisedGateway(program, join(folder, "gateway.yaml")).start();
  try {
    await until(
      "the wish is in force again",
      async () => {
        const told = await desk().reported(GW);
        return told?.status === "applied" && told.hash === hash;
      },
      60_000,
    );
  } finally {
    await gateway.stop();
  }
});

test("without the broker a gateway goes on with what it took", { skip: SKIP }, async () => {
  const inForce = (await desk().reported(GW))?.inForce;
  assert.ok(inForce !== null && inForce !== undefined);
  await broker.stop();
  const figures = await freePort();
  const metrics = { listen: `127.0.0.1:${figures}` };
  writeGateway(folder, broker.url, 1000, { counters: [], metrics });
  const gateway = new SupervisedGateway(program, join(folder, "gateway.yaml")).start();
  try {
    const answers = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${figures}/metrics`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until("it runs", answers, 40_000);
    const kept = rememberedBy(folder)?.["accepted"] as { readonly hash: string };
    assert.equal(kept.hash, inForce.hash);
    assert.equal(gateway.starts, 1);
  } finally {
    await gateway.stop();
  }
});
