import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DAY_MS, idOf, member, NOTICE, TENANT } from "../../../test/fakes/consent-rig.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { epochMs, gatewayId, grantId } from "../../core/brand.ts";
import type { Grant } from "../../core/consent.ts";
import type { LedgerEntry } from "../../core/consent-ledger.ts";
import { ConsentFile } from "../../io/consent/consent-file.ts";
import { rowOf } from "../../privacy/consent/hash-chain.ts";
import { consentNewsSchema } from "../../wire/consent-messages.ts";
import { LedgerChains } from "./ledger-chains.ts";
import { NewsDesk } from "./news-desk.ts";
import { Register } from "./register.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-register-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const NOW = Date.UTC(2026, 8, 1);
const GATEWAY = gatewayId("gw-1");
let files = 0;
let names = 0;
const newFile = (): string => {
  files += 1;
  return join(folder, `${files}.db`);
};
const newName = (): string => {
  names += 1;
  return `r${names}`;
};

const grantOf = (name: string, change: Partial<Grant> = {}): Grant => ({
  ...{ grantId: grantId(idOf(`g ${name}`)), tenantId: TENANT, subjectRef: member(name) },
  ...{ purpose: "loyalty-beacon", jurisdiction: "off", notice: NOTICE },
  ...{ proof: { kind: "screen", ref: "s" }, grantedAt: epochMs(NOW) },
  expiresAt: epochMs(NOW + 300 * DAY_MS),
  ...change,
});

class RegisterRig {
  readonly clock = new FakeClock({ epoch: NOW });
  readonly path = newFile();
  readonly sent: ReturnType<typeof consentNewsSchema.parse>[] = [];
  file = new ConsentFile(this.path);
  register = this.open();
  isThere = true;
  readonly desk = new NewsDesk({
    ...{ root: "vitrine", clock: this.clock, register: this.register, now: () => this.clock.now() },
    gateways: () => [GATEWAY],
    link: {
      state: { kind: "connected", since: epochMs(0), protocolVersion: 5, session: "s" },
      publish: (_topic, text) => void this.sent.push(consentNewsSchema.parse(JSON.parse(text))),
    },
  });

  open(cap?: number): Register {
    return new Register({
      ...{ store: this.file.lease, now: () => this.clock.now(), onChange: () => undefined },
      newId: newName,
      ...(cap === undefined ? {} : { cap }),
    });
  }

  grant(...names: readonly string[]): void {
    for (const name of names) this.register.take({ kind: "granted", grant: grantOf(name) });
  }
}

test("a register that is opened again has its name, its numbers and what stands", () => {
  const rig = new RegisterRig();
  rig.grant("a", "b");
  rig.register.end(grantOf("a").grantId, "revoked");
  const { name, seq } = rig.register;
  rig.file.close();
  rig.file = new ConsentFile(rig.path);
  const again = rig.open();
  assert.deepEqual([again.name, again.seq, again.counts.live], [name, seq, 1]);
  assert.deepEqual(
    again.after(0, 9).map(({ seq: n, state }) => [n, state]),
    [
      [2, "granted"],
      [3, "revoked"],
    ],
  );
});

test("what has ended stays so: the same consent told again, or moved on, changes nothing", () => {
  const rig = new RegisterRig();
  rig.grant("a");
  rig.register.end(grantOf("a").grantId, "revoked");
  rig.grant("a");
  const expiresAt = epochMs(NOW + 900 * DAY_MS);
  rig.register.take({ kind: "extended", grantId: grantOf("a").grantId, expiresAt });
  assert.deepEqual([rig.register.seq, rig.register.counts.live], [2, 0]);
});

test("a consent that claims to last longer than the rules allow is cut", () => {
  const rig = new RegisterRig();
  const grant = grantOf("a", { expiresAt: epochMs(NOW + 5_000 * DAY_MS) });
  rig.register.take({ kind: "granted", grant });
  assert.equal(rig.register.byId(grant.grantId)?.grant.expiresAt, Date.UTC(2027, 8, 1));
});

