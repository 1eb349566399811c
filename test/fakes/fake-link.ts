import { epochMs } from "../../src/core/brand.ts";
import { type Link, type MessageHandler, topicMatches } from "../../src/io/mqtt/link.ts";
import type { AckMessage } from "../../src/wire/envelopes.ts";

/** A link whose messages the test hands in; it keeps what is published. */
export class FakeLink implements Link {
  readonly state = { kind: "offline", since: epochMs(0), code: null } as const;
  readonly published: { topic: string; ack: AckMessage; retain: boolean }[] = [];
  readonly #handlers: [string, MessageHandler][] = [];
  publish(topic: string, text: string, options: { retain: boolean }): void {
    this.published.push({ topic, ack: JSON.parse(text), retain: options.retain });
  }
  subscribe(filter: string, handler: MessageHandler): void {
    this.#handlers.push([filter, handler]);
  }
  onState(): void {}
  async receive(topic: string, body: unknown): Promise<AckMessage | undefined> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const before = this.published.length;
    for (const [filter, handler] of this.#handlers)
      if (topicMatches(filter, topic)) await handler({ topic, text, retained: false });
    return this.published[before]?.ack;
  }
}
