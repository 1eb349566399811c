import type { Worker } from "node:worker_threads";
import type { Clock } from "../../core/clock.ts";
import type { Refusal } from "../../core/consent.ts";
import { fail, GatewayError, ok, type Result } from "../../core/errors.ts";
import type {
  FaceChain,
  FaceChainId,
  FacePicture,
  FaceProbe,
  FaceQuality,
} from "../../face/ports.ts";
import type { ConsentGate, Permit } from "../../privacy/consent/consent-gate.ts";
import { launchWorker } from "../camera/worker-launch.ts";
import type { FaceUse } from "./face-engine.ts";
import type { FaceBirth, FaceNews, FaceOrder } from "./face-protocol.ts";

export interface FaceThreadOptions extends FaceBirth {
  /** The gate whose permits count; it is asked before every single run of a network. */
  readonly gate: Pick<ConsentGate, "refusalOf">;
  readonly clock: Pick<Clock, "after">;
}

/** A chain in a thread of its own. */
export type ThreadedFaceChain = FaceChain & Required<Pick<FaceChain, "scrub">>;

const CHANNELS = 3;
/** Models lie on a memory card, at worst. */
const START_LIMIT_MS = 60_000;
/** A picture takes a tenth of a second, on the smallest board two seconds; what takes this long hangs. */
const LOOK_LIMIT_MS = 15_000;
const LEAVE_LIMIT_MS = 5000;

/**
 * Opens the chain of a profile in a thread of its own: a network keeps its thread for up to a tenth of a second, and
 * who opens this has other things to do. Neither pictures nor numbers are copied into messages: both lie in shared
 * memory, so that one overwrite on either side is enough, also when the thread is gone. A picture that is not in shared
 * memory is copied into some, which is overwritten before `probe` returns.
 *
 * A thread that fails or dies is a fault of the look it was at; `scrub` and the next look begin a new one.
 * @throws MODEL_MISSING when a model it needs is not installed, MODEL_HASH_MISMATCH, MODEL_UNSUPPORTED
 */
export async function openFaceThread(options: FaceThreadOptions): Promise<ThreadedFaceChain> {
  const { gate, clock, ...birth } = options;
  const first = await LivingThread.start(birth, clock);
  return new FaceThread(first, () => LivingThread.start(birth, clock), gate);
}

class FaceThread implements ThreadedFaceChain {
  readonly #gate: FaceThreadOptions["gate"];
  readonly #begin: () => Promise<LivingThread>;
  #thread: LivingThread;
  #begun: Promise<LivingThread> | null = null;
  #isBusy = false;
  #isClosed = false;

  constructor(
    first: LivingThread,
    begin: () => Promise<LivingThread>,
    gate: FaceThreadOptions["gate"],
  ) {
    this.#thread = first;
    this.#begin = begin;
    this.#gate = gate;
  }

  /** Of the present thread: models that were replaced make another chain when a thread begins anew. */
  get id(): FaceChainId {
    return this.#thread.id;
  }

