import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { type Outbox, openOutbox } from "../../src/io/outbox/outbox.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { tempDir } from "./delivery-rig.ts";

const canMount = process.getuid?.() === 0 && spawnSync("mount", ["--version"]).error === undefined;
const skip = canMount ? false : "run as root: the test mounts a small tmpfs";

/** A small disk with an outbox on it. */
interface SmallDisk {
  readonly path: string;
  readonly clock: FakeClock;
  open(capBytes?: number): Outbox;
  /** Takes what room is left, to the last byte. */
  fill(): void;
  /** Gives it back. */
  empty(): void;
}

function onDisk(sizeMb: number, run: (disk: SmallDisk) => void): void {
  const dir = tempDir();
  const mount = join(dir.path, "small");
  mkdirSync(mount);
  const size = `size=${sizeMb}m`;
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", size, "tmpfs", mount]);
  assert.equal(mounted.status, 0, String(mounted.stderr));
  const clock = new FakeClock();
  const path = join(mount, "outbox.db");
  const opened: Outbox[] = [];
  const ballast = join(mount, "ballast");
  try {
    run({
      ...{ path, clock },
      open: (capBytes = 1e9) => {
        const common = { commitMs: 250, clock, log: SILENT_LOG, random: () => 0 };
        const outbox = openOutbox({ path, capBytes, ...common });
        opened.push(outbox);
        return outbox;
      },
      fill: () => {
        const { bavail, bsize } = statfsSync(mount);
        writeFileSync(ballast, Buffer.alloc(bavail * bsize), { flag: "a" });
      },
      empty: () => rmSync(ballast),
    });
  } finally {
    for (const outbox of opened) outbox.close();
    spawnSync("umount", ["-l", mount]);
    dir.remove();
  }
}

function add(outbox: Outbox, events: number, from = 1): void {
  outbox.together(() => {
    for (let n = from; n < from + events; n += 1) {
      const body = JSON.stringify({ n, pad: "x".repeat(300) });
      outbox.append({ stream: "journey", body, urgent: false, receiptId: null });
    }
  });
}

/** Numbers of the events that are not acknowledged; fails on a hole. */
function heldBy(outbox: Outbox): { events: number[]; gone: number } {
  const events: number[] = [];
  let gone = 0;
  for (let after = outbox.acked("journey"); after < outbox.committed("journey"); ) {
    for (const row of outbox.read("journey", after, 4_000_000)) {
      assert.equal(row.seq, after + 1);
      after = row.kind === "gap" ? row.last : row.seq;
      if (row.kind === "event") events.push((JSON.parse(row.body) as { n: number }).n);
      else gone += row.last - row.seq + 1;
    }
  }
  return { events, gone };
}

test(
  "a damaged file that has no room beside its copy is taken over as the centre takes events",
  {
    skip,
  },
  () =>
    onDisk(24, (disk) => {
      const before = disk.open();
      add(before, 40_000);
      before.close();
      const handle = openSync(disk.path, "r+");
      writeSync(handle, Buffer.alloc(4096, 0x5a), 0, 4096, 2000 * 4096);
      closeSync(handle);
      const outbox = disk.open();
      outbox.noteLine(true);
      assert.ok(heldBy(outbox).events.length < 35_000, "there is no room for all");
      add(outbox, 5, 40_001);
      outbox.purge(Number.MAX_SAFE_INTEGER as never);
      const stored = new Set<number>();
      let gone = 0;
      for (let turn = 0; turn < 100 && stored.size + gone < 40_005; turn += 1) {
        const held = heldBy(outbox);
        for (const n of held.events) stored.add(n);
        gone += held.gone;
        outbox.acknowledge("journey", outbox.committed("journey"));
        disk.clock.advance(60_000);
      }
      assert.equal(stored.size + gone, 40_005);
      assert.ok(gone > 0 && gone < 50, `${gone} on the damaged page`);
    }),
);

