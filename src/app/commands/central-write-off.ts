import type { Command } from "commander";
import { z } from "zod";
import { GatewayError } from "../../core/errors.ts";
import { writtenOffAnswer } from "../../wire/loyalty-answers.ts";
import type { Terminal } from "../terminal.ts";

interface WriteOffFlags {
  readonly tenant: string;
  readonly by: string;
  readonly reason: string;
  readonly erasure?: string;
  readonly retired?: boolean;
  readonly api: string;
  readonly json?: boolean;
}

const API = "http://127.0.0.1:8081";
const ANSWER_MS = 30_000;
const EXAMPLE = `
Example:
  vitrine central write-off gw-7 --tenant acme --by "Ada Holm, head of shops" --reason "stolen on 3 May" --retired

Who is waited for stands in GET /api/v1/loyalty (waiting). Name and reason go into the consent ledger and the audit log and
are kept. VITRINE_API_TOKEN: the token of the centre, or an API key with the scope loyalty:write.`;

const refusalSchema = z.object({ error: z.string(), message: z.string() });

/** Adds `vitrine central write-off`. */
export function addCentralWriteOff(central: Command, terminal: Terminal): void {
  central
    .command("write-off <consumer>")
    .description("Give up waiting for a gateway or a receiver that will not erase any more")
    .requiredOption("--tenant <id>", "whose programme it is")
    .requiredOption("--by <person>", "name and role of who answers for it")
    .requiredOption("--reason <text>", "why it will not answer, and what was done instead")
    .option("--erasure <id>", "this request alone (default: all open ones)")
    .option("--retired", "the gateway is gone for good: never ask it again, destroy its key")
    .option("--api <url>", "API of the centre, which must run", API)
    .option("--json", "for programs")
    .addHelpText("after", EXAMPLE)
    .action(async (consumer: string, _flags: WriteOffFlags, command: Command) => {
      const flags = command.optsWithGlobals<WriteOffFlags>();
      const answer = await ask(consumer, flags, terminal);
      if (flags.json === true) terminal.print(JSON.stringify(answer));
      else
        terminal.print(
          `${answer.consumer}: ${answer.writtenOff} written off, ${answer.closed} of them closed`,
        );
    });
}

/** @throws USAGE, CENTRE_UNREACHABLE, CENTRE_REFUSED */
async function ask(
  consumer: string,
  { tenant, by, reason, erasure, retired, api }: WriteOffFlags,
  { environment }: Terminal,
): Promise<z.output<typeof writtenOffAnswer>> {
  if (!URL.canParse("/api/v1/loyalty/write-offs", api))
    throw new GatewayError("USAGE", `--api: expected an address such as ${API}`);
  const token = environment["VITRINE_API_TOKEN"] ?? "";
  const only = erasure === undefined ? {} : { erasureId: erasure };
  const body = { tenantId: tenant, consumer, by, reason, isRetired: retired === true, ...only };
  const answer = await post(new URL("/api/v1/loyalty/write-offs", api), token, body);
  const parsed = writtenOffAnswer.safeParse(answer.json);
  if (answer.isOk && parsed.success) return parsed.data;
  const refusal = refusalSchema.safeParse(answer.json);
  const why = refusal.success ? `${refusal.data.error}: ${refusal.data.message}` : "no answer";
  throw new GatewayError("CENTRE_REFUSED", why);
}

async function post(
  url: URL,
  token: string,
  body: object,
): Promise<{ readonly isOk: boolean; readonly json: unknown }> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { isOk: response.ok, json: await response.json() };
  } catch (error) {
    // Whatever fails here, from the name to the text of the answer: this address is not a centre's.
    throw new GatewayError("CENTRE_UNREACHABLE", `${url.host} does not answer`, { cause: error });
  }
}
