import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { member, NOTICE } from "../../../test/fakes/consent-rig.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { gatewayId, tenantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { ConsentFile } from "../../io/consent/consent-file.ts";
import { TenantConsents } from "./tenant-consents.ts";

const ACME = tenantId("acme");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-tenant-consents-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hooks = Array.from({ length: 16 }, (_, index) => ({ id: `hook-${index}` }));
const open = (): TenantConsents =>
  new TenantConsents({
    ...{ stateDir: folder, clock: new FakeClock({ epoch: 1_780_000_000_000 }), log: SILENT_LOG },
    tenant: {
      ...{ tenantId: ACME, jurisdiction: "kiosk-verify", switchedOnBy: "Ada Holm, manager" },
      webhooks: hooks as never,
    },
    onChange: () => undefined,
  });
function grantAndRevoke(consents: TenantConsents): number {
  const proof = { kind: "screen", ref: "form-1" } as const;
  const who = { tenantId: ACME, subjectRef: member("m"), purpose: "loyalty-beacon" } as const;
  assert.ok(consents.grant({ ...who, notice: NOTICE, proof, isMinor: false }).ok);
  return consents.revoke({ subject: member("m"), by: "controller", ref: "r" }).length;
}
const gateways = (count: number) =>
  Array.from({ length: count }, (_, index) => gatewayId(`gw-${index}`));

test("however many gateways tell of consents, a request to erase names as many as the ledger can be read with", () => {
  const file = new ConsentFile(join(folder, ACME, "consent.db"));
  // As a centre wrote it that let in more of them.
  file.setMark("gateways", JSON.stringify(gateways(10_000)));
  file.close();
  const consents = open();
  consents.note(gatewayId("gw-late"));
  assert.ok(!consents.gateways.has(gatewayId("gw-late")));
  assert.equal(grantAndRevoke(consents), 1);
  const waiting = consents.openErasures()[0]?.waiting ?? [];
  assert.deepEqual(
    [waiting.length, waiting[0], waiting[16]],
    [10_000, "centre", "webhook-hook-15"],
  );
  consents.close();
  const again = open();
  assert.equal(again.openErasures().length, 1, "the ledger is whole");
  again.close();
});

test("gateways are let in as long as all of them, the receivers and the centre find room in one request", () => {
  const file = new ConsentFile(join(folder, ACME, "consent.db"));
  file.setMark("gateways", JSON.stringify(gateways(9_982)));
  file.close();
  const consents = open();
  for (const late of ["late-1", "late-2"]) consents.note(gatewayId(late));
  assert.equal(consents.gateways.size, 9_983);
  consents.close();
});

test("an entry that could not be read again is not written, and the ledger stays whole", () => {
  const file = new ConsentFile(join(folder, "consent.db"));
  const row = { seq: 1, text: '{"kind":"erasure-asked"}', sha256: "0".repeat(64) };
  assert.throws(
    () => file.append(0, () => [row]),
    (error) => error instanceof GatewayError && error.code === "CONSENT_LEDGER_UNAVAILABLE",
  );
  assert.deepEqual([...file.rowsAfter(0)], []);
  file.close();
});