  async probe(
    picture: FacePicture,
    permit: Permit<"loyalty-face">,
    use: FaceUse,
  ): Promise<Result<FaceProbe, Refusal>> {
    if (picture.rgb.length !== picture.widthPx * picture.heightPx * CHANNELS) {
      throw new TypeError("a picture of another length than its size says");
    }
    const mayRun = (): Refusal | null =>
      this.#isClosed ? "not-at-station" : this.#gate.refusalOf(permit, "loyalty-face");
    const refused = mayRun();
    if (refused !== null) return fail(refused);
    if (this.#isBusy) return fail("busy");
    this.#isBusy = true;
    try {
      return await this.#look(await this.#alive(), picture, use, mayRun);
    } finally {
      this.#isBusy = false;
    }
  }

  async scrub(): Promise<void> {
    if (this.#isBusy || this.#isClosed) return;
    this.#isBusy = true;
    try {
      // One that was ended by force overwrote nothing: the next one is given that memory and fills it anew.
      await (await this.#alive()).scrub();
    } catch (fault) {
      if (!this.#isClosed) throw fault;
    } finally {
      this.#isBusy = false;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // One that begins just now would not hear of it; why it could not begin is told to who asked for it.
    await this.#begun?.catch(() => undefined);
    await this.#thread.leave();
  }

  async #alive(): Promise<LivingThread> {
    if (!this.#thread.isGone) return this.#thread;
    this.#begun = this.#begin();
    this.#thread = await this.#begun;
    return this.#thread;
  }

  async #look(
    thread: LivingThread,
    picture: FacePicture,
    use: FaceUse,
    mayRun: () => Refusal | null,
  ): Promise<Result<FaceProbe, Refusal>> {
    const values = new Float32Array(new SharedArrayBuffer(thread.dim * 4));
    const rgb = sharedPixels(picture.rgb);
    const wipe = (): void => void values.fill(0);
    let isHandedOut = false;
    try {
      const seen = await thread.look({ picture: { ...picture, rgb }, use, values }, mayRun);
      if (!seen.ok) return seen;
      // What was taken back while the answer was on its way is not handed out.
      const refused = mayRun();
      if (refused !== null) return fail(refused);
      isHandedOut = true;
      return ok({ chain: thread.id, values, quality: seen.value, wipe });
    } finally {
      if (!isHandedOut) wipe();
      if (rgb !== picture.rgb) rgb.fill(0);
    }
  }
}

/** The pixels themselves where they are in shared memory already, else a copy of them that is. */
function sharedPixels(rgb: Uint8Array): Uint8Array {
  if (rgb.buffer instanceof SharedArrayBuffer) return rgb;
  const copy = new Uint8Array(new SharedArrayBuffer(rgb.length));
  copy.set(rgb);
  return copy;
}

type Answer = Extract<FaceNews, { kind: "seen" | "refused" | "scrubbed" }>;

/** How a promise is settled from outside. */
interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (fault: GatewayError) => void;
}

type Look = Omit<Extract<FaceOrder, { kind: "look" }>, "kind">;

/** One life of the thread, from when its networks are loaded. One order at a time. */
class LivingThread {
  readonly #worker: Worker;
  readonly #clock: Pick<Clock, "after">;
  readonly #gone: Promise<void>;
  readonly #born: Promise<void>;
  #settleBorn: Settle<void> | null = null;
  #state: { readonly id: FaceChainId; readonly dim: number } | null = null;
  #waiting: Settle<Answer> | null = null;
  #mayRun: () => Refusal | null = () => "not-at-station";
  #fault: GatewayError | null = null;
  #isLeaving = false;
  #isGone = false;

  private constructor(birth: FaceBirth, clock: Pick<Clock, "after">) {
    this.#clock = clock;
    this.#worker = launchWorker(import.meta.url, "face-worker", birth);
    this.#worker.on("message", (news: FaceNews) => this.#read(news));
    this.#worker.on("error", (cause: Error) => {
      this.#fault ??= new GatewayError("INFERENCE_FAILED", cause.message, { cause });
    });
    this.#born = new Promise((resolve, reject) => {
      this.#settleBorn = { resolve, reject };
    });
    this.#gone = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        this.#bury();
        resolve();
      });
    });
  }

  /** Resolves when the networks are loaded. @throws what the thread says is wrong, and INFERENCE_FAILED */
  static async start(birth: FaceBirth, clock: Pick<Clock, "after">): Promise<LivingThread> {
    const thread = new LivingThread(birth, clock);
    await thread.#within(START_LIMIT_MS, "face-thread.start", thread.#born);
    return thread;
  }

  get id(): FaceChainId {
    return this.#loaded.id;
  }

  get dim(): number {
    return this.#loaded.dim;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  async look(look: Look, mayRun: () => Refusal | null): Promise<Result<FaceQuality, Refusal>> {
    this.#mayRun = mayRun;
    const answer = await this.#order({ kind: "look", ...look });
    if (answer.kind === "seen") return ok(answer.quality);
    return fail(answer.kind === "refused" ? answer.refusal : "no-face");
  }

  async scrub(): Promise<void> {
    await this.#order({ kind: "scrub" });
  }

  /** Lets it overwrite everything and end; a look under way ends first, without another run. Idempotent. */
  async leave(): Promise<void> {
    if (this.#isGone) return;
    if (!this.#isLeaving) this.#post({ kind: "leave" });
    this.#isLeaving = true;
    await this.#within(LEAVE_LIMIT_MS, "face-thread.leave", this.#gone);
  }

  get #loaded(): { readonly id: FaceChainId; readonly dim: number } {
    if (this.#state === null) throw new TypeError("a thread that is not born yet");
    return this.#state;
  }

  #order(order: FaceOrder): Promise<Answer> {
    if (this.#isGone) return Promise.reject(this.#ended());
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    this.#post(order);
    return this.#within(LOOK_LIMIT_MS, "face-thread.order", answer);
  }

  /** Ends the thread by force when it takes too long, which fails whatever waits for it. */
  async #within<T>(limitMs: number, name: string, awaited: Promise<T>): Promise<T> {
    const timer = this.#clock.after(limitMs, name, () => void this.#worker.terminate());
    try {
      return await awaited;
    } finally {
      timer.cancel();
    }
  }

  #post(order: FaceOrder): void {
    this.#worker.postMessage(order);
  }

  #read(news: FaceNews): void {
    switch (news.kind) {
      case "ready":
        this.#state = { id: Object.freeze(news.id), dim: news.dim };
        this.#settleBorn?.resolve();
        this.#settleBorn = null;
        return;
      case "may":
        this.#post({ kind: "may", refusal: this.#mayRun() });
        return;
      case "failed":
        this.#fault ??= new GatewayError(news.code, news.message);
        return;
      default:
        this.#waiting?.resolve(news);
        this.#waiting = null;
    }
  }

  #bury(): void {
    this.#isGone = true;
    const fault = this.#ended();
    this.#settleBorn?.reject(fault);
    this.#settleBorn = null;
    this.#waiting?.reject(fault);
    this.#waiting = null;
  }

  #ended(): GatewayError {
    return this.#fault ?? new GatewayError("INFERENCE_FAILED", "The thread for faces ended");
  }
}
