import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrokerName } from "../brokers/test-broker.ts";
import { missingProgram } from "../brokers/test-broker.ts";
import { type KillRunOptions, type KillRunResult, killRun } from "../rig/kill-run.ts";

const SHORT: Omit<KillRunOptions, "broker"> = {
  seconds: 20,
  store: "sqlite",
  seed: 2,
  eventsPerSecond: 400,
  control: "none",
  onProgress: () => undefined,
};

const CASES: readonly { readonly broker: BrokerName; readonly store: "sqlite" | "postgres" }[] = [
  { broker: "mosquitto", store: "sqlite" },
  { broker: "aedes", store: "postgres" },
];

function figures({ kills, network, produced, drainSeconds }: KillRunResult): string {
  return JSON.stringify({ produced, kills, network, drainSeconds });
}

for (const { broker, store } of CASES) {
  test(`${broker}, ${store}: kill -9 of everything on a random schedule, and all that was accepted is stored once`, {
    skip: missingProgram(broker),
  }, async (t) => {
    const result = await killRun({ ...SHORT, broker, store });
    t.diagnostic(figures(result));
    const { produced, kills } = result;
    assert.ok(produced > 200, `${produced} events are enough to mean something`);
    assert.ok(kills.gateway > 2 && kills.central > 0 && kills.broker > 0, "everything was killed");
    const { stored, lost, duplicated, unexpected, integrity } = result;
    assert.deepEqual(
      { stored, lost, duplicated, unexpected, integrity },
      { stored: produced, lost: 0, duplicated: 0, unexpected: 0, integrity: "ok" },
    );
  });
}

test("the rig finds losses where there are some: a gateway that trusts the broker loses", {
  skip: missingProgram("mosquitto"),
}, async (t) => {
  const result = await killRun({ ...SHORT, broker: "mosquitto", control: "puback" });
  t.diagnostic(figures(result));
  assert.ok(result.lost > 0, "the control must lose");
});
