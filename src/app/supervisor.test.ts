import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { GatewayError } from "../core/errors.ts";
import { type Service, SILENT_LOG } from "../core/lifecycle.ts";
import { Supervisor } from "./supervisor.ts";

interface Script {
  readonly failures?: readonly Error[];
}

function scripted(name: string, story: string[], script: Script = {}): Service {
  const failures = [...(script.failures ?? [])];
  return {
    name,
    async start() {
      const failure = failures.shift();
      story.push(failure === undefined ? `start ${name}` : `fail ${name}`);
      if (failure !== undefined) throw failure;
    },
    async [Symbol.asyncDispose]() {
      story.push(`stop ${name}`);
    },
  };
}

function supervise(services: readonly Service[], clock = new FakeClock()): Supervisor {
  return new Supervisor({ services, clock, log: SILENT_LOG, random: () => 0 });
}

test("sinks start before sources, sources stop before sinks", async () => {
  const story: string[] = [];
  const supervisor = supervise(["camera", "outbox", "link"].map((name) => scripted(name, story)));
  await supervisor.start();
  await supervisor.stop();
  assert.deepEqual(story, [
    "start link",
    "start outbox",
    "start camera",
    "stop camera",
    "stop outbox",
    "stop link",
  ]);
});

test("a fault that may pass is tried again without holding up the others", async () => {
  const story: string[] = [];
  const clock = new FakeClock();
  const broken = [
    new GatewayError("BROKER_UNREACHABLE", "away"),
    new GatewayError("DISK_FULL", "full"),
  ];
  const services = [
    scripted("camera", story),
    scripted("link", story, { failures: broken.slice(0, 1) }),
  ];
  const supervisor = supervise(services, clock);
  await supervisor.start();
  assert.deepEqual(story, ["fail link", "start camera"]);
  for (let second = 0; second < 5; second += 1) {
    clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(story, ["fail link", "start camera", "start link"]);
  await supervisor.stop();
  assert.ok(story.includes("stop link"));
});

test("a fault only a person can mend stops the start, and what had started is stopped", async () => {
  const story: string[] = [];
  const failures = [new GatewayError("WEB_PASSWORD_REQUIRED", "no password")];
  const supervisor = supervise([scripted("page", story, { failures }), scripted("outbox", story)]);
  await assert.rejects(supervisor.start(), { code: "WEB_PASSWORD_REQUIRED" });
  await supervisor.stop();
  assert.deepEqual(story, ["start outbox", "fail page", "stop page", "stop outbox"]);
});

test("a service that fails to stop does not keep the others from stopping", async () => {
  const story: string[] = [];
  const stubborn: Service = {
    name: "stubborn",
    start: async () => undefined,
    [Symbol.asyncDispose]: () => Promise.reject(new Error("no")),
  };
  const supervisor = supervise([stubborn, scripted("link", story)]);
  await supervisor.start();
  await supervisor.stop();
  assert.deepEqual(story, ["start link", "stop link"]);
});
