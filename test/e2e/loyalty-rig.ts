import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeGateway } from "../../src/app/compose.ts";
import { openLoyalty } from "../../src/app/loyalty/open-loyalty.ts";
import { createRadioPart } from "../../src/app/radio-units.ts";
import { createSystemClock } from "../../src/app/system-clock.ts";
import { openTagDesk } from "../../src/app/tags/open-tag-desk.ts";
import { TableDesk } from "../../src/central/loyalty/table-desk.ts";
import { parseSitePlan } from "../../src/config/site.ts";
import {
  epochMs,
  gatewayId,
  grantId,
  type SubjectRef,
  subjectRef,
  tenantId,
} from "../../src/core/brand.ts";
import type { TimeAnchor } from "../../src/core/clock.ts";
import type { Grant } from "../../src/core/consent.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { createEmbeddedBroker } from "../../src/io/mqtt/embedded-broker.ts";
import { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";
import { legacyReportPacket } from "../../src/io/radio/hci-packets.ts";
import { sitePlanInMemory } from "../../src/io/site/site-plan-file.ts";
import { type BookedGrant, ConsentGate } from "../../src/privacy/consent/consent-gate.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { createFakeRadio } from "../fakes/fake-radio.ts";

export const GROUP = "nordic";
export const PSEUDONYM_KEY = new Uint8Array(32).fill(0x5c);
const TENANT = tenantId("acme");
const ROOM = [
  { id: "sw", xM: 0, yM: 0 },
  { id: "se", xM: 20, yM: 0 },
  { id: "nw", xM: 0, yM: 20 },
  { id: "ne", xM: 20, yM: 20 },
] as const;
const SITE = {
  v: 1,
  store: { id: "shop", name: "Shop", timeZone: "UTC" },
  receivers: ROOM.map((place) => ({ ...place, name: place.id, zM: 2 })),
  floor: {
    outline: square(0, 0, 20, 20),
    zones: [{ id: "shoes", name: "Shoes", kind: "display", polygon: square(0, 0, 9, 9) }],
  },
};

function square(x: number, y: number, toX: number, toY: number): readonly (readonly number[])[] {
  return [
    [x, y],
    [toX, y],
    [toX, toY],
    [x, toY],
  ];
}

export const subjectOf = (i: number): SubjectRef =>
  subjectRef(Buffer.alloc(16, i + 1).toString("base64url"));

/** A device in the air: what it sends, and where it is. */
export interface Sender {
  readonly payload: Uint8Array;
  readonly address: readonly number[];
  readonly xM: number;
  readonly yM: number;
}

const HEADSET: Sender = {
  payload: Uint8Array.of(2, 1, 6),
  address: [0xc5, 1, 1, 1, 1, 1],
  xM: 10,
  yM: 10,
};

/**
 * A gateway of four receivers on simulated adapters (the real noble stack, fed with HCI bytes) and a centre, joined by a
 * real broker. Time passes by `seconds`; the network is real.
 */
export async function openRig() {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-loyalty-"));
  const clock = new FakeClock({ mono: 60_000 });
  const said: string[] = [];
  const write = (fields: Readonly<Record<string, unknown>>, text: string): void => {
    said.push(`${JSON.stringify(fields)} ${text}`);
  };
  const log = { error: write, warn: write, info: write, debug: write };
  const common = { clock, log, random: () => 0.5 };
  const broker = createEmbeddedBroker({ port: 0, log: SILENT_LOG });
  const never = new AbortController().signal;
  await broker.start(never);
  const wire: string[] = [];
  const lineOf = (clientId: string): MqttLink =>
    new MqttLink({
      ...{ url: broker.url, clientId, clean: true, boot: clientId, will: null },
      ...{ clock: createSystemClock(), log: SILENT_LOG, random: () => 0.5 },
    });

  const centre = new TableDesk({
    root: "vitrine",
    groupOf: (id) => (id === "g1" ? GROUP : null),
    pseudonymKeyOf: (group) => (group === GROUP ? PSEUDONYM_KEY : null),
    clock,
  });
  const centreLine = lineOf("centre");
  centreLine.subscribe("vitrine/#", ({ topic, text }) => void wire.push(`${topic} ${text}`));
  centre.attach(centreLine);

  const book = new Map<SubjectRef, BookedGrant>();
  const now: { state: TimeAnchor["clock"] } = { state: "synced" };
  const anchor = (): TimeAnchor => ({
    mono: clock.mono(),
    epoch: clock.now(),
    clock: now.state,
  });
  const gate = new ConsentGate({
    book: {
      find: (subject) => book.get(subject) ?? null,
      byId: (id) => [...book.values()].find(({ grant }) => grant.grantId === id) ?? null,
    },
    tenantId: TENANT,
    jurisdiction: () => "off",
    clock: {
      now: () => clock.now(),
      mono: () => clock.mono(),
      isSure: () => now.state !== "unsynced",
    },
    leaseMono: () => null,
  });
  const parsed = parseSitePlan(SITE);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const site = parsed.value;
  const loyalty = openLoyalty({
    ...{ root: "vitrine", gatewayId: gatewayId("g1"), storeGroup: GROUP, gate, site },
    ...{ boot: "b", anchor, clock, log, nextDelayMs: 0 },
  });
  const gatewayLine = lineOf("g1");
  loyalty.attach(gatewayLine);

  const radios = ROOM.map(({ id }) => createFakeRadio({ id, clock }));
  const store = sitePlanInMemory(SITE);
  const { desk: tags } = await openTagDesk(folder, { site, store, anchor, clock, log });
  const outbox = openOutbox({
    path: join(folder, "outbox.db"),
    capBytes: 2 ** 24,
    commitMs: 250,
    ...common,
  });
  const recorded: string[] = [];
  const gateway = composeGateway({
    ...{ gatewayId: gatewayId("g1"), site, outbox, broker: null, topicRoot: "vitrine", boot: "b" },
    ...{ version: "test", notices: [], tags, anchor, ...common },
    sensors: (ports) => {
      loyalty.listen(ports.onEvent);
      const sources = radios.map(({ radio }) => radio);
      const part = createRadioPart(
        {
          ...{ sources, driver: null, site, tags: tags.book, lagMs: 2_000, run: "b", clock },
          members: loyalty.members,
        },
        ports,
      );
      tags.follow(part.input);
      part.input.onTagReport((_, report) => {
        recorded.push(Buffer.from(report.payload).toString("hex"));
      });
      return part.units;
    },
  });
  const services = [...gateway.sinks, ...gateway.sources, loyalty, centre, centreLine, gatewayLine];
  for (const service of services) await service.start(never);

  const events = (): Record<string, unknown>[] =>
    [...outbox.since(epochMs(0))].map((body) => JSON.parse(body) as Record<string, unknown>);

  return {
    ...{ clock, centre, loyalty, book, said, wire, recorded, outbox, events, gateway, now, folder },
    grant(subject: SubjectRef): void {
      const grant: Grant = {
        ...{ grantId: grantId(`grant-${subject}`), tenantId: TENANT, subjectRef: subject },
        ...{ purpose: "loyalty-beacon", jurisdiction: "off" },
        notice: { id: "n", version: 1, language: "en", sha256: "0".repeat(64) },
        proof: { kind: "device", ref: "app" },
        grantedAt: clock.now(),
        expiresAt: epochMs(clock.now() + 86_400_000),
      };
      book.set(subject, { grant, isRevoked: false });
    },
    revoke(subject: SubjectRef): void {
      const booked = book.get(subject);
      if (booked !== undefined) book.set(subject, { ...booked, isRevoked: true });
    },
    /**
     * Lets seconds pass in which every sender is heard by every receiver as its place says, twice a second. Somebody's
     * headset is always in the air: a receiver that hears nothing at all is blind, and its silence proves nothing.
     */
    seconds(count: number, senders: (second: number) => readonly Sender[] = () => []): void {
      for (let second = 0; second < count; second += 1)
        for (const half of [0, 1]) {
          for (const sender of [HEADSET, ...senders(second)]) hear(sender, half);
          clock.advance(500);
        }
    },
    /** Waits for the network while seconds pass, until all tables are here. */
    async tables(parts: number): Promise<void> {
      const label = `${parts} of ${parts} parts`;
      const isHere = (): boolean => loyalty.texts().some(([, text]) => text.startsWith(label));
      for (let tries = 0; tries < 1_000 && !isHere(); tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        clock.advance(100);
      }
      if (!isHere()) throw new Error(`tables: ${JSON.stringify(loyalty.texts())}`);
      clock.advance(1_000);
    },
    /** Everything that the gateway wrote, said or sent. */
    async outputs(): Promise<string> {
      const names = await readdir(folder);
      // A file that is being replaced has two names for a moment.
      const files = await Promise.all(
        names.map((name) => readFile(join(folder, name), "latin1").catch(() => "")),
      );
      const shown = JSON.stringify([gateway.dashboard.today(), gateway.dashboard.status()]);
      return [...files, ...said, ...wire.filter((line) => line.includes("/up/")), shown].join("\n");
    },
    async close(): Promise<void> {
      for (const service of [...services].reverse()) await service[Symbol.asyncDispose]();
      await outbox.close();
      await broker[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };

  function hear({ payload, address, xM, yM }: Sender, half: number): void {
    ROOM.forEach((place, i) => {
      const distanceM = Math.max(1, Math.hypot(place.xM - xM, place.yM - yM));
      const rssiDbm = Math.round(-59 - 23 * Math.log10(distanceM)) + ((half + i) % 2);
      const report = { eventType: 3, addressType: 1, address: Uint8Array.from(address) };
      radios[i]?.socket.deliver(legacyReportPacket([{ ...report, payload, rssiDbm }]));
    });
  }
}
