import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DAY_MS, LedgerRig, member, request, TENANT } from "../../../test/fakes/consent-rig.ts";
import { monoMs, tenantId } from "../../core/brand.ts";
import type { Jurisdiction, Purpose } from "../../core/consent.ts";
import {
  type BookedGrant,
  ConsentGate,
  type GateTerms,
  type GrantBook,
  Permit,
} from "./consent-gate.ts";
import type { ConsentLedger } from "./consent-ledger.ts";

/** A gate on a ledger whose surroundings can be changed. */
class GateRig {
  readonly ledgers = new LedgerRig();
  readonly ledger: ConsentLedger;
  readonly terms: GateTerms;
  readonly gate: ConsentGate;
  jurisdiction: Jurisdiction = "kiosk-verify";
  lease: ReturnType<GateTerms["leaseMono"]> = null;

  constructor(tenant = TENANT) {
    const terms = this.ledgers.terms();
    this.ledger = this.ledgers.open({ clock: terms.clock });
    this.terms = {
      ...{ book: this.ledger.book, tenantId: tenant, clock: terms.clock },
      jurisdiction: () => this.jurisdiction,
      leaseMono: () => this.lease,
    };
    this.gate = new ConsentGate(this.terms);
  }

  grant(purpose: Purpose = "loyalty-face", name = "m") {
    const outcome = this.ledger.grant(request(name, purpose));
    assert.ok(outcome.ok);
    return outcome.value;
  }

  permit<P extends Purpose>(purpose: P): Permit<P> {
    const outcome = this.gate.permit(member("m"), purpose);
    assert.ok(outcome.ok, String(outcome.ok || outcome.error));
    return outcome.value;
  }

  revoke(): void {
    const grants = this.ledger.book.liveOf(member("m"));
    this.ledger.revoke({ subjectRef: member("m"), grants, by: "shopper", ref: "s" });
  }
}

const refused = (why: string) => ({ ok: false, error: why });

test("a live consent gives a permit for its member and its purpose alone", () => {
  const rig = new GateRig();
  const grant = rig.grant("loyalty-face");
  const permit = rig.permit("loyalty-face");
  assert.equal(permit.refusal, null);
  assert.equal(permit.grantId, grant.grantId);
  assert.equal(permit.subjectRef, member("m"));
  assert.deepEqual(rig.gate.permit(member("m"), "loyalty-beacon"), refused("no-grant"));
  assert.deepEqual(rig.gate.permit(member("n"), "loyalty-face"), refused("no-grant"));
});

test("a permit says what was allowed when the consent was given, whatever is allowed now", () => {
  const rig = new GateRig();
  rig.grant();
  rig.jurisdiction = "kiosk-identify";
  assert.equal(rig.permit("loyalty-face").jurisdiction, "kiosk-verify");
});

test("a permit that was kept is worth nothing from the moment of the revocation on", () => {
  const rig = new GateRig();
  rig.grant();
  const kept = rig.permit("loyalty-face");
  rig.revoke();
  assert.equal(kept.refusal, "grant-revoked");
  assert.equal(Permit.refusalOf(kept, "loyalty-face"), "grant-revoked");
  rig.grant();
  assert.equal(rig.permit("loyalty-face").refusal, null);
  assert.equal(
    kept.refusal,
    "grant-revoked",
    "a new consent does not revive the permit of the old",
  );
});

test("a permit ends with the consent, with the switch, with the lease and with the clock", () => {
  const rig = new GateRig();
  rig.grant();
  const kept = rig.permit("loyalty-face");
  rig.jurisdiction = "off";
  assert.equal(kept.refusal, "face-off");
  rig.jurisdiction = "kiosk-verify";
  rig.lease = "never";
  assert.equal(kept.refusal, "lease-lost");
  rig.lease = monoMs(rig.ledgers.hand.monoNow - 60_000);
  assert.equal(kept.refusal, null);
  rig.ledgers.hand.pass(1);
  assert.equal(kept.refusal, "lease-lost");
  rig.lease = null;
  rig.ledgers.hand.epoch -= 3_600_000;
  assert.equal(kept.refusal, "clock-unsure");
  rig.ledgers.hand.epoch += 3_600_000;
  rig.ledgers.hand.pass(366 * DAY_MS);
  assert.equal(kept.refusal, "grant-expired");
});

