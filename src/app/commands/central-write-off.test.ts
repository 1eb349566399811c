import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Command } from "commander";
import { GatewayError } from "../../core/errors.ts";
import type { Terminal } from "../terminal.ts";
import { addCentralWriteOff } from "./central-write-off.ts";

const PERSON = ["--by", "Ada Holm, head of shops", "--reason", "stolen"];

/** Runs the command; what it printed, or the code of its fault. */
async function run(...args: string[]): Promise<string> {
  let out = "";
  const terminal: Terminal = {
    print: (text) => {
      out += text;
    },
    ...{ note: () => undefined, progress: () => undefined, signal: new AbortController().signal },
    environment: { VITRINE_API_TOKEN: "t0p" },
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  const central = program.command("central");
  addCentralWriteOff(central, terminal);
  for (const one of [central, ...central.commands])
    one.exitOverride().configureOutput({ writeErr: () => undefined });
  try {
    await program.parseAsync(["node", "vitrine", "central", "write-off", ...args]);
    return out;
  } catch (error) {
    if (error instanceof GatewayError) return `${error.code} ${error.message}`;
    return error instanceof Error && "code" in error ? String(error.code) : "no fault";
  }
}

test("the command asks the centre, with the token, the person and the reason, and tells what came of it", async () => {
  const asked: unknown[] = [];
  const answers: (readonly [number, object])[] = [
    [200, { consumer: "gw-7", writtenOff: 2, closed: 1, isRetired: true }],
    [409, { error: "NOT_WRITTEN_OFF", message: "the gateway is connected and can answer" }],
    [200, { odd: true }],
  ];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += String(chunk);
    });
    request.on("end", () => {
      asked.push([request.url, request.headers.authorization, JSON.parse(text)]);
      const [status, body] = answers.shift() ?? [500, {}];
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const args = ["gw-7", "--tenant", "acme", ...PERSON, "--api", api];
  assert.equal(await run(...args, "--retired"), "gw-7: 2 written off, 1 of them closed");
  const [by, reason] = [PERSON[1], PERSON[3]];
  assert.deepEqual(asked, [
    [
      ...["/api/v1/loyalty/write-offs", "Bearer t0p"],
      { tenantId: "acme", consumer: "gw-7", by, reason, isRetired: true },
    ],
  ]);
  assert.match(await run(...args), /^CENTRE_REFUSED NOT_WRITTEN_OFF: the gateway is connected/);
  assert.match(await run(...args), /^CENTRE_REFUSED/);
  await new Promise((resolve) => server.close(resolve));
  assert.match(await run(...args), /^CENTRE_UNREACHABLE/);
});

test("without a person, a reason or an address nobody is asked", async () => {
  assert.match(await run("gw-7", "--tenant", "acme", "--by", "Ada"), /missingMandatory/i);
  assert.match(await run("gw-7", "--tenant", "acme", "--reason", "gone"), /missingMandatory/i);
  assert.match(await run("gw-7", "--tenant", "acme", ...PERSON, "--api", "nowhere"), /^USAGE/);
});
