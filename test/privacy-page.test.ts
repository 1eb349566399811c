import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { parseGatewayConfig } from "../src/config/gateway.ts";
import { activeLoyalty } from "../src/config/loyalty.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/privacy.md"), "utf8");

/** The gateway file that the page shows; it stands indented in a list. */
function shownFile(): Record<string, unknown> {
  const block = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  return parse(block.replace(/^ {3}/gm, "")) as Record<string, unknown>;
}

test("the gateway file on the page about privacy is complete and switches loyalty on", () => {
  const outcome = parseGatewayConfig(shownFile());
  assert.ok(outcome.ok, JSON.stringify(outcome));
  const loyalty = activeLoyalty(outcome.value.loyalty);
  assert.equal(loyalty?.jurisdiction, "kiosk-verify");
  assert.ok(loyalty?.station?.tokenFile !== undefined);
});

test("what the page says may be left out with faces off may be left out", () => {
  const { loyalty, ...rest } = shownFile();
  const { switchedOnBy: _by, station, ...kept } = loyalty as Record<string, unknown>;
  const { cameraId: _id, source: _source, ...place } = station as Record<string, unknown>;
  const off = { ...kept, jurisdiction: "off", station: place };
  const outcome = parseGatewayConfig({ ...rest, loyalty: off });
  assert.ok(outcome.ok, JSON.stringify(outcome));
});

test("what runs in a shop leaves no core file and is not swapped to the disk", () => {
  for (const name of ["vitrine-gateway", "vitrine-central"]) {
    const unit = readFileSync(join(root, `systemd/${name}.service`), "utf8");
    assert.match(unit, /^LimitCORE=0$/m, name);
    assert.match(unit, /^MemorySwapMax=0$/m, name);
  }
  const compose = parse(readFileSync(join(root, "deploy/compose.yaml"), "utf8")) as {
    readonly services: Readonly<Record<string, { readonly ulimits?: { readonly core?: number } }>>;
  };
  for (const name of ["gateway", "centre"])
    assert.equal(compose.services[name]?.ulimits?.core, 0, name);
});
