import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { epochMs, receiverId } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";
import { readBtsnoop } from "./btsnoop.ts";
import {
  jsonlLine,
  mergeRecordings,
  openRecording,
  type RecordedPacket,
  readJsonl,
} from "./recording.ts";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function refusal(items: AsyncIterable<unknown>): Promise<string> {
  try {
    await all(items);
  } catch (error) {
    assert.ok(error instanceof GatewayError && error.code === "INPUT_INVALID", String(error));
    return error.message;
  }
  return assert.fail("the input was accepted");
}

const recorded = (at: number, receiver: string, bytes: readonly number[]): RecordedPacket => ({
  at: epochMs(at),
  receiverId: receiverId(receiver),
  packet: Uint8Array.from([4, ...bytes]),
});

test("what is written as JSONL is read back", async () => {
  const packets = [recorded(1_000, "door", [0x3e, 2]), recorded(1_000.5, "till", [])];
  assert.deepEqual(await all(readJsonl(packets.map(jsonlLine), "a.jsonl")), packets);
});

test("an instant may be ISO 8601 with its zone, and empty lines are skipped", async () => {
  const lines = [
    "",
    '{"t":"2026-11-20T10:00:00.250+01:00","receiver":"door","hci":"043E00"}',
    "  ",
  ];
  const [packet] = await all(readJsonl(lines, "a.jsonl"));
  assert.equal(packet?.at, Date.UTC(2026, 10, 20, 9, 0, 0, 250));
});

const good = '{"t":5,"receiver":"door","hci":"043e00"}';
const refused = [
  { name: "no JSON", line: "{c1:02:03:04:05:06", why: /expected one JSON object/ },
  { name: "a list", line: "[1]", why: /expected one JSON object/ },
  { name: "an unknown key", line: good.replace("}", ',"rssi":1}'), why: /unknown key "rssi"/ },
  { name: "a time without zone", line: good.replace("5", '"2026-11-20T10:00:00"'), why: /"t"/ },
  { name: "no time", line: good.replace('"t":5,', ""), why: /"t"/ },
  { name: "a receiver with a space", line: good.replace("door", "the door"), why: /"receiver"/ },
  { name: "odd digits", line: good.replace("043e00", "043e0"), why: /"hci"/ },
  { name: "a packet that is no event", line: good.replace("043e00", "01030c00"), why: /"hci"/ },
  { name: "a time before the line above", line: good.replace("5", "4"), why: /not before/ },
];
for (const { name, line, why } of refused)
  test(`JSONL with ${name} is refused with file and line, and without quoting it`, async () => {
    const message = await refusal(readJsonl([good, line], "walk.jsonl"));
    assert.match(message, /^walk\.jsonl:2: /);
    assert.match(message, why);
    assert.doesNotMatch(message, /c1:02/);
  });

/** A btsnoop file with the given records: [microseconds since 1970, flags, bytes]. */
function btsnoop(
  link: number,
  records: readonly (readonly [bigint, number, readonly number[]])[],
): Buffer {
  const head = Buffer.alloc(16);
  head.write("btsnoop\0", "latin1");
  head.writeUInt32BE(1, 8);
  head.writeUInt32BE(link, 12);
  const parts = records.map(([us, flags, bytes]) => {
    const record = Buffer.alloc(24);
    record.writeUInt32BE(bytes.length, 0);
    record.writeUInt32BE(bytes.length, 4);
    record.writeUInt32BE(flags, 8);
    record.writeBigInt64BE(us + 0x00dcddb30f2f8000n, 16);
    return Buffer.concat([record, Buffer.from(bytes)]);
  });
  return Buffer.concat([head, ...parts]);
}

const AT_US = 1_763_629_200_123_456n;
const event = [0x3e, 2, 2, 0];
for (const [name, link, flags, bytes, other] of [
  ["H4", 1002, 3, [4, ...event], [1, 3, 0x0c, 0]],
  ["bare HCI", 1001, 3, event, event],
  ["the Linux monitor", 2001, (1 << 16) | 3, event, event],
] as const)
  test(`btsnoop of ${name}: events are read with their time, other packets are skipped`, async () => {
    const file = btsnoop(link, [
      [AT_US, 2, other],
      [AT_US, flags, bytes],
      [AT_US + 2_000n, 2, other],
    ]);
    assert.deepEqual(await all(readBtsnoop([file], "a.btsnoop")), [
      { at: 1_763_629_200_123, packet: Uint8Array.from([4, ...event]) },
    ]);
  });

