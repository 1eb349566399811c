import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { ConsentDesk } from "../../src/app/consent/consent-desk.ts";
import type { ConsentEvent } from "../../src/app/consent/consent-teller.ts";
import type { Eraser, EraseWish } from "../../src/app/consent/erasure-duty.ts";
import { createLogger } from "../../src/app/logger.ts";
import { parseGatewayConfig } from "../../src/config/gateway.ts";
import { type ActiveLoyalty, activeLoyalty } from "../../src/config/loyalty.ts";
import { epochMs, gatewayId, monoMs, type SubjectRef } from "../../src/core/brand.ts";
import type { Permit } from "../../src/privacy/consent/consent-gate.ts";
import { isoTime } from "../../src/wire/cloud-event.ts";
import { HandClock, member, request } from "./consent-rig.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeLink } from "./fake-link.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-desk-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** What holds something about members: stands for the template vault. */
export class FakeVault implements Eraser {
  readonly name = "templates";
  readonly held = new Set<SubjectRef>();
  readonly wishes: EraseWish[] = [];
  failure: Error | null = null;
  readonly holders = { purpose: "loyalty-face", subjects: () => [...this.held] } as const;
  erase(wish: EraseWish): number {
    this.wishes.push(wish);
    if (this.failure !== null) throw this.failure;
    return wish.purposes.includes("loyalty-face") && this.held.delete(wish.subjectRef) ? 1 : 0;
  }
}

/** A consent desk on a real ledger; clocks, vault and outbox are set by hand. */
export class DeskRig {
  readonly hand = new HandClock();
  readonly clock = new FakeClock();
  readonly vault = new FakeVault();
  readonly events: ConsentEvent[] = [];
  readonly link = new FakeLink();
  readonly path: string;
  isOutboxFull = false;
  readonly #lines: string[] = [];
  loyalty: ActiveLoyalty;
  desk: ConsentDesk;

  constructor(change: Partial<ActiveLoyalty> = {}) {
    files += 1;
    this.path = join(folder, `${files}`, "consent.db");
    this.loyalty = { ...loyaltyOf(), ...change };
    this.desk = this.open();
  }

  open(): ConsentDesk {
    const { hand, clock } = this;
    const desk = new ConsentDesk({
      ...{ path: this.path, gatewayId: gatewayId("gw-1"), boot: "b1", clock },
      loyalty: this.loyalty,
      time: {
        anchor: () => ({
          epoch: epochMs(hand.epoch),
          mono: monoMs(hand.monoNow),
          clock: hand.state,
        }),
        isAwaited: () => hand.isAwaited,
        mono: () => monoMs(hand.monoNow),
      },
      log: createLogger("debug", { write: (line) => void this.#lines.push(line) }),
      onEvent: (event) => {
        if (!this.isOutboxFull) this.events.push(event);
        return !this.isOutboxFull;
      },
      erasers: [this.vault],
    });
    desk.attach(this.link, "vitrine");
    return desk;
  }

  get log(): string {
    return this.#lines.join("");
  }

  restart(): void {
    this.desk.close();
    this.desk = this.open();
  }

  enrol(name: string): Permit<"loyalty-face"> {
    const given = this.desk.grant(request(name, "loyalty-face"));
    assert.ok(given.ok, given.ok ? "" : given.error);
    this.vault.held.add(member(name));
    const permit = this.desk.gate.permit(member(name), "loyalty-face");
    assert.ok(permit.ok);
    return permit.value;
  }

  kinds(): string[] {
    return this.events.map((event) =>
      event.kind === "consent-recorded" ? event.entry.kind : event.kind,
    );
  }

  news(from: number, changes: readonly unknown[] = [], to = from + changes.length): unknown {
    const issuedAt = isoTime(epochMs(this.hand.epoch));
    return { v: 1, register: "r1", from, to, upTo: to, issuedAt, changes };
  }
}

function loyaltyOf(): ActiveLoyalty {
  const parsed = parseGatewayConfig({
    ...{ gateway: { id: "gw-1" }, site: "site.json" },
    loyalty: {
      ...{ enabled: true, tenantId: "acme", storeGroup: "north", jurisdiction: "kiosk-verify" },
      switchedOnBy: "Ada Holm, store manager",
      controller: { name: "Acme A/S", contact: "privacy@acme.example" },
      station: { cameraId: "station", source: "/dev/video0" },
    },
  });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const active = activeLoyalty(parsed.value.loyalty);
  assert.ok(active !== null);
  return active;
}
