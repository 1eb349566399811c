import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Command } from "commander";
import { idOf } from "../../../test/fakes/consent-rig.ts";
import { subjectRef } from "../../core/brand.ts";
import { claimCodeOf } from "../../core/claim-code.ts";
import { GatewayError } from "../../core/errors.ts";
import { addConsent } from "./consent.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-consent-cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const example = join(import.meta.dirname, "../../../config/site.example.json");
let shops = 0;

/** A shop with a gateway file and no state yet. */
class Shop {
  readonly dir: string;
  readonly config: string;
  readonly ledger: string;
  readonly notice: string;

  constructor(loyalty: object = {}) {
    shops += 1;
    this.dir = mkdtempSync(join(folder, `${shops}-`));
    [this.config, this.notice] = [join(this.dir, "gateway.json"), join(this.dir, "notice.txt")];
    this.ledger = join(this.dir, "state", "consent.db");
    copyFileSync(example, join(this.dir, "site.json"));
    writeFileSync(this.notice, "We recognise you when you agree.");
    const section = {
      ...{ enabled: true, tenantId: "acme", storeGroup: "north" },
      controller: { name: "Acme <A/S>", contact: "privacy@acme.example" },
      ...loyalty,
    };
    const file = {
      gateway: { id: "gw-1" },
      site: "site.json",
      stateDir: "state",
      loyalty: section,
    };
    writeFileSync(this.config, JSON.stringify(file));
  }

  /** Runs a command in this process; what it printed, and the code of the fault it ended with. */
  async run(
    ...args: readonly string[]
  ): Promise<{ out: string; code: string | null; json: never }> {
    const lines: string[] = [];
    const program = new Command("vitrine")
      .exitOverride()
      .configureOutput({ writeErr: () => undefined });
    addConsent(program, {
      print: (text) => void lines.push(text),
      note: () => undefined,
      progress: () => undefined,
      environment: {},
      signal: new AbortController().signal,
    });
    let code: string | null = null;
    const config = args.includes("--ledger") ? [] : ["--config", this.config];
    try {
      await program.parseAsync(["node", "vitrine", "consent", ...args, ...config]);
    } catch (error) {
      code = error instanceof GatewayError ? error.code : String((error as Error).message);
    }
    if (process.exitCode === 1) code ??= "exit 1";
    process.exitCode = 0;
    const out = lines.join("\n");
    return {
      out,
      code,
      json: (args.includes("--json") && out !== "" ? JSON.parse(out) : null) as never,
    };
  }

  grant(...more: readonly string[]) {
    const notice = ["--notice-id", "loyalty", "--notice-version", "3", "--language", "en"];
    const proof = ["--notice-file", this.notice, "--proof", "signature:form-1"];
    return this.run("grant", "--purpose", "loyalty-beacon", ...notice, ...proof, ...more);
  }

  async member(): Promise<string> {
    const { json } = await this.grant("--new", "--json");
    return (json as { readonly subjectRef: string }).subjectRef;
  }
}

test("a consent is granted, listed, exported, taken back, and the ledger stays sound", async () => {
  const shop = new Shop();
  const member = await shop.member();
  const listed = (await shop.run("list", "--json")).json as { consents: { member: string }[] };
  assert.deepEqual(
    listed.consents.map(({ member: short }) => short),
    [`${member.slice(0, 8)}\u2026`],
  );
  const card = claimCodeOf(subjectRef(member));
  for (const { out } of [await shop.run("list"), await shop.run("list", "--json")]) {
    assert.ok(out.includes(member.slice(0, 8)));
    for (const whole of [member, card, card.slice(3)]) assert.equal(out.includes(whole), false);
  }
  const revoked = await shop.run("revoke", "--subject", member, "--by", "staff-17", "--json");
  assert.equal(revoked.code, null);
  const after = (await shop.run("list", "--json")).json as {
    consents: [];
    erasures: { waiting: string[] }[];
  };
  assert.deepEqual(after.consents, []);
  assert.deepEqual(
    after.erasures.map(({ waiting }) => waiting),
    [["gw-1"]],
  );
  const exported = (await shop.run("export", "--subject", member, "--json")).json as {
    entries: { kind: string }[];
  };
  assert.deepEqual(
    exported.entries.map(({ kind }) => kind),
    ["granted", "revoked", "erasure-asked"],
  );
  const checked = (await shop.run("verify", "--json")).json as {
    isSound: boolean;
    entries: number;
  };
  assert.deepEqual([checked.isSound, checked.entries], [true, 3]);
});

test("a changed byte is named by verify, in words and as JSON, and everything else refuses to work", async () => {
  const shop = new Shop();
  const member = await shop.member();
  await shop.member();
  const bytes = readFileSync(shop.ledger);
  const at = bytes.indexOf("loyalty-beacon");
  bytes[at] = "x".charCodeAt(0);
  writeFileSync(shop.ledger, bytes);
  assert.equal((await shop.run("verify")).code, "CONSENT_LEDGER_DAMAGED");
  const { json, code } = await shop.run("verify", "--json", "--ledger", shop.ledger);
  const found = json as { isSound: boolean; broken: { seq: number; what: string } };
  assert.deepEqual([found.isSound, found.broken.what, code], [false, "hash", "exit 1"]);
  assert.ok(found.broken.seq === 1 || found.broken.seq === 2);
  for (const args of [["list"], ["revoke", "--subject", member, "--by", "s"], ["receipts"]])
    assert.equal((await shop.run(...args)).code, "CONSENT_LEDGER_DAMAGED", args[0]);
  assert.equal((await shop.grant("--new")).code, "CONSENT_LEDGER_DAMAGED");
});

