import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, test } from "node:test";
import { RECORDING_HEADER } from "../../../test/fakes/recording-header.ts";
import { recordCamera } from "./record-camera.ts";

const folder = await mkdtemp(join(tmpdir(), "vitrine-recorder-"));
after(() => rm(folder, { recursive: true, force: true }));

const frame = (t: number): string => `{"t":${t},"d":[]}`;

function start(name: string) {
  const stream = new PassThrough();
  const files = {
    log: join(folder, `${name}.jsonl`),
    events: join(folder, `${name}.events.jsonl`),
  };
  const recorder = recordCamera(stream, files);
  const send = (...lines: readonly string[]): void => {
    for (const line of lines) stream.write(`${line}\n`);
  };
  const linesOf = async (file: string): Promise<readonly string[]> =>
    (await readFile(file, "utf8")).split("\n").slice(0, -1);
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };
  return { stream, recorder, send, files, linesOf, until };
}

test("a log that the gateway ends is complete, events apart", async () => {
  const { recorder, send, files, linesOf } = start("whole");
  send(
    '{"wait":{"people":2}}',
    RECORDING_HEADER,
    frame(1),
    '{"told":{"id":"e1"}}',
    frame(2),
    '{"end":2}',
  );
  await recorder.done;
  assert.deepEqual(await linesOf(files.log), [RECORDING_HEADER, frame(1), frame(2), '{"end":2}']);
  assert.deepEqual(await linesOf(files.events), ['{"id":"e1"}']);
  const { state, people, frames, events, lengthMs } = recorder.progress;
  assert.deepEqual(
    { state, people, frames, events, lengthMs },
    {
      state: "ended",
      people: 2,
      frames: 2,
      events: 1,
      lengthMs: 1,
    },
  );
});

test("stopping leaves out the last frame, whose events may not have come yet", async () => {
  const { recorder, send, files, linesOf, until } = start("stopped");
  send(RECORDING_HEADER, frame(1), frame(2), frame(3), '{"told":{"id":"e3"}}');
  await until(() => recorder.progress.frames === 2);
  recorder.stop();
  await recorder.done;
  assert.deepEqual(await linesOf(files.log), [RECORDING_HEADER, frame(1), frame(2), '{"end":2}']);
  assert.deepEqual(await linesOf(files.events), []);
});

for (const { how, act } of [
  { how: "ends without a mark", act: (stream: PassThrough) => void stream.end() },
  { how: "breaks", act: (stream: PassThrough) => void stream.destroy(new Error("reset")) },
]) {
  test(`a connection that ${how} is a cut, and the log says where`, async () => {
    const { stream, recorder, send, files, linesOf, until } = start(`lost ${how}`);
    send(RECORDING_HEADER, frame(1), frame(2));
    await until(() => recorder.progress.frames === 1);
    act(stream);
    await recorder.done;
    assert.equal(recorder.progress.state, "cut");
    assert.equal((await linesOf(files.log)).at(-1), '{"cut":{"t":1,"why":"connection-lost"}}');
  });
}

test("a recording that never began leaves no file", async () => {
  const { recorder, send, files, until } = start("none");
  send('{"wait":{"people":2}}');
  await until(() => recorder.progress.people === 2);
  recorder.stop();
  await recorder.done;
  assert.equal(recorder.progress.state, "waiting");
  await assert.rejects(readFile(files.log), { code: "ENOENT" });
});

test("a file that exists is not written over", async () => {
  const { recorder, send, files } = start("exists");
  await writeFile(files.log, "precious");
  send(RECORDING_HEADER, frame(1));
  await assert.rejects(recorder.done, { code: "USAGE" });
  assert.equal(await readFile(files.log, "utf8"), "precious");
});

test("a gateway that speaks another version is refused with the field", async () => {
  const { recorder, send } = start("version");
  send(RECORDING_HEADER.replace('"v":1', '"v":2'));
  await assert.rejects(recorder.done, { code: "MESSAGE_INVALID", message: /another version: v/ });
});