test("a newer consent for the same purpose ends the one before; one too many is refused and counted", () => {
  const rig = new RegisterRig();
  rig.register = rig.open(2);
  rig.grant("a", "b");
  const newer = grantOf("a", { grantId: grantId(idOf("g2")), grantedAt: epochMs(NOW + 1) });
  rig.grant("c");
  assert.equal(rig.register.counts.refused, 1);
  rig.register.end(grantOf("b").grantId, "expired");
  rig.register.take({ kind: "granted", grant: newer });
  assert.deepEqual(
    rig.register.liveOf(member("a")).map(({ grantId: id }) => id),
    [newer.grantId],
  );
});

test("ended consents are forgotten once they would be over by the clock anywhere", () => {
  const rig = new RegisterRig();
  rig.grant("a", "b");
  rig.register.end(grantOf("a").grantId, "revoked");
  assert.equal(rig.register.forgetEnded(epochMs(NOW + DAY_MS)), 0);
  assert.equal(rig.register.forgetEnded(epochMs(NOW + 301 * DAY_MS)), 1);
  assert.deepEqual(
    rig.register.after(0, 9).map(({ grant }) => grant.subjectRef),
    [member("b")],
  );
});

test("a gateway that knows nothing is asked where it stands and then told everything, some messages ahead", () => {
  const rig = new RegisterRig();
  rig.grant(...Array.from({ length: 400 }, (_, i) => `m${i}`));
  rig.desk.repeat();
  assert.deepEqual(
    rig.sent.map(({ from, to, changes }) => [from, to, changes.length]),
    [[400, 400, 0]],
  );
  rig.sent.length = 0;
  rig.desk.takeApplied(GATEWAY, "another", 7);
  const ends = (): number[] => rig.sent.map(({ to }) => to);
  assert.deepEqual(ends(), [64, 128, 192, 256, 320]);
  assert.ok(rig.sent.every(({ upTo }) => upTo === 400));
  rig.desk.takeApplied(GATEWAY, rig.register.name, 64);
  assert.deepEqual(ends().slice(5), [384]);
  rig.desk.takeApplied(GATEWAY, rig.register.name, 320);
  assert.deepEqual(ends().slice(6), [400]);
});

test("a hole is told again from where the gateway stands, and the lease is renewed when there is nothing new", () => {
  const rig = new RegisterRig();
  rig.grant("a", "b");
  rig.desk.takeApplied(GATEWAY, rig.register.name, 2);
  rig.desk.repeat();
  rig.grant("c");
  rig.desk.changed();
  rig.clock.advance(50);
  rig.desk.takeApplied(GATEWAY, rig.register.name, 2);
  assert.deepEqual(
    rig.sent.map(({ from, to }) => [from, to]),
    [
      [2, 2],
      [2, 3],
      [2, 3],
    ],
  );
});

test("a register that was restored from a backup takes another name, or its numbers would be taken for known", () => {
  const rig = new RegisterRig();
  rig.grant("a");
  const { name } = rig.register;
  rig.clock.advance(60_000);
  rig.desk.takeApplied(GATEWAY, name, 9);
  assert.notEqual(rig.register.name, name);
  assert.ok(rig.sent.some(({ from, register }) => from === 0 && register === rig.register.name));
});

test("the ledgers of gateways are followed across restarts: holes, forks, foreign and changed entries are told apart", () => {
  const rig = new RegisterRig();
  const ledgerId = "0".repeat(31);
  const entry = (seq: number, previous: string, at = NOW): LedgerEntry => ({
    ...{
      v: 1 as const,
      ledgerId: `${ledgerId}1`,
      seq,
      previous,
      at: epochMs(at),
      isTimeSure: true,
    },
    ...{ kind: "erasure-closed" as const, erasureId: idOf("e") },
  });
  const one = entry(1, "0".repeat(64));
  const two = entry(2, rowOf(one).sha256);
  const judge = (
    of: typeof one | typeof two,
    sha256 = rowOf(of).sha256,
    from = GATEWAY,
  ): string => {
    const { verdict, keep } = new LedgerChains(rig.file).judge(from, of, sha256);
    keep();
    return verdict;
  };
  assert.equal(judge(one), "sound");
  assert.equal(judge(two), "sound");
  assert.equal(judge(one), "known");
  assert.equal(judge(two, "f".repeat(64)), "changed");
  assert.equal(judge(two, rowOf(two).sha256, gatewayId("gw-2")), "foreign");
  assert.equal(judge(entry(5, "a".repeat(64))), "gap");
  assert.equal(judge(entry(6, "b".repeat(64))), "fork");
});