test("a new epoch on a full disk keeps the old one, and everything works on", { skip }, () =>
  onDisk(16, (disk) => {
    const outbox = disk.open();
    outbox.noteLine(true);
    add(outbox, 2000);
    disk.fill();
    const { epoch } = outbox;
    outbox.beginNewEpoch("a test");
    assert.equal(outbox.epoch, epoch);
    assert.equal(heldBy(outbox).events.length, 2000);
    disk.empty();
    outbox.beginNewEpoch("a test");
    assert.notEqual(outbox.epoch, epoch);
    add(outbox, 1, 2001);
    assert.equal(heldBy(outbox).events.length, 2001);
  }),
);

test("a file that turns out damaged on a full disk is replaced when there is room", { skip }, () =>
  onDisk(16, (disk) => {
    const before = disk.open();
    add(before, 2000);
    before.close();
    rmSync(`${disk.path}.reserve`);
    const handle = openSync(disk.path, "r+");
    writeSync(handle, Buffer.alloc(4096, 0x5a), 0, 4096, 100 * 4096);
    closeSync(handle);
    disk.fill();
    const outbox = disk.open();
    assert.deepEqual(outbox.state.kind === "fault" && outbox.state.code, "DISK_FULL");
    const accepted: number[] = [];
    const entry = { stream: "journey", body: '{"n":2001}', urgent: true, receiptId: null } as const;
    outbox.append(entry, (_stream, seq) => accepted.push(seq));
    disk.clock.advance(60_000);
    assert.deepEqual(accepted, []);
    disk.empty();
    disk.clock.advance(60_000);
    assert.equal(outbox.state.kind, "ok");
    const { events, gone } = heldBy(outbox);
    assert.deepEqual([events.at(-1), events.length + gone], [2001, 2001]);
    assert.equal(accepted.length, 1);
  }),
);

test(
  "a gateway that starts on a full disk sends what it has, and forgetting that makes room",
  {
    skip,
  },
  () =>
    onDisk(16, (disk) => {
      const before = disk.open();
      add(before, 5000);
      before.close();
      disk.fill();
      assert.ok(existsSync(`${disk.path}.reserve`));
      for (let start = 0; start < 3; start += 1) {
        const outbox = disk.open();
        assert.equal(outbox.stats().waiting, 5000);
        outbox.close();
        disk.fill();
      }
      const outbox = disk.open();
      outbox.noteLine(true);
      for (let n = 5001; outbox.state.kind === "ok" && n < 20_000; n += 64) add(outbox, 64, n);
      assert.deepEqual(outbox.state.kind === "fault" && outbox.state.code, "DISK_FULL");
      disk.fill();
      outbox.acknowledge("journey", 4000);
      disk.clock.advance(60_000);
      assert.equal(outbox.state.kind, "ok", "what the centre has was forgotten");
      add(outbox, 500, 30_000);
      assert.equal(heldBy(outbox).events.at(-1), 30_499);
    }),
);

test(
  "an outbox on a full disk and without a reserve waits for room instead of leaving",
  { skip },
  () =>
    onDisk(4, (disk) => {
      disk.fill();
      const outbox = disk.open();
      assert.deepEqual(outbox.state.kind === "fault" && outbox.state.code, "DISK_FULL");
      add(outbox, 10);
      assert.equal(outbox.stats().pending, 10);
      assert.deepEqual([...outbox.since(0 as never)], []);
      disk.empty();
      disk.clock.advance(60_000);
      assert.deepEqual([outbox.state.kind, heldBy(outbox).events.length], ["ok", 10]);
    }),
);

test("closing on a full disk throws nothing and closes the file", { skip }, () =>
  onDisk(16, (disk) => {
    const outbox = disk.open();
    outbox.noteLine(true);
    add(outbox, 500);
    disk.fill();
    for (let n = 501; outbox.state.kind === "ok"; n += 64) add(outbox, 64, n);
    disk.fill();
    outbox.acknowledge("journey", 10);
    outbox.close();
    disk.empty();
    assert.equal(disk.open().stats().streams.journey.next > 500, true);
  }),
);
