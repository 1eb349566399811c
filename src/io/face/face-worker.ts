import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { Refusal } from "../../core/consent.ts";
import { GatewayError } from "../../core/errors.ts";
import { type FaceEngine, openFaceEngine } from "./face-engine.ts";
import type { FaceBirth, FaceNews, FaceOrder } from "./face-protocol.ts";

type Look = Extract<FaceOrder, { kind: "look" }>;

/** The thread's side: the networks, and questions to the gate on the other side. */
class FaceWorker {
  readonly #engine: FaceEngine;
  readonly #port: MessagePort;
  #running: Promise<void> = Promise.resolve();
  #answer: ((refusal: Refusal | null) => void) | null = null;

  constructor(engine: FaceEngine, port: MessagePort) {
    this.#engine = engine;
    this.#port = port;
    port.on("message", (order: FaceOrder) => this.#take(order));
    this.#post({ kind: "ready", id: engine.id, dim: engine.dim });
  }

  #take(order: FaceOrder): void {
    if (order.kind === "may") {
      this.#answer?.(order.refusal);
      this.#answer = null;
      return;
    }
    this.#running = this.#running.then(() => this.#obey(order));
  }

  async #obey(order: Exclude<FaceOrder, { kind: "may" }>): Promise<void> {
    if (order.kind === "leave") return await this.#leave();
    try {
      if (order.kind === "look") await this.#look(order);
      else {
        await this.#engine.scrub();
        this.#post({ kind: "scrubbed" });
      }
    } catch (error) {
      // Nobody knows what state the engine is in: the host begins a new thread when a shopper acts again.
      await this.#leave(failureOf(error));
    }
  }

  async #look({ picture, use, values }: Look): Promise<void> {
    const probe = await this.#engine.look(picture, use, () => this.#ask());
    if (!probe.ok) return this.#post({ kind: "refused", refusal: probe.error });
    values.set(probe.value.values);
    probe.value.wipe();
    this.#post({ kind: "seen", quality: probe.value.quality });
  }

  #ask(): Promise<Refusal | null> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#post({ kind: "may" });
    });
  }

  /** Without its port the thread has nothing to wait for, and ends. */
  async #leave(last: FaceNews | null = null): Promise<void> {
    try {
      await this.#engine.close();
    } finally {
      if (last !== null) this.#post(last);
      this.#port.close();
    }
  }

  #post(news: FaceNews): void {
    this.#port.postMessage(news);
  }
}

function failureOf(error: unknown): FaceNews {
  const code = error instanceof GatewayError ? error.code : "INFERENCE_FAILED";
  return { kind: "failed", code, message: error instanceof Error ? error.message : String(error) };
}

async function main(birth: FaceBirth, port: MessagePort): Promise<void> {
  try {
    new FaceWorker(await openFaceEngine(birth), port);
  } catch (error) {
    port.postMessage(failureOf(error));
    port.close();
  }
}

/** Entry of the thread for faces. */
if (parentPort !== null) await main(workerData as FaceBirth, parentPort);
