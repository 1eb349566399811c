import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { addMembers } from "../../src/app/commands/members.ts";
import { ConsentDesk } from "../../src/app/consent/consent-desk.ts";
import { loyalGateway } from "../../src/app/consent/staff-ledger.ts";
import { createLogger } from "../../src/app/logger.ts";
import { openLoyalty } from "../../src/app/loyalty/open-loyalty.ts";
import { type LocalMembers, openLocalMembers } from "../../src/app/members/local-members.ts";
import type { TraceSources } from "../../src/app/members/member-traces.ts";
import { type MonoMs, receiverId } from "../../src/core/brand.ts";
import { GatewayError } from "../../src/core/errors.ts";
import { eddystoneEid, loyaltyEpoch, loyaltyId } from "../../src/privacy/beacon-crypto.ts";
import { FakeClock } from "./fake-clock.ts";

const SITE = join(import.meta.dirname, "../../config/site.example.json");
export const APP_KEY = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);
export const EID_KEY = Uint8Array.from({ length: 16 }, (_, i) => 0x50 + 3 * i);
export const REFERENCE = "Kunde 20417 Æbelø";

/** What a command did. */
export interface Ran {
  readonly out: string;
  readonly notes: string;
  /** Code of the fault it ended with; null: it did what it should. */
  readonly code: string | null;
}

/** A shop without a centre: its files, staff at the command line, and its gateway as far as members go. */
export class ShopAlone {
  readonly dir: string;
  readonly stateDir: string;
  readonly config: string;
  readonly path: string;
  readonly clock = new FakeClock({ epoch: Date.now() });
  readonly lines: string[] = [];

  constructor(folder: string, loyalty: object = {}) {
    this.dir = mkdtempSync(join(folder, "shop-"));
    this.stateDir = join(this.dir, "state");
    this.config = join(this.dir, "gateway.json");
    this.path = join(this.stateDir, "members.db");
    mkdirSync(this.stateDir, { mode: 0o700 });
    copyFileSync(SITE, join(this.dir, "site.json"));
    writeFileSync(this.file("notice.txt"), "We recognise you when you agree.");
    this.secret("app.key", Buffer.from(APP_KEY).toString("hex"));
    this.secret("tag.json", this.tag());
    const section = {
      ...{ enabled: true, tenantId: "acme", storeGroup: "north" },
      controller: { name: "Acme", contact: "privacy@acme.example" },
      ...loyalty,
    };
    const gateway = { gateway: { id: "gw-1" }, site: "site.json", stateDir: "state" };
    writeFileSync(this.config, JSON.stringify({ ...gateway, loyalty: section }));
  }

  file(name: string): string {
    return join(this.dir, name);
  }

  secret(name: string, text: string): void {
    writeFileSync(this.file(name), text, { mode: 0o600 });
  }

  tag(): string {
    return JSON.stringify({
      ...{ key: Buffer.from(EID_KEY).toString("hex"), rotation: 10, counter: 5_000_000 },
      counterAt: new Date(this.clock.now()).toISOString(),
    });
  }

  /** Runs `vitrine members ...` in this process, on connections of its own. */
  async run(...args: readonly string[]): Promise<Ran> {
    const [out, notes]: [string[], string[]] = [[], []];
    const program = new Command("vitrine")
      .exitOverride()
      .configureOutput({ writeErr: () => undefined });
    addMembers(program, {
      print: (text) => void out.push(text),
      note: (text) => void notes.push(text),
      progress: () => undefined,
      environment: {},
      signal: new AbortController().signal,
    });
    let code: string | null = null;
    try {
      await program.parseAsync(["node", "vitrine", "members", ...args, "--config", this.config]);
    } catch (error) {
      code = error instanceof GatewayError ? error.code : String((error as Error).message);
      notes.push(String((error as Error).message));
    }
    if (process.exitCode === 1) code ??= "exit 1";
    process.exitCode = 0;
    return { out: out.join("\n"), notes: notes.join("\n"), code };
  }

