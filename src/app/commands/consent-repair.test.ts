import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Command } from "commander";
import { idOf, member, request } from "../../../test/fakes/consent-rig.ts";
import { grantId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { ledgerGateway, withLedger } from "../consent/staff-ledger.ts";
import { addConsent } from "./consent.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-consent-repair-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const example = join(import.meta.dirname, "../../../config/site.example.json");

/** A shop with a gateway file and no state yet. */
class Shop {
  readonly dir = mkdtempSync(join(folder, "shop-"));
  readonly config = join(this.dir, "gateway.json");
  readonly ledger = join(this.dir, "state", "consent.db");
  readonly notice = join(this.dir, "notice.txt");

  constructor() {
    copyFileSync(example, join(this.dir, "site.json"));
    writeFileSync(this.notice, "We recognise you when you agree.");
    this.set({});
  }

  set(change: object, mqtt?: object): void {
    const loyalty = {
      ...{ enabled: true, tenantId: "acme", storeGroup: "north" },
      controller: { name: "Acme", contact: "privacy@acme.example" },
      ...change,
    };
    const file = { gateway: { id: "gw-1" }, site: "site.json", stateDir: "state", loyalty };
    writeFileSync(this.config, JSON.stringify(mqtt === undefined ? file : { ...file, mqtt }));
  }

  async run(...args: readonly string[]) {
    const lines: string[] = [];
    const program = new Command("vitrine").exitOverride();
    program.configureOutput({ writeErr: () => undefined });
    addConsent(program, {
      ...{ print: (text: string) => void lines.push(text), note: () => undefined },
      ...{ progress: () => undefined, environment: {}, signal: new AbortController().signal },
    });
    const config = args.includes("--ledger") ? [] : ["--config", this.config];
    try {
      await program.parseAsync(["node", "vitrine", "consent", ...args, ...config]);
      return { out: lines.join("\n"), code: null };
    } catch (error) {
      const code = error instanceof GatewayError ? error.code : String((error as Error).message);
      return { out: lines.join("\n"), code };
    }
  }

  async grant(...more: readonly string[]) {
    const notice = ["--notice-id", "loyalty", "--notice-version", "3", "--language", "en"];
    const proof = ["--notice-file", this.notice, "--proof", "signature:form-1"];
    const { out, code } = await this.run(
      ...["grant", "--purpose", "loyalty-beacon", "--new", "--json", ...notice, ...proof, ...more],
    );
    return { code, subject: code === null ? (JSON.parse(out).subjectRef as string) : "" };
  }
}

test("with loyalty switched off staff still show, check and take back what is there", async () => {
  const shop = new Shop();
  const { subject } = await shop.grant();
  shop.set({ enabled: false });
  assert.equal((await shop.run("verify")).code, null);
  assert.equal((await shop.run("export", "--subject", subject)).code, null);
  assert.equal((await shop.run("list")).code, null);
  const revoked = await shop.run("revoke", "--subject", subject, "--by", "staff-17");
  assert.match(revoked.out, /loyalty-beacon taken back/);
  assert.equal((await shop.grant()).code, "USAGE", "nobody is taken in");
});

test("staff have everyone erase what may be left of somebody without a consent", async () => {
  const shop = new Shop();
  const { subject } = await shop.grant();
  await shop.run("revoke", "--subject", subject, "--by", "staff-17");
  const again = await shop.run("revoke", "--subject", subject, "--by", "staff-17");
  assert.equal(again.code, null);
  assert.match(again.out, /no such live consent; request to erase/);
  const listed = JSON.parse((await shop.run("list", "--json")).out) as { erasures: unknown[] };
  assert.equal(listed.erasures.length, 2);
});

test("what is exported holds the words that were shown, and the end of a consent that the centre gave", async () => {
  const shop = new Shop();
  const { subject } = await shop.grant();
  const exported = JSON.parse((await shop.run("export", "--subject", subject)).out);
  assert.equal(exported.notices[0].text, "We recognise you when you agree.");
  assert.equal(exported.notices[0].sha256, exported.entries[0].grant.notice.sha256);
  const { isMinor: _m, ...remote } = request("remote");
  await withLedger(await ledgerGateway(shop.config), ({ ledger }) => {
    for (const name of ["remote", "other"])
      ledger.revoke({
        ...{ subjectRef: member(name), by: "shopper", ref: "station" },
        grants: [{ ...remote, grantId: grantId(idOf(`g ${name}`)) }],
      });
  });
  const { entries } = JSON.parse((await shop.run("export", "--subject", member("remote"))).out);
  assert.deepEqual(
    entries.map(({ kind, grantId: id }: { kind: string; grantId?: string }) => [kind, id]),
    [
      ["revoked", idOf("g remote")],
      ["erasure-asked", undefined],
    ],
  );
});

test("a version of a notice has the same words for everybody", async () => {
  const shop = new Shop();
  await shop.grant();
  writeFileSync(shop.notice, "We recognise you.");
  assert.equal((await shop.grant()).code, "CONSENT_REFUSED");
  assert.equal((await shop.grant("--notice-version", "4")).code, null);
});

test("verify looks and begins nothing: an empty file and one that lies elsewhere stay as they are", async () => {
  const shop = new Shop();
  await shop.grant();
  const copy = join(shop.dir, "copy.db");
  copyFileSync(shop.ledger, copy);
  assert.equal((await shop.run("verify", "--ledger", copy)).code, null);
  assert.equal(existsSync(join(shop.dir, "copy.head")), false);
  const empty = join(shop.dir, "empty.db");
  writeFileSync(empty, "");
  assert.equal((await shop.run("verify", "--ledger", empty)).code, "CONSENT_LEDGER_DAMAGED");
  assert.equal(statSync(empty).size, 0);
});

test("a backup that is put back is refused until somebody with a name says that it is the right one", async () => {
  const shop = new Shop();
  const { subject } = await shop.grant();
  const backup = readFileSync(shop.ledger);
  await shop.run("revoke", "--subject", subject, "--by", "staff-17");
  writeFileSync(shop.ledger, backup);
  assert.equal((await shop.run("verify")).code, "CONSENT_LEDGER_DAMAGED");
  assert.equal((await shop.run("list")).code, "CONSENT_LEDGER_DAMAGED");
  assert.equal((await shop.run("restored")).code, "USAGE");
  assert.equal((await shop.run("restored", "--by", "Ada Holm, store manager")).code, null);
  assert.equal((await shop.run("verify")).code, null);
  await withLedger(await ledgerGateway(shop.config), ({ file }) => {
    const last = [...file.rowsAfter(0)].at(-1);
    assert.match(last?.text ?? "", /restored: Ada Holm, store manager/);
  });
});

test("the clock is shown, and put right only by somebody with a name", async () => {
  const shop = new Shop();
  await shop.grant();
  await withLedger(await ledgerGateway(shop.config), ({ file }) =>
    file.setMark("seen", String(Date.UTC(2036, 0, 1))),
  );
  assert.match((await shop.run("clock")).out, /2036-01-01.*\n.*not believed/);
  assert.equal((await shop.grant()).code, "CONSENT_REFUSED");
  assert.equal((await shop.run("clock", "--reset")).code, "USAGE");
  assert.equal((await shop.run("clock", "--reset", "--by", "Ada Holm")).code, null);
  assert.equal((await shop.grant()).code, null);
});

test("the record of processing says who gets what and over which line, as the gateway file has it", async () => {
  const shop = new Shop();
  const record = async (mqtt?: object): Promise<string> => {
    shop.set({}, mqtt);
    await shop.run("documents", "--out", shop.dir);
    return readFileSync(join(shop.dir, "record-of-processing.html"), "utf8");
  };
  const alone = await record();
  assert.match(alone, /Nothing is sent/);
  assert.match(alone, /None beyond this gateway/);
  const open = await record({ url: "mqtt://kiosk:secret@broker.example:1883" });
  assert.match(open, /WITHOUT TLS to broker\.example:1883/);
  assert.ok(!open.includes("None beyond this gateway") && !open.includes("secret"));
  const safe = await record({ url: "mqtts://broker.example:8883" });
  assert.match(safe, /MQTT over TLS/);
  assert.match(safe, /at the broker broker\.example:8883/);
});
