import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { gatewayId } from "../../src/core/brand.ts";
import { type CertificateFiles, makeAuthority } from "../brokers/authority.ts";
import { startShippedRabbitmq } from "../brokers/shipped-cluster.ts";
import { missingProgram } from "../brokers/test-broker.ts";
import { QUICK_RETRY, startCentral, tempDir, until } from "./delivery-rig.ts";
import { bundleProgram, SupervisedGateway, writeGateway } from "./fleet-rig.ts";

const GW = gatewayId("gw1");

interface KnownGateway {
  readonly gatewayId: string;
  readonly online: boolean;
  readonly session: string | null;
  readonly sensors: readonly { readonly id: string }[];
}

/** What a centre with nothing in its store gets to know of the gateway by itself. */
async function known(
  path: string,
  url: string,
  certificate: CertificateFiles,
  clientId: string,
): Promise<{ session: string | null; sensors: readonly string[] }> {
  const mqtt = { ...certificate, clientId, retry: QUICK_RETRY };
  const central = await startCentral(path, url, { mqtt });
  let row: KnownGateway | undefined;
  await until(`${clientId} knows birth, health and report`, async () => {
    const answer = await fetch(`${central.url}/api/v1/gateways`);
    const { gateways } = (await answer.json()) as { gateways: readonly KnownGateway[] };
    row = gateways.find((one) => one.gatewayId === GW);
    const { fleet } = central;
    const report = await fleet?.reported(GW);
    return row?.online === true && (fleet?.counts.health ?? 0) > 0 && report?.storeId === "shop1";
  });
  await central[Symbol.asyncDispose]();
  return { session: row?.session ?? null, sensors: (row?.sensors ?? []).map(({ id }) => id) };
}

test("a centre that begins anew at a broker which hands out nothing that it kept knows the fleet after one round of health", {
  skip: missingProgram("rabbitmq"),
}, async () => {
  const dir = tempDir();
  const authority = makeAuthority(join(dir.path, "authority"));
  const centre = authority.client("central");
  const node = await startShippedRabbitmq(join(dir.path, "broker"), authority, ["gw1"]);
  const files = writeGateway(join(dir.path, "gateway"), node.url, 4000, {
    mqtt: { url: node.url, ...authority.client("gw1") },
    // A gateway that signs in with a certificate takes commands without being told to.
    fleet: { healthMs: 1000 },
  });
  const gateway = new SupervisedGateway(await bundleProgram(dir.path), files).start();
  const first = await known(join(dir.path, "first.db"), node.url, centre, "central-1");
  const second = await known(join(dir.path, "second.db"), node.url, centre, "central-2");
  assert.deepEqual(first.sensors, ["door"]);
  assert.deepEqual(second, first, "the same session: the gateway has not connected again");
  await gateway.stop();
  await node.stop();
  dir.remove();
});
