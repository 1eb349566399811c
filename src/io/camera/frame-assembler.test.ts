import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { monoMs } from "../../core/brand.ts";
import { FrameAssembler } from "./frame-assembler.ts";
import { createSharedFrames, FrameSlots, NO_SLOT, type SlotPolicy } from "./frame-slots.ts";

const FRAME_BYTES = 12;

function setUp(policy: SlotPolicy, slots = 3) {
  const shared = createSharedFrames(FRAME_BYTES, slots);
  const [writer, reader] = [new FrameSlots(shared), new FrameSlots(shared)];
  let completed = 0;
  const assembler = new FrameAssembler({
    slots: writer,
    policy,
    generationOf: () => 1,
    stampOf: (index) => monoMs(index * 100),
    onFrame: () => {
      completed += 1;
    },
  });
  return { writer, reader, assembler, completed: () => completed };
}

function numbered(frames: number): Uint8Array {
  return Uint8Array.from(
    { length: frames * FRAME_BYTES },
    (_, i) => Math.floor(i / FRAME_BYTES) + 1,
  );
}

/** Feeds the bytes in the given cuts and reads every frame; returns first byte and time of each. */
function readLossless(bytes: Uint8Array, cuts: readonly number[]) {
  const { reader, assembler } = setUp("every");
  const seen: [value: number, atMono: number][] = [];
  const readAll = (): void => {
    for (let slot = reader.take("every", 1); slot !== NO_SLOT; slot = reader.take("every", 1)) {
      const pixels = reader.pixels(slot);
      assert.ok(
        pixels.every((value) => value === pixels[0]),
        "a frame mixes two pictures",
      );
      seen.push([pixels[0] ?? 0, reader.stamp(slot)]);
      reader.release(slot);
    }
  };
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    let flows = assembler.push(bytes.slice(at, Math.min(bytes.length, at + cut)));
    at = Math.min(bytes.length, at + cut);
    while (!flows) {
      readAll();
      flows = assembler.resume();
    }
  }
  readAll();
  return seen;
}

test("any cutting of the stream into chunks gives the same frames with the same times", () => {
  const bytes = numbered(7);
  const whole = readLossless(bytes, [bytes.length]);
  assert.deepEqual(
    whole,
    [1, 2, 3, 4, 5, 6, 7].map((n) => [n, (n - 1) * 100]),
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 90 }), (cuts) => {
      assert.deepEqual(readLossless(bytes, cuts), whole);
    }),
  );
});

test("a reader that is late gets the newest frame, and those it missed are counted", () => {
  const { reader, assembler, writer } = setUp("newest");
  assembler.push(numbered(10));
  const slot = reader.take("newest", 1);
  assert.equal(reader.pixels(slot)[0], 10);
  assert.equal(writer.dropped, 9);
});

test("a frame being looked at is never overwritten by newer ones", () => {
  const { reader, assembler } = setUp("newest");
  assembler.push(numbered(1));
  const slot = reader.take("newest", 1);
  assembler.push(numbered(20));
  assert.deepEqual([...reader.pixels(slot)], new Array(FRAME_BYTES).fill(1));
});

test("with every slot in use a live frame is read past whole and the next one is intact", () => {
  const { reader, assembler, writer, completed } = setUp("newest", 1);
  assembler.push(numbered(1));
  const slot = reader.take("newest", 1);
  assembler.push(numbered(2).subarray(0, FRAME_BYTES + 5));
  reader.release(slot);
  assembler.push(numbered(2).subarray(FRAME_BYTES + 5));
  assembler.push(numbered(3).subarray(2 * FRAME_BYTES));
  assert.equal(reader.pixels(reader.take("newest", 1))[0], 3);
  assert.equal(writer.dropped, 2);
  assert.equal(completed(), 2);
});

test("a lossless stream is held back until the reader releases a slot, and loses nothing", () => {
  const { reader, assembler, writer } = setUp("every", 2);
  assert.equal(assembler.push(numbered(5)), false);
  const first = reader.take("every", 1);
  assert.equal(reader.pixels(first)[0], 1);
  assert.equal(assembler.resume(), false, "the slot is still being read");
  reader.release(first);
  assert.equal(assembler.resume(), false, "frames 4 and 5 still wait");
  assert.equal(writer.dropped, 0);
  assert.equal(reader.pixels(reader.take("every", 1))[0], 2);
});

test("an unfinished frame of a run that ended is not handed on with the next run", () => {
  const { reader, assembler } = setUp("newest");
  assembler.push(numbered(1).subarray(0, 7));
  assert.equal(assembler.partialBytes, 7);
  assembler.abandon();
  assembler.push(numbered(2).subarray(FRAME_BYTES));
  assert.deepEqual([...reader.pixels(reader.take("newest", 1))], new Array(FRAME_BYTES).fill(2));
});

test("frames of an earlier run of the source are thrown away by the reader", () => {
  const { reader, assembler } = setUp("newest");
  assembler.push(numbered(1));
  assert.equal(reader.take("newest", 2), NO_SLOT);
  assert.equal(reader.dropped, 1);
});

test("frames of a run the reader was not yet told about stay where they are", () => {
  const { reader, assembler } = setUp("newest");
  assembler.push(numbered(1));
  assert.equal(reader.take("newest", 0), NO_SLOT);
  assert.notEqual(reader.take("newest", 1), NO_SLOT);
});
