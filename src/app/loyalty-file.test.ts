import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { tenantId } from "../core/brand.ts";
import { GatewayError } from "../core/errors.ts";
import { loadLoyaltyFile } from "./loyalty-file.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-loyalty-file-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const KEY = Buffer.alloc(32, 5).toString("base64");
const SECRET = "planted-secret-of-a-receiver-0123456789";

function write(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const HOOK = { id: "crm", url: "https://crm.example/hook", keyId: "k1", secretFile: "secret" };
const GROUP = { storeGroup: "north", stores: [{ storeId: "shop1" }] };
const file = (tenant: object = {}, rest: object = {}): string =>
  write(
    "loyalty.json",
    JSON.stringify({
      ...{ v: 1, stateDir: "state", keyFile: "key" },
      tenants: [{ tenantId: "acme", groups: [GROUP], webhooks: [HOOK], ...tenant }],
      ...rest,
    }),
  );

async function refusal(path: string, environment: Record<string, string> = {}): Promise<string> {
  try {
    await loadLoyaltyFile(path, environment);
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    assert.ok(!error.message.includes(SECRET) && !error.message.includes(KEY), error.message);
    return `${error.code}: ${error.message}`;
  }
  return "taken";
}

test("the file, its key and the secrets are read; paths are those beside the file", async () => {
  write("key", `${KEY}\n`);
  write("secret", `${SECRET}\n`);
  const setting = await loadLoyaltyFile(file(), {});
  assert.equal(setting.config.stateDir, join(folder, "state"));
  assert.deepEqual(setting.masterKey, new Uint8Array(32).fill(5));
  assert.equal(setting.secretOf(tenantId("acme"), "crm"), SECRET);
  const path = file({}, { keyFile: undefined });
  assert.equal(await refusal(path, { VITRINE_LOYALTY_KEY: KEY }), "taken");
  assert.match(await refusal(path), /CONFIG_INVALID.*found nothing/);
});

test("keys that others may read, that are missing or of a wrong length are refused without being shown", async () => {
  write("secret", SECRET);
  write("key", KEY, 0o644);
  assert.match(await refusal(file()), /CONFIG_INVALID.*mode 0600/);
  write("key", `${KEY}${KEY}`);
  assert.match(await refusal(file()), /CONFIG_INVALID.*found 88 characters/);
  write("key", KEY);
  write("secret", SECRET.slice(0, 9));
  assert.match(await refusal(file()), /CONFIG_INVALID.*found 9/);
  rmSync(join(folder, "secret"));
  assert.match(await refusal(file()), /CONFIG_UNREADABLE/);
});

const REFUSED: readonly (readonly [what: string, tenant: object])[] = [
  ["faces without who answers for them", { jurisdiction: "kiosk-verify" }],
  ["http without leave", { webhooks: [{ ...HOOK, url: "http://crm.example/" }] }],
  ["credentials in an address", { webhooks: [{ ...HOOK, url: "https://u:p@crm.example/" }] }],
  ["a webhook twice", { webhooks: [HOOK, HOOK] }],
  ["a store in two groups", { groups: [GROUP, { ...GROUP, storeGroup: "south" }] }],
  ["an unknown key", { colour: "blue" }],
];
for (const [what, tenant] of REFUSED)
  test(`the loyalty file is refused for ${what}`, async () => {
    assert.match(await refusal(file(tenant)), /^CONFIG_INVALID/);
  });