test("a consent given to another tenant is worth nothing", () => {
  const rig = new GateRig(tenantId("rival"));
  rig.grant();
  assert.deepEqual(rig.gate.permit(member("m"), "loyalty-face"), refused("grant-foreign"));
});

test("a permit for one purpose is none for another, whatever its type was cast to", () => {
  const rig = new GateRig();
  rig.grant("loyalty-beacon");
  const cast = rig.permit("loyalty-beacon") as unknown as Permit<"loyalty-face">;
  assert.equal(Permit.refusalOf(cast, "loyalty-face"), "grant-foreign");
  assert.equal(rig.gate.refusalOf(cast, "loyalty-face"), "grant-foreign");
  assert.throws(() => Object.assign(cast, { purpose: "loyalty-face" }), TypeError);
});

test("the type of a permit takes no look-alike", () => {
  const rig = new GateRig();
  const { grantId } = rig.grant();
  const lookAlike = {
    grantId,
    subjectRef: member("m"),
    purpose: "loyalty-face",
    refusal: null,
  } as const;
  const use = (permit: Permit<"loyalty-face">): boolean => Permit.isGenuine(permit);
  // @ts-expect-error a plain object is no permit
  assert.equal(use(lookAlike), false);
  // @ts-expect-error a permit for a beacon is none for a face
  const other = (permit: Permit<"loyalty-beacon">): boolean => use(permit);
  assert.equal(typeof other, "function");
});

/** Every value that looks like a permit and was not given by a gate. */
function forgeries(genuine: Permit): readonly (readonly [string, unknown])[] {
  const plain = {
    ...{ grantId: genuine.grantId, subjectRef: genuine.subjectRef, purpose: genuine.purpose },
    refusal: null,
  };
  return [
    ["a plain object", plain],
    ["an object with the prototype", Object.setPrototypeOf({ ...plain }, Permit.prototype)],
    ["an object made from the prototype", Object.create(Permit.prototype)],
    ["an heir of a genuine one", Object.create(genuine)],
    ["a proxy of a genuine one", new Proxy(genuine, {})],
    ["a copy", structuredClone(plain)],
    ["a spread of a genuine one", { ...genuine }],
    ["what came back from JSON", JSON.parse(JSON.stringify(genuine))],
    ["the class itself", Permit],
    ["nothing", undefined],
    ["null", null],
    ["true", true],
  ];
}

test("no forgery passes for a permit", () => {
  const rig = new GateRig();
  rig.grant();
  const genuine = rig.permit("loyalty-face");
  assert.ok(Permit.isGenuine(genuine));
  for (const [name, forged] of forgeries(genuine)) {
    assert.equal(Permit.isGenuine(forged), false, name);
    assert.equal(Permit.refusalOf(forged, "loyalty-face"), "no-grant", name);
    assert.equal(rig.gate.refusalOf(forged, "loyalty-face"), "no-grant", name);
  }
});

test("nobody but the gate makes a permit, neither by calling nor by inheriting", () => {
  const rig = new GateRig();
  const grant = rig.grant();
  const Make = Permit as unknown as new (...args: readonly unknown[]) => Permit;
  for (const key of [undefined, Symbol("mint"), Symbol.for("mint"), "mint", {}]) {
    assert.throws(() => new Make(key, grant, "loyalty-face", () => null), TypeError);
    assert.throws(
      () => Reflect.construct(Make, [key, grant, "loyalty-face", () => null]),
      TypeError,
    );
  }
  class Heir extends Make {
    override get refusal(): null {
      return null;
    }
  }
  assert.throws(() => new Heir(Symbol("mint"), grant, "loyalty-face", () => null), TypeError);
  const genuine = rig.permit("loyalty-face");
  const again = genuine.constructor as typeof Make;
  assert.throws(() => new again({}, grant, "loyalty-face", () => null), TypeError);
});

test("prototypes are closed: a revoked permit cannot be taught to say that it holds", () => {
  const rig = new GateRig();
  rig.grant();
  const kept = rig.permit("loyalty-face");
  rig.revoke();
  const open = { configurable: true, get: () => null };
  const targets = [
    kept,
    Permit.prototype,
    Permit,
    rig.gate,
    ConsentGate.prototype,
    rig.ledger.book,
  ];
  for (const target of targets)
    for (const name of ["refusal", "isGenuine", "refusalOf", "permit", "find", "byId"])
      assert.throws(() => Object.defineProperty(target, name, open), TypeError);
  assert.throws(() => Object.setPrototypeOf(kept, { refusal: null }), TypeError);
  assert.throws(() => Object.setPrototypeOf(rig.gate, {}), TypeError);
  assert.equal(kept.refusal, "grant-revoked");
});