test("btsnoop is read the same however the file is cut into chunks", async () => {
  const file = btsnoop(1002, [
    [AT_US, 3, [4, ...event]],
    [AT_US + 5_000n, 3, [4, ...event, 9, 9]],
  ]);
  const whole = await all(readBtsnoop([file], "a"));
  assert.equal(whole.length, 2);
  for (const size of [1, 3, 7, 50]) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < file.length; at += size) chunks.push(file.subarray(at, at + size));
    assert.deepEqual(await all(readBtsnoop(chunks, "a")), whole);
  }
});

test("btsnoop with a wrong header, link type or a record cut short is refused with file and byte", async () => {
  const file = btsnoop(1002, [[AT_US, 3, [4, ...event]]]);
  assert.match(
    await refusal(readBtsnoop([Buffer.from("nonsense")], "a.bin")),
    /^a\.bin: byte 8: .*header/,
  );
  assert.match(await refusal(readBtsnoop([], "a.bin")), /header/);
  assert.match(await refusal(readBtsnoop([btsnoop(1003, [])], "a.bin")), /link type/);
  assert.match(
    await refusal(readBtsnoop([file.subarray(0, file.length - 1)], "a.bin")),
    /whole record/,
  );
  assert.match(await refusal(readBtsnoop([file.subarray(0, 30)], "a.bin")), /whole record/);
  const huge = Buffer.from(file);
  huge.writeUInt32BE(0xffffffff, 20);
  assert.match(await refusal(readBtsnoop([huge], "a.bin")), /whole record/);
});

test("any bytes as btsnoop are read or refused, never anything else", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 120 }), fc.boolean(), async (bytes, headed) => {
      const file = headed ? Buffer.concat([btsnoop(1002, []), bytes]) : Buffer.from(bytes);
      try {
        await all(readBtsnoop([file], "a"));
      } catch (error) {
        assert.ok(error instanceof GatewayError && error.code === "INPUT_INVALID");
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a key that should not be there is not told: it may be an address", async () => {
  const line = '{"t":5,"receiver":"door","hci":"04","c1:02:03:04:05:06":1}';
  await assert.rejects(all(readJsonl([line], "walk.jsonl")), (error) => {
    assert.ok(error instanceof GatewayError && error.code === "INPUT_INVALID");
    assert.match(error.message, /walk\.jsonl:1: .*key/);
    return !error.message.includes("c1:02");
  });
});

test("a file is recognised by what is in it", async () => {
  const dir = await mkdtemp(join(tmpdir(), "vitrine-radio-"));
  const snoop = join(dir, "front-door.log");
  const lines = join(dir, "walk.txt");
  await writeFile(snoop, btsnoop(1002, [[AT_US, 3, [4, ...event]]]));
  await writeFile(lines, `${good}\n`);
  assert.deepEqual(
    (await all(openRecording(snoop))).map((p) => p.receiverId),
    ["front-door"],
  );
  assert.deepEqual(
    (await all(openRecording(lines))).map((p) => p.at),
    [5],
  );
  const blanks = join(dir, "front door.btsnoop");
  await writeFile(blanks, btsnoop(1002, [[AT_US, 3, [4, ...event]]]));
  await assert.rejects(
    all(openRecording(blanks)),
    (error) => error instanceof GatewayError && error.code === "INPUT_INVALID",
  );
  await assert.rejects(
    all(openRecording(join(dir, "absent"))),
    (error) => error instanceof GatewayError && error.code === "CONFIG_UNREADABLE",
  );
  await rm(dir, { recursive: true });
});

test("recordings are merged by time, and packets of one instant come in the order of the recordings", async () => {
  const a = [recorded(1, "a", [1]), recorded(5, "a", [2])];
  const b = [recorded(1, "b", [3]), recorded(2, "b", [4]), recorded(9, "b", [5])];
  const from = (list: readonly RecordedPacket[]) => readJsonl(list.map(jsonlLine), "x");
  const merged = await all(mergeRecordings([from(a), from([]), from(b)]));
  assert.deepEqual(
    merged.map((p) => p.packet[1]),
    [1, 3, 4, 2, 5],
  );
});
