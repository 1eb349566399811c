import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConsentDesk } from "../../src/app/consent/consent-desk.ts";
import type { ConsentEvent } from "../../src/app/consent/consent-teller.ts";
import { openConsent } from "../../src/app/consent/open-consent.ts";
import { type LocalMembers, openLocalMembers } from "../../src/app/members/local-members.ts";
import { type OpenStation, openStation } from "../../src/app/station/open-station.ts";
import { TemplateStore } from "../../src/app/station/template-store.ts";
import { anchorOf, createSystemClock } from "../../src/app/system-clock.ts";
import { parseGatewayConfig } from "../../src/config/gateway.ts";
import { type ActiveLoyalty, activeLoyalty } from "../../src/config/loyalty.ts";
import { gatewayId, type SubjectRef } from "../../src/core/brand.ts";
import { readClaimCode } from "../../src/core/claim-code.ts";
import type { Clock } from "../../src/core/clock.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { ShopperRecognised } from "../../src/core/events.ts";
import { type Log, SILENT_LOG } from "../../src/core/lifecycle.ts";
import type { FaceChain } from "../../src/face/ports.ts";
import type { StationCamera } from "../../src/face/station/station-ports.ts";
import { FakeFaceChain, FakeStationCamera, type Shown } from "./fake-face-chain.ts";

export const STATION_TOKEN = "kiosk-token-of-the-test";

/** A section `loyalty` that is complete, with what a test changes. */
export function stationLoyalty(change: object = {}): ActiveLoyalty {
  const outcome = parseGatewayConfig({
    gateway: { id: "gw-1" },
    site: "site.json",
    loyalty: {
      ...{ enabled: true, tenantId: "acme", storeGroup: "north", jurisdiction: "kiosk-verify" },
      ...{ switchedOnBy: "Dana Lund, owner", keyLevel: "file" },
      controller: { name: "Acme A/S", contact: "privacy@acme.example" },
      station: { cameraId: "kiosk", source: "rtsp://camera/1" },
      ...change,
    },
  });
  const active = outcome.ok ? activeLoyalty(outcome.value.loyalty) : null;
  if (active === null) throw new Error(JSON.stringify(outcome));
  return active;
}

/** A station on real consents and a real vault in a folder of its own; camera and models are fakes. */
export class StationRig {
  readonly folder = mkdtempSync(join(tmpdir(), "station-rig-"));
  readonly camera: FakeStationCamera;
  readonly chain: FakeFaceChain;
  readonly recognised: ShopperRecognised[] = [];
  readonly told: ConsentEvent[] = [];
  readonly consents: ConsentDesk;
  readonly templates: TemplateStore;
  readonly members: LocalMembers;
  readonly station: OpenStation;

  constructor(
    shown: readonly Shown[],
    options: {
      readonly loyalty?: object;
      readonly hasModels?: boolean;
      readonly log?: Log;
      readonly camera?: StationCamera;
      readonly clock?: Clock;
      readonly openChain?: (gate: ConsentDesk["gate"]) => Promise<FaceChain>;
    } = {},
  ) {
    const loyalty = stationLoyalty(options.loyalty);
    const log = options.log ?? SILENT_LOG;
    const clock = options.clock ?? createSystemClock();
    const anchor = () => anchorOf(clock, "synced");
    this.camera = new FakeStationCamera(shown.length);
    this.chain = new FakeFaceChain(shown);
    const consent = () => this.consents;
    const stateDir = this.folder;
    this.templates = new TemplateStore({
      ...{ stateDir, loyalty, credentials: undefined, consent, log },
    });
    this.consents = new ConsentDesk({
      ...{ path: join(this.folder, "consent.db"), gatewayId: gatewayId("gw-1"), boot: "b1" },
      ...{ loyalty, clock, log, erasers: [this.templates.eraser] },
      time: { anchor, isAwaited: () => false, mono: () => clock.mono() },
      onEvent: (event) => this.told.push(event) > 0,
    });
    this.members = openLocalMembers({
      ...{ path: join(this.folder, "members.db"), loyalty, clock, log },
      consents: () => this.consents ?? null,
    });
    this.station = openStation({
      ...{ loyalty, storeName: "Acme North", token: STATION_TOKEN, modelsDir: this.folder },
      ...{ consents: this.consents, templates: this.templates, boot: "b1", anchor, clock, log },
      pseudonymOf: (subject) => this.members.pseudonymOf(subject),
      onEvent: (event) => void this.recognised.push(event),
      machine: {
        camera: options.camera ?? this.camera,
        openChain: async () => {
          if (options.hasModels === false) throw new GatewayError("MODEL_MISSING", "no models");
          return (await options.openChain?.(this.consents.gate)) ?? this.chain;
        },
      },
    });
  }

  async start(): Promise<void> {
    await this.station.start(new AbortController().signal);
  }

  /** Takes all of a member's consents back as staff do: on the same ledger, from beside the gateway. */
  revokeElsewhere(subjectRef: SubjectRef): void {
    const clock = createSystemClock();
    const open = openConsent({
      ...{ path: join(this.folder, "consent.db"), gatewayId: gatewayId("gw-1") },
      loyalty: stationLoyalty(),
      time: {
        anchor: () => anchorOf(clock, "synced"),
        isAwaited: () => false,
        mono: () => clock.mono(),
      },
    });
    const grants = open.book.liveOf(subjectRef);
    open.ledger.revoke({ subjectRef, grants, by: "staff", ref: "staff-17" });
    open.file.close();
  }

  /** The words of a purpose's notice, as the page sends them back. */
  sha256Of(purpose: string, language: "en" | "da" | "de" = "en"): string {
    const { purposes } = this.station.port.facts(language);
    return purposes.find((notice) => notice.purpose === purpose)?.sha256 ?? "";
  }

  /** Somebody becomes a member with a code; returns it. */
  join(): string {
    const { code } = this.station.port.join({
      ...{ language: "en", isAdult: true },
      purposes: [{ purpose: "loyalty-beacon", sha256: this.sha256Of("loyalty-beacon") }],
    });
    return code;
  }

  enrol(code: string) {
    const wish = { language: "en", isAdult: true, sha256: this.sha256Of("loyalty-face") } as const;
    return this.station.port.enrol(code, wish);
  }

  subjectOf(code: string): SubjectRef {
    const subject = readClaimCode(code);
    if (subject === null) throw new Error("no code");
    return subject;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.station[Symbol.asyncDispose]();
    this.consents.close();
    this.templates.close();
    this.members.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