test("a grant out of the book cannot be changed, nor one that was handed in", () => {
  const rig = new GateRig();
  const given = rig.grant();
  const booked = rig.ledger.book.byId(given.grantId);
  assert.ok(booked !== null);
  const parts = [booked, booked.grant, booked.grant.notice, booked.grant.proof];
  for (const part of parts) assert.ok(Object.isFrozen(part));
  assert.throws(
    () => Object.assign(booked.grant, { expiresAt: Number.MAX_SAFE_INTEGER }),
    TypeError,
  );
  Object.assign(given, { expiresAt: Number.MAX_SAFE_INTEGER, purpose: "messages" });
  assert.equal(rig.ledger.book.byId(given.grantId)?.grant.purpose, "loyalty-face");
  rig.ledgers.hand.pass(366 * DAY_MS);
  assert.deepEqual(rig.gate.permit(member("m"), "loyalty-face"), refused("grant-expired"));
});

/** A book that says yes to everything. */
const yes = (booked: BookedGrant): GrantBook => ({
  find: () => ({ grant: booked.grant, isRevoked: false }),
  byId: () => ({ grant: booked.grant, isRevoked: false }),
});

test("another book put under a gate in use changes nothing", () => {
  const rig = new GateRig();
  const given = rig.grant();
  const kept = rig.permit("loyalty-face");
  rig.revoke();
  const booked = rig.ledger.book.byId(given.grantId);
  assert.ok(booked !== null);
  Object.assign(rig.terms, { book: yes(booked), fault: () => null });
  assert.equal(kept.refusal, "grant-revoked");
  assert.deepEqual(rig.gate.permit(member("m"), "loyalty-face"), refused("grant-revoked"));
  assert.throws(() => Object.assign(rig.gate, { terms: rig.terms }), TypeError);
});

test("a permit of a gate with a book of its own is refused by the gate in use", () => {
  const rig = new GateRig();
  const given = rig.grant();
  const booked = rig.ledger.book.byId(given.grantId);
  assert.ok(booked !== null);
  rig.revoke();
  const other = new ConsentGate({ ...rig.terms, book: yes(booked) });
  const sly = other.permit(member("m"), "loyalty-face");
  assert.ok(sly.ok && sly.value.refusal === null);
  assert.equal(rig.gate.refusalOf(sly.value, "loyalty-face"), "grant-foreign");
});

test("a purpose or a member that is a name of the language finds nothing", () => {
  const rig = new GateRig();
  rig.grant();
  for (const name of ["__proto__", "constructor", "toString", "", "loyalty-face "]) {
    assert.deepEqual(rig.gate.permit(member("m"), name as Purpose), refused("no-grant"));
    assert.deepEqual(rig.gate.permit(name as never, "loyalty-face"), refused("no-grant"));
  }
});

test("with a damaged ledger nothing is permitted, not even what was before", () => {
  const rig = new GateRig();
  rig.grant();
  let isDamaged = false;
  const fault = () => (isDamaged ? "ledger-damaged" : null);
  const gate = new ConsentGate({ ...rig.terms, fault });
  const outcome = gate.permit(member("m"), "loyalty-face");
  assert.ok(outcome.ok);
  isDamaged = true;
  assert.equal(outcome.value.refusal, "ledger-damaged");
  assert.deepEqual(gate.permit(member("m"), "loyalty-face"), refused("ledger-damaged"));
  assert.deepEqual(gate.permit(member("n"), "loyalty-face"), refused("ledger-damaged"));
});

test("in the whole program one place of a gateway and one of the centre make a gate, and nobody casts something into a permit", () => {
  const root = join(import.meta.dirname, "../..");
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
    .map((path) => ({
      path: path.replaceAll("\\", "/"),
      text: readFileSync(join(root, path), "utf8"),
    }));
  const having = (pattern: RegExp): string[] =>
    sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
  assert.deepEqual(having(/new ConsentGate\(/).sort(), [
    "app/consent/consent-desk.ts",
    "central/loyalty/tenant-consents.ts",
  ]);
  assert.deepEqual(having(/\bas (unknown as )?Permit\b|<Permit\b[^>]*>\{/), []);
  assert.deepEqual(having(/new Permit\(/), ["privacy/consent/consent-gate.ts"]);
});
