import { appendFileSync, closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { cameraId, monoMs, trackId, zoneId } from "../../src/core/brand.ts";
import type { JourneyEvent } from "../../src/core/events.ts";
import type { MqttLink } from "../../src/io/mqtt/mqtt-link.ts";
import type { Outbox } from "../../src/io/outbox/outbox.ts";
import type { OnAccepted } from "../../src/io/outbox/outbox-contract.ts";
import { STREAMS, type StreamName } from "../../src/wire/cloud-event.ts";
import { clock, crossing, startGateway, until } from "../e2e/delivery-rig.ts";
import type { GatewayChildSetup } from "./children.ts";

/**
 * A gateway for the kill rig: the real outbox, window and link. It writes the id of every event whose commit was
 * reported to a journal of its own, and syncs that before anything else happens. `produce` makes events until it is
 * killed, `drain` sends what is left and exits with 0. Prints `ready` when events flow, resp. when all is acknowledged.
 */
const setup = JSON.parse(process.argv[2] ?? "{}") as GatewayChildSetup;
const DRAIN_MS = 300_000;
const TICK_MS = 5;
const READ_BYTES = 1_000_000;

/** Journals what the outbox holds already: a kill between commit and journal may have left it out. */
function journalWaiting(outbox: Outbox, note: (ids: readonly string[]) => void): void {
  for (const stream of STREAMS) {
    for (let after = outbox.acked(stream); ; ) {
      const rows = outbox.read(stream, after, READ_BYTES);
      const last = rows.at(-1);
      if (last === undefined) break;
      note(rows.flatMap((row) => (row.kind === "event" ? [idOf(row.body)] : [])));
      after = last.kind === "gap" ? last.last : last.seq;
    }
  }
}

const idOf = (body: string): string => (JSON.parse(body) as { id: string }).id;

function keepJournal(outbox: Outbox): void {
  const file = openSync(setup.journal, "a");
  process.once("exit", () => closeSync(file));
  let fresh: string[] = [];
  const write = (ids: readonly string[]): void => {
    if (ids.length === 0) return;
    writeSync(file, `${ids.join("\n")}\n`);
    fdatasyncSync(file);
  };
  journalWaiting(outbox, write);
  const append = outbox.append.bind(outbox);
  outbox.append = (entry, onAccepted: OnAccepted | null = null) =>
    append(entry, (stream, seq) => {
      if (fresh.length === 0) {
        queueMicrotask(() => {
          const ids = fresh;
          fresh = [];
          write(ids);
        });
      }
      fresh.push(idOf(entry.body));
      onAccepted?.(stream, seq);
    });
}

/** The control: what most gateways do. Rows are given up when the broker, not the centre, says it has them. */
function trustTheBroker(link: MqttLink, outbox: Outbox): void {
  outbox.purge(Number.MAX_SAFE_INTEGER as never);
  // Nor does it wait for the centre's first word before it sends what it has.
  Object.defineProperty(outbox, "hasUnsent", { value: false });
  const publish = link.publish.bind(link);
  link.publish = (topic, text, options, onDone = () => undefined) =>
    publish(topic, text, options, (error) => {
      onDone(error);
      if (error !== null || !topic.endsWith("/up/ev")) return;
      const { stream, first, ev } = JSON.parse(text) as {
        stream: StreamName;
        first: number;
        ev: { data: { n: number }; type: string }[];
      };
      const count = ev.reduce((n, { type, data }) => n + (type === "vitrine.gap" ? data.n : 1), 0);
      if (outbox.acked(stream) < first + count - 1) outbox.acknowledge(stream, first + count - 1);
    });
}

function zoneEvent(n: number): JourneyEvent {
  return {
    kind: "zone-entered",
    source: `camera:door#${setup.boot}`,
    seq: n,
    at: clock.now(),
    atMono: monoMs(performance.now()),
    clock: "synced",
    cameraId: cameraId("door"),
    zoneId: zoneId("z1"),
    trackId: trackId(n),
  };
}

const gateway = await startGateway({
  path: setup.outbox,
  url: setup.url,
  boot: setup.boot,
  attach: (link, outbox) => {
    keepJournal(outbox);
    if (setup.control === "puback") trustTheBroker(link, outbox);
  },
});

if (setup.mode === "drain") {
  await until("drained", () => gateway.delivery.status().outboxEvents === 0, DRAIN_MS);
  appendFileSync(1, "ready\n");
  await gateway.stop();
} else {
  const perTick = (setup.eventsPerSecond * TICK_MS) / 1000;
  let due = 0;
  let n = 0;
  setInterval(() => {
    for (due += perTick; due >= 1; due -= 1) {
      gateway.delivery.record(n % 4 === 3 ? zoneEvent(n) : crossing(n, setup.boot));
      n += 1;
    }
  }, TICK_MS);
  appendFileSync(1, "ready\n");
}
