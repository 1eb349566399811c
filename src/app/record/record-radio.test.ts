import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { after, test } from "node:test";
import { epochMs, monoMs, receiverId } from "../../core/brand.ts";
import { ibeaconPayload } from "../../io/radio/hci-packets.ts";
import { RadioTap } from "../../io/radio/radio-tap.ts";
import { openRecording, type RecordedPacket } from "../../io/radio/recording.ts";
import { recordRadio } from "./radio-recording.ts";
import { recordRadioStream } from "./record-radio.ts";

const dir = await mkdtemp(join(tmpdir(), "vitrine-record-radio-"));
after(() => rm(dir, { recursive: true, force: true }));

const IDENTITY = Uint8Array.from({ length: 20 }, (_, i) => i);

/** The lines a gateway sends while two receivers hear a tag, the wall clock being set back once. */
function lines(): string[] {
  const told: string[] = [];
  const tap = new RadioTap((atMono) =>
    epochMs(1_763_000_000_000 + atMono - (atMono > 2000 ? 1500 : 0)),
  );
  const recording = recordRadio(tap, (line) => told.push(line));
  for (let i = 0; i < 6; i += 1)
    tap.take(3, {
      receiverId: receiverId(i % 2 === 0 ? "till" : "door"),
      atMono: monoMs(500 * i),
      address: "e1:a2:b3:c4:d5:f6",
      addressKind: "random-static",
      payload: ibeaconPayload(IDENTITY, -59),
      rssiDbm: -60 - i,
    });
  recording.end();
  recording.end();
  assert.equal(tap.listeners, 0);
  return told;
}

async function all(packets: AsyncIterable<RecordedPacket>): Promise<RecordedPacket[]> {
  const list: RecordedPacket[] = [];
  for await (const packet of packets) list.push(packet);
  return list;
}

test("a recording as JSONL is what the gateway sent, without its last mark", async () => {
  const sent = lines();
  assert.equal(sent.pop(), '{"end":{}}');
  const stream = Readable.from([`${sent.join("\n")}\n{"end":{}}\n`]);
  const recorder = recordRadioStream(stream, dir, "jsonl");
  await recorder.done;
  const { state, packets, files, lengthMs } = recorder.progress;
  assert.deepEqual([state, packets, lengthMs], ["ended", 6, 2000]);
  assert.deepEqual(
    files.map((file) => basename(file)),
    ["radio.jsonl"],
  );
  assert.equal(await readFile(files[0] ?? "", "utf8"), `${sent.join("\n")}\n`);
  const read = await all(openRecording(files[0] ?? ""));
  assert.deepEqual(
    read.map(({ receiverId: r }) => r),
    ["till", "door", "till", "door", "till", "door"],
  );
});

test("as btsnoop it is a file a receiver, which holds the same packets", async () => {
  const recorder = recordRadioStream(Readable.from([`${lines().join("\n")}\n`]), dir, "btsnoop");
  await recorder.done;
  const names = recorder.progress.files.map((file) => basename(file));
  assert.deepEqual(names, ["till.btsnoop", "door.btsnoop"]);
  const jsonl = await all(openRecording(join(dir, "radio.jsonl")));
  for (const file of recorder.progress.files) {
    const read = await all(openRecording(file));
    const receiver = basename(file, ".btsnoop");
    assert.deepEqual(
      read,
      jsonl.filter(({ receiverId: r }) => r === receiver),
    );
  }
});

test("that a receiver hears strangers is written once a second, and is no packet of a tag", async () => {
  const told: string[] = [];
  const tap = new RadioTap((atMono) => epochMs(atMono));
  tap.heard({ receiverId: receiverId("till"), atMono: monoMs(0) });
  const recording = recordRadio(tap, (line) => told.push(line));
  for (let ms = 1_000; ms < 4_000; ms += 100)
    tap.heard({ receiverId: receiverId("till"), atMono: monoMs(ms) });
  recording.end();
  const folder = await mkdtemp(join(dir, "alive-"));
  const recorder = recordRadioStream(Readable.from([`${told.join("\n")}\n`]), folder, "jsonl");
  await recorder.done;
  assert.equal(recorder.progress.packets, 0);
  const read = await all(openRecording(join(folder, "radio.jsonl")));
  const life = Uint8Array.from(Buffer.from("043e020200", "hex"));
  assert.deepEqual(
    read,
    [1_000, 2_000, 3_000].map((ms) => ({
      at: epochMs(ms),
      receiverId: receiverId("till"),
      packet: life,
    })),
  );
});

test("a stream that breaks is cut, one that is stopped has ended", async () => {
  const folder = await mkdtemp(join(dir, "broken-"));
  const broken = new PassThrough();
  const cut = recordRadioStream(broken, folder, "jsonl");
  broken.write(`${lines()[0]}\n`);
  setImmediate(() => broken.destroy(new Error("gone")));
  await cut.done;
  assert.equal(cut.progress.state, "cut");
  const stopped = recordRadioStream(new PassThrough(), folder, "jsonl");
  stopped.stop();
  await stopped.done;
  assert.equal(stopped.progress.state, "ended");
});

test("a gateway that sends something else is refused and not believed", async () => {
  const folder = await mkdtemp(join(dir, "strange-"));
  const line = '{"t":1,"receiver":"../x","hci":"04"}';
  const recorder = recordRadioStream(Readable.from([`${line}\n`]), folder, "btsnoop");
  await assert.rejects(recorder.done, { code: "INPUT_INVALID" });
});
