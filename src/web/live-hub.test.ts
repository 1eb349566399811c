import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FakeDashboard } from "../../test/fakes/fake-dashboard.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import type { StreamSink } from "./live-client.ts";
import { LIVE_LIMITS, LiveHub } from "./live-hub.ts";

/** A peer that accepts everything until told to stop. */
class Peer extends EventEmitter implements StreamSink {
  readonly frames: string[] = [];
  accepts = true;
  isDestroyed = false;

  write(chunk: string): boolean {
    this.frames.push(chunk);
    return this.accepts;
  }

  destroy(): void {
    this.isDestroyed = true;
    this.emit("close");
  }

  /** Frames of one event, in order. */
  of(event: string): string[] {
    return this.frames.filter((frame) => frame.startsWith(`event: ${event}\n`));
  }
}

function setUp(): { clock: FakeClock; source: FakeDashboard; hub: LiveHub } {
  const clock = new FakeClock();
  const source = new FakeDashboard();
  const hub = new LiveHub({
    source,
    clock,
    log: SILENT_LOG,
    limits: { ...LIVE_LIMITS, maxClients: 3 },
  });
  hub.start();
  return { clock, source, hub };
}

test("a reader gets the present state at once", () => {
  const { hub, source } = setUp();
  const peer = new Peer();
  hub.attach(peer);
  assert.equal(peer.frames[0], "retry: 2000\n\n");
  assert.equal(peer.of("status").length, 1);
  assert.equal(peer.of("today")[0], `event: today\ndata: ${JSON.stringify(source.today())}\n\n`);
});

test("a hundred changes within a second become one today event", () => {
  const { hub, source, clock } = setUp();
  const peer = new Peer();
  hub.attach(peer);
  source.setTile("entrants", 1);
  clock.advance(0);
  const before = peer.of("today").length;
  for (let i = 0; i < 100; i += 1) {
    source.setTile("entrants", 500 + i);
    clock.advance(9);
  }
  assert.equal(peer.of("today").length, before);
  clock.advance(100);
  assert.equal(peer.of("today").length, before + 1);
  assert.match(peer.of("today").at(-1) ?? "", /"metric":"entrants"[^}]*},"value":599/);
});

test("status is sent only when it differs", () => {
  const { hub, source, clock } = setUp();
  const peer = new Peer();
  hub.attach(peer);
  source.setTile("entrants", 1);
  clock.advance(1_000);
  const before = peer.of("status").length;
  source.setTile("entrants", 2);
  clock.advance(1_000);
  assert.equal(peer.of("status").length, before);
  source.play("blind");
  clock.advance(1_000);
  assert.equal(peer.of("status").length, before + 1);
});

test("people of a camera come at most five times a second, and the last position always comes", () => {
  const { hub, source, clock } = setUp();
  const peer = new Peer();
  hub.attach(peer);
  for (let ms = 0; ms < 1_000; ms += 10) {
    source.move("door", [[1, ms / 1_000, 0.5]]);
    clock.advance(10);
  }
  assert.ok(peer.of("people").length <= 6, `${peer.of("people").length} frames`);
  source.move("door", []);
  clock.advance(200);
  assert.match(peer.of("people").at(-1) ?? "", /"cameraId":"door","people":\[\]/);
});

test("positions are rounded, capped, and refused for cameras that are not on the plan", () => {
  const { hub, source } = setUp();
  const peer = new Peer();
  hub.attach(peer);
  source.move("ghost", [[1, 0.5, 0.5]]);
  assert.equal(peer.of("people").length, 0);
  source.move(
    "door",
    Array.from({ length: 300 }, (_, id) => [id, 1 / 3, 0.5] as const),
  );
  const body = JSON.parse(peer.of("people")[0]?.split("data: ")[1] ?? "{}");
  assert.equal(body.people.length, 200);
  assert.deepEqual(body.people[0], { id: 0, x: 0.3333, y: 0.5 });
});

test("a slow reader keeps one frame per kind, the newest, and gets them when it drains", () => {
  const { hub, source, clock } = setUp();
  const peer = new Peer();
  const client = hub.attach(peer);
  peer.accepts = false;
  source.setTile("entrants", 600);
  clock.advance(0);
  const written = peer.frames.length;
  for (let i = 0; i < 6; i += 1) {
    source.setTile("entrants", 700 + i);
    source.move("door", [[i, 0.1, 0.1]]);
    clock.advance(1_000);
  }
  assert.equal(peer.frames.length, written);
  assert.ok(client.waiting <= 4, `${client.waiting} frames are kept`);
  assert.ok(client.superseded > 0);
  peer.accepts = true;
  peer.emit("drain");
  assert.match(peer.of("today").at(-1) ?? "", /"value":705/);
  assert.equal(client.waiting, 0);
});

test("a reader that accepts nothing for ten seconds is dropped, the others stay", () => {
  const { hub, source, clock } = setUp();
  const slow = new Peer();
  const good = new Peer();
  hub.attach(slow);
  hub.attach(good);
  slow.accepts = false;
  source.setTile("entrants", 1);
  clock.advance(20_000);
  assert.equal(slow.isDestroyed, true);
  assert.equal(good.isDestroyed, false);
  assert.equal(hub.clients, 1);
  assert.equal(hub.dropped, 1);
});

test("the house is full at its limit and has room again when a reader leaves", () => {
  const { hub } = setUp();
  const peers = [new Peer(), new Peer(), new Peer()];
  for (const peer of peers) hub.attach(peer);
  assert.equal(hub.isFull(), true);
  peers[0]?.emit("close");
  assert.equal(hub.isFull(), false);
});

test("a heartbeat comes every three seconds, and figures that move with time come along", () => {
  const { hub, clock } = setUp();
  const peer = new Peer();
  hub.attach(peer);
  const before = peer.of("today").length;
  clock.advance(9_100);
  assert.equal(peer.of("heartbeat").length, 3);
  assert.equal(peer.of("today").length, before + 3);
});

test("nothing is read from the source while nobody reads, and disposal leaves no timer and no listener", async () => {
  const { hub, source, clock } = setUp();
  source.setTile("entrants", 1);
  source.move("door", [[1, 0.5, 0.5]]);
  const peer = new Peer();
  hub.attach(peer);
  source.setTile("entrants", 2);
  await hub[Symbol.asyncDispose]();
  assert.equal(peer.isDestroyed, true);
  assert.equal(source.listeners, 0);
  assert.equal(clock.pending, 0);
});