  register(reference: string, ...more: readonly string[]): Promise<Ran> {
    const named = ["register", "--reference", reference];
    const notice = ["--notice-id", "loyalty", "--notice-version", "3", "--language", "en"];
    const proof = ["--notice-file", this.file("notice.txt"), "--proof", "signature:form-1"];
    return this.run(...named, "--purposes", "loyalty-beacon", ...notice, ...proof, ...more);
  }

  /** A customer with an app and a tag. */
  registerWithAll(reference = REFERENCE): Promise<Ran> {
    const carried = ["--app-key-file", this.file("app.key"), "--eid-file", this.file("tag.json")];
    return this.register(reference, ...carried);
  }

  /** Starts the part of the gateway that knows members. */
  async open(traces: TraceSources | null = null): Promise<RunningShop> {
    const { loyalty } = await loyalGateway(this.config);
    const log = createLogger("debug", { write: (line) => void this.lines.push(line) });
    const { clock } = this;
    const anchor = () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" as const });
    let opened: ConsentDesk | null = null;
    const local = openLocalMembers({
      ...{ path: this.path, loyalty, clock, log, consents: () => opened, traces: () => traces },
    });
    const desk = new ConsentDesk({
      ...{ path: join(this.stateDir, "consent.db"), gatewayId: "gw-1" as never, boot: "b" },
      ...{ loyalty, clock, log, onEvent: () => true, erasers: [local.eraser] },
      time: { anchor, isAwaited: () => false, mono: () => clock.mono() },
    });
    opened = desk;
    return new RunningShop(clock, desk, local, {
      ...{ root: "vitrine", gatewayId: "gw-1" as never, storeGroup: loyalty.storeGroup },
      ...{ gate: desk.gate, local, site: { receivers: [] }, boot: "b", anchor, clock, log },
    });
  }

  /** Every file of the state folder with its bytes, and the log. */
  traces(): readonly (readonly [name: string, bytes: Buffer])[] {
    const names = readdirSync(this.stateDir);
    const files = names.map((name) => [name, readFileSync(join(this.stateDir, name))] as const);
    return [...files, ["log", Buffer.from(this.lines.join(""))]];
  }
}

/** A gateway of a shop alone, as far as members go. */
export class RunningShop {
  readonly desk: ConsentDesk;
  readonly local: LocalMembers;
  readonly loyalty: ReturnType<typeof openLoyalty>;
  readonly #clock: FakeClock;
  #seconds = 0;

  constructor(
    clock: FakeClock,
    desk: ConsentDesk,
    local: LocalMembers,
    deps: Parameters<typeof openLoyalty>[0],
  ) {
    this.#clock = clock;
    this.desk = desk;
    this.local = local;
    this.loyalty = openLoyalty(deps);
    void this.loyalty.start(new AbortController().signal);
  }

  /** Lets seconds pass with the chores of a gateway. */
  pass(seconds: number): void {
    for (let i = 0; i < seconds; i += 1) {
      this.#clock.advance(1_000);
      this.desk.refresh();
      this.#seconds += 1;
      if (this.#seconds % 10 === 0) this.desk.sweep();
    }
  }

  /** Pseudonym under which an app is recognised now; null: it is a stranger's. */
  hearApp(key: Uint8Array = APP_KEY): string | null {
    const epoch = loyaltyEpoch(this.#clock.now());
    return this.#hear(loyaltyId(key, { version: 1, storeGroup: "north", epoch, size: 10 }), "rid");
  }

  /** As `hearApp`, of the tag whose clock showed 5,000,000 at `registeredAt`. */
  hearTag(registeredAt: number): string | null {
    const counter = 5_000_000 + Math.floor((this.#clock.now() - registeredAt) / 1000);
    return this.#hear(eddystoneEid(EID_KEY, counter, 10), "eid");
  }

  async close(): Promise<void> {
    await this.loyalty[Symbol.asyncDispose]();
    this.desk.close();
    this.local.close();
  }

  #hear(bytes: Uint8Array, kind: "rid" | "eid"): string | null {
    const spot = { bytes, from: 0, size: bytes.length, kind, txPower1mDbm: -59 };
    const heard = {
      receiverId: receiverId("r"),
      rssiDbm: -60,
      atMono: this.#clock.mono() as MonoMs,
    };
    return this.loyalty.members.memberOf(spot, heard)?.id ?? null;
  }
}