test("a ledger written anew from the start is found by a head that was noted elsewhere", async () => {
  const [shop, other] = [new Shop(), new Shop()];
  await shop.member();
  const { head } = (await shop.run("verify", "--json")).json as {
    head: { seq: number; sha256: string };
  };
  const noted = `${head.seq}:${head.sha256}`;
  assert.equal((await shop.run("verify", "--head", noted)).code, null);
  await shop.member();
  assert.equal((await shop.run("verify", "--head", noted)).code, null, "it only grew");
  await other.member();
  assert.equal((await other.run("verify", "--head", noted)).code, "CONSENT_LEDGER_DAMAGED");
  assert.equal(
    (await other.run("verify", "--head", `9:${head.sha256}`)).code,
    "CONSENT_LEDGER_DAMAGED",
  );
});

test("what is refused says why and leaves nothing behind", async () => {
  const shop = new Shop();
  assert.equal((await shop.grant("--new", "--minor")).code, "CONSENT_REFUSED");
  const face = await shop.grant("--new", "--purpose", "loyalty-face");
  assert.equal(face.code, "CONSENT_REFUSED", "faces are off");
  const { json } = await shop.run("verify", "--json");
  assert.equal((json as { entries: number }).entries, 0);
  const ghost = ["--subject", idOf("ghost")];
  assert.equal((await shop.run("export", ...ghost)).code, "CONSENT_REFUSED");
});

test("wrong usage is wrong usage", async () => {
  const shop = new Shop();
  assert.equal((await shop.grant()).code, "USAGE");
  assert.equal((await shop.grant("--new", "--subject", idOf("m"))).code, "USAGE");
  assert.match((await shop.grant("--subject", "Ada Holm")).code ?? "", /22 characters/);
  assert.match((await shop.grant("--new", "--proof", "hearsay:x")).code ?? "", /signature, screen/);
  const wrong = await shop.run(
    "revoke",
    "--subject",
    idOf("m"),
    "--by",
    "s",
    "--purpose",
    "emotions",
  );
  assert.equal(wrong.code, "USAGE");
  assert.equal((await new Shop({ enabled: false }).grant("--new")).code, "USAGE");
  const nobodys = new Shop({ enabled: false, tenantId: undefined });
  assert.equal((await nobodys.run("list")).code, "USAGE");
  assert.equal(
    (await shop.run("verify", "--ledger", "/nowhere/consent.db")).code,
    "CONFIG_UNREADABLE",
  );
});

const FACE = {
  ...{ jurisdiction: "kiosk-verify", switchedOnBy: "Ada Holm, store manager" },
  station: { cameraId: "station", source: "/dev/video0", languages: ["da", "en"] },
};

test("documents are filled from the configuration, in the station's languages, with nothing from elsewhere", async () => {
  const shop = new Shop(FACE);
  const out = join(shop.dir, "documents");
  assert.equal((await shop.run("documents", "--out", out)).code, null);
  assert.deepEqual(readdirSync(out).sort(), [
    ...["impact-assessment.html", "record-of-processing.html"],
    ...["retention-policy.da.html", "retention-policy.en.html", "sign.da.html", "sign.en.html"],
  ]);
  for (const name of readdirSync(out)) {
    const html = readFileSync(join(out, name), "utf8");
    assert.ok(html.includes("Acme &lt;A/S&gt;") && !html.includes("<A/S>"), name);
    assert.ok(!/<script|src=|url\(/.test(html) && !html.includes("\u0000"), name);
  }
  const record = readFileSync(join(out, "record-of-processing.html"), "utf8");
  assert.ok(record.includes("switched on by Ada Holm, store manager"));
  assert.ok(record.includes('class="blank"'), "what only the controller knows is to be completed");
});

test("signs say what is done with faces here, and the policy lists templates only where there are some", async () => {
  const read = async (loyalty: object, name: string): Promise<string> => {
    const shop = new Shop(loyalty);
    await shop.run("documents", "--out", shop.dir);
    return readFileSync(join(shop.dir, name), "utf8");
  };
  assert.match(await read({}, "sign.en.html"), /No faces are looked at/);
  assert.match(await read(FACE, "sign.en.html"), /goes on when you press the button/);
  assert.ok(!(await read({}, "retention-policy.de.html")).includes("Vorlage"));
  assert.match(
    await read(
      { ...FACE, station: { ...FACE.station, languages: ["de"] } },
      "retention-policy.de.html",
    ),
    /Vorlage/,
  );
});

test("signs carry the address of the full notice as a QR code, and none where there is no address that fits", async () => {
  const read = async (noticeUrl?: string): Promise<string> => {
    const controller = { name: "Acme", contact: "privacy@acme.example" };
    const shop = new Shop({ controller: noticeUrl ? { ...controller, noticeUrl } : controller });
    assert.equal((await shop.run("documents", "--out", shop.dir)).code, null);
    return readFileSync(join(shop.dir, "sign.da.html"), "utf8");
  };
  const sign = await read("https://acme.example/loyalty/notice");
  // 29 modules and the white around them: this very code was read back by another program, see qr-code.test.ts.
  assert.match(sign, /<figure><svg [^>]+viewBox="0 0 37 37"/);
  assert.match(sign, /<title>Den fulde oplysningstekst<\/title>/);
  assert.equal((await read()).includes("<svg"), false);
  assert.equal(
    (await read(`https://acme.example/${"\u00e6".repeat(400)}`)).includes("<svg"),
    false,
  );
});
