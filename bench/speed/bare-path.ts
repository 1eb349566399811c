import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { until } from "../../test/e2e/delivery-rig.ts";
import { launch } from "../../test/rig/children.ts";

/** Batches under way, as many as the gateway has. */
const AT_ONCE = 32;
const LIMIT_MS = 120_000;

/**
 * Milliseconds of the same batches on the shortest way that ends on a disk: mqtt.js, the same broker, and a process
 * that parses them and inserts them with better-sqlite3 under the same pragmas, one transaction per message. No outbox,
 * no order, no check, no cursor. `folder` holds the bundled child `bare-centre-child`.
 */
export async function barePathMs(
  folder: string,
  url: string,
  batches: readonly (readonly string[])[],
): Promise<number> {
  const file = join(folder, `bare-${randomUUID()}.db`);
  const centre = launch(folder, "bare-centre-child", { file, url });
  const writer = await connectAsync(url, { protocolVersion: 5 });
  try {
    await centre.ready;
    await writer.subscribeAsync("bare/ack", { qos: 1 });
    let stored = 0;
    writer.on("message", (_topic, payload) => {
      stored = Number(payload.toString("utf8"));
    });
    const events = batches.reduce((sum, batch) => sum + batch.length, 0);
    const texts = batches.map((batch) => `[${batch.join(",")}]`);
    const startMs = performance.now();
    const lane = async (): Promise<void> => {
      for (let text = texts.pop(); text !== undefined; text = texts.pop())
        await writer.publishAsync("bare/ev", text, { qos: 1 });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    await until("the bare path stored all", () => stored >= events, LIMIT_MS);
    return performance.now() - startMs;
  } finally {
    await writer.endAsync();
    await centre.end("SIGTERM");
  }
}
