import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { ConsentDesk } from "../../src/app/consent/consent-desk.ts";
import type { ConsentEvent } from "../../src/app/consent/consent-teller.ts";
import { loyalGateway } from "../../src/app/consent/staff-ledger.ts";
import { anchorOf, createSystemClock } from "../../src/app/system-clock.ts";
import { epochMs, grantId, type SubjectRef } from "../../src/core/brand.ts";
import type { Grant } from "../../src/core/consent.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { createEmbeddedBroker } from "../../src/io/mqtt/embedded-broker.ts";
import { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
import { isoTime } from "../../src/wire/cloud-event.ts";
import { idOf, member, request } from "../fakes/consent-rig.ts";

const root = join(import.meta.dirname, "../..");
const clock = createSystemClock();
let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-consent-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** What a gateway does every second, every ten and at its end, on the real clock. */
async function openShop(authority: "gateway" | "centre") {
  const dir = await mkdtemp(join(folder, "shop-"));
  await copyFile(join(root, "config/site.example.json"), join(dir, "site.json"));
  const config = join(dir, "gateway.json");
  const loyalty = {
    ...{ enabled: true, tenantId: "acme", storeGroup: "north", authority },
    ...{ jurisdiction: "kiosk-verify", switchedOnBy: "Ada Holm, store manager" },
    controller: { name: "Acme A/S", contact: "privacy@acme.example" },
    station: { cameraId: "station", source: "/dev/video0" },
  };
  const mqtt = { url: "mqtt://127.0.0.1:1" };
  const gateway = { gateway: { id: "gw-1" }, site: "site.json", stateDir: "state", mqtt };
  await writeFile(config, JSON.stringify({ ...gateway, loyalty }));
  const shop = await loyalGateway(config);
  const held = new Set<SubjectRef>();
  const events: ConsentEvent[] = [];
  const desk = new ConsentDesk({
    ...{ path: shop.ledgerPath, gatewayId: shop.loaded.config.gateway.id, loyalty: shop.loyalty },
    ...{ boot: "b1", clock, log: SILENT_LOG },
    time: {
      anchor: () => anchorOf(clock, "synced"),
      isAwaited: () => false,
      mono: () => clock.mono(),
    },
    onEvent: (event) => events.push(event) > 0,
    erasers: [
      {
        name: "templates",
        erase: ({ subjectRef }) => Number(held.delete(subjectRef)),
        holders: { purpose: "loyalty-face", subjects: () => [...held] },
      },
    ],
  });
  const timers = desk.chores().map(({ name, periodMs, run }) => clock.every(periodMs, name, run));
  const close = (): void => {
    for (const timer of timers) timer.cancel();
    desk.close();
  };
  return { config, desk, held, events, close };
}

async function until(condition: () => boolean): Promise<number> {
  const from = clock.mono();
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  return clock.mono() - from;
}

async function vitrine(...args: readonly string[]): Promise<string> {
  const entry = join(root, "src/app/main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", entry, ...args], { cwd: root });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  const [code] = (await once(child, "close")) as [number | null];
  assert.equal(code, 0, args.join(" "));
  return out;
}

test("staff take a consent back by the command line beside a running gateway: no match, and nothing held", async (t) => {
  const { config, desk, held, close } = await openShop("gateway");
  assert.ok(desk.grant(request("m", "loyalty-face")).ok);
  held.add(member("m"));
  const kept = desk.gate.permit(member("m"), "loyalty-face");
  assert.ok(kept.ok && kept.value.refusal === null);
  const done = vitrine(
    "consent",
    "revoke",
    "--config",
    config,
    "--subject",
    member("m"),
    "--by",
    "staff-17",
  );
  await done;
  const matchMs = await until(() => kept.value.refusal === "grant-revoked");
  const goneMs = await until(() => held.size === 0);
  assert.equal(desk.status().openErasures, 0);
  t.diagnostic(
    `after the command ended: no match in ${matchMs.toFixed(0)} ms, nothing held ${goneMs.toFixed(0)} ms later`,
  );
  const found = await vitrine("consent", "verify", "--config", config, "--json");
  assert.equal((JSON.parse(found) as { isSound: boolean }).isSound, true);
  close();
});

/** Speaks as the centre would. */
class Centre {
  readonly #client: MqttClient;
  #seq = 0;

  constructor(client: MqttClient) {
    this.#client = client;
  }

  async tell(state: "granted" | "revoked", grant: Grant): Promise<void> {
    const from = this.#seq;
    this.#seq += 1;
    const [to, issuedAt] = [this.#seq, isoTime(clock.now())];
    const changes = [{ seq: to, state, grant }];
    await this.#send("down/consent", {
      v: 1,
      register: "r1",
      from,
      to,
      upTo: to,
      issuedAt,
      changes,
    });
  }

  async askToErase(erasureId: string, name: string): Promise<void> {
    const who = { tenantId: "acme", subjectRef: member(name), aliases: [] };
    const askedAt = isoTime(clock.now());
    await this.#send("down/erase", {
      v: 1,
      erasureId,
      ...who,
      purposes: ["loyalty-face"],
      askedAt,
    });
  }

  async #send(channel: string, message: object): Promise<void> {
    await this.#client.publishAsync(`vitrine/v1/gw-1/${channel}`, JSON.stringify(message), {
      qos: 1,
    });
  }
}

test("the centre takes a consent back over a real broker: no match, nothing held, and the answer is told", async (t) => {
  const broker = createEmbeddedBroker({ port: 0, log: SILENT_LOG });
  await broker.start(new AbortController().signal);
  const { desk, held, events, close } = await openShop("centre");
  const link = new MqttLink({
    ...{ url: broker.url, clientId: "gw-1", clean: true, boot: "b", will: null },
    ...{ clock, log: SILENT_LOG, random: () => 0.5 },
  });
  desk.attach(link, "vitrine");
  await link.start(new AbortController().signal);
  await until(() => link.state.kind === "connected");
  const client = await connectAsync(broker.url);
  const centre = new Centre(client);
  const { isMinor: _m, ...rest } = request("m", "loyalty-face");
  const times = { grantedAt: clock.now(), expiresAt: epochMs(clock.now() + 86_400_000) };
  const grant = {
    ...rest,
    grantId: grantId(idOf("g")),
    jurisdiction: "kiosk-verify",
    ...times,
  } as const;
  assert.deepEqual(desk.gate.permit(member("m"), "loyalty-face"), { ok: false, error: "no-grant" });
  await centre.tell("granted", grant);
  await until(() => desk.gate.permit(member("m"), "loyalty-face").ok);
  held.add(member("m"));
  const from = clock.mono();
  await centre.tell("revoked", grant);
  await until(() => !desk.gate.permit(member("m"), "loyalty-face").ok);
  const matchMs = clock.mono() - from;
  await until(() => held.size === 0);
  t.diagnostic(
    `no match ${matchMs.toFixed(0)} ms, nothing held ${(clock.mono() - from).toFixed(0)} ms after the centre said so`,
  );
  await centre.askToErase(idOf("e"), "m");
  await until(() => events.some(({ kind }) => kind === "erasure-answered"));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["consent-recorded", "consent-applied", "consent-applied", "erasure-answered"],
  );
  await client.endAsync();
  await link[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
  close();
});
