import { tagId as brandTag, type EpochMs, epochMs } from "../../core/brand.ts";
import type { Clock, Timer } from "../../core/clock.ts";
import { GatewayError } from "../../core/errors.ts";
import type { Log } from "../../core/lifecycle.ts";
import type { SitePlan, SurveyPoint, TagPlan } from "../../core/site.ts";
import type { RadioInput } from "../../io/radio/radio-input.ts";
import type { WalkGround } from "../../radio/walk/walk-judge.ts";
import type { WalkReport } from "../../radio/walk/walk-report.ts";
import { type MarkOutcome, type WalkRecord, WalkSession } from "../../radio/walk/walk-session.ts";
import type { WalkPort, WalkRefusal, WalkView } from "../../web/walk-view.ts";
import { REFUSALS, saveRefused } from "./walk-refusals.ts";
import { idleView, type WalkPlan, walkingView, withResult } from "./walk-words.ts";

/** What the walk mode of a gateway needs. */
export interface WalkDeskDeps {
  readonly site: Pick<SitePlan, "floor" | "receivers" | "survey">;
  readonly radio: Pick<RadioInput, "tags" | "onReading" | "resurvey">;
  readonly clock: Clock;
  readonly log: Log;
  /** Works a walk out; rejects when it cannot, or when the signal aborts. */
  readonly report: (
    ground: WalkGround,
    record: WalkRecord,
    signal: AbortSignal,
  ) => Promise<WalkReport>;
  /** Adds points to the plan at rest and resolves with the survey in it. @throws coded faults */
  readonly save: (points: readonly SurveyPoint[]) => Promise<readonly SurveyPoint[]>;
}

interface Walking {
  readonly kind: "walking";
  readonly session: WalkSession;
  readonly tag: TagPlan;
  readonly startedAt: EpochMs;
  readonly stopListening: () => void;
  readonly end: Timer;
}
interface Working {
  readonly kind: "working";
  readonly last: WalkView;
  readonly abort: AbortController;
  readonly done: Promise<null>;
}
interface Done {
  readonly kind: "done";
  readonly last: WalkView;
  readonly report: WalkReport;
  readonly isSaved: boolean;
}
type DeskState = { readonly kind: "idle" } | Walking | Working | Done;

const IDLE: DeskState = { kind: "idle" };
const STOPPING = "The gateway is stopping.";

/**
 * The walk mode of a running gateway: at most one walk at a time, which outlives the page it is led from and ends by
 * itself. Its readings live in memory only; what is kept are the survey points somebody saves.
 */
export class WalkDesk implements WalkPort {
  readonly #deps: WalkDeskDeps;
  #survey: readonly SurveyPoint[];
  #state: DeskState = IDLE;
  #isClosed = false;

  constructor(deps: WalkDeskDeps) {
    this.#deps = deps;
    this.#survey = deps.site.survey ?? [];
  }

  view(): WalkView {
    const state = this.#state;
    const plan = this.#plan();
    switch (state.kind) {
      case "idle":
        return idleView(plan);
      case "walking":
        return this.#walkingView(state);
      case "working":
        return { ...state.last, state: "working", here: null, canUndo: false };
      case "done":
        return withResult(state.last, state.report, plan, state.isSaved);
    }
  }

  start(tagId: string): WalkRefusal | null {
    if (this.#state.kind === "walking" || this.#state.kind === "working") return REFUSALS.running;
    const obstacle = this.#isClosed ? STOPPING : idleView(this.#plan()).obstacle;
    if (obstacle !== null) return { ...REFUSALS.impossible, message: obstacle };
    const { radio, clock, site } = this.#deps;
    const position = radio.tags.indexOfId(brandTag(tagId));
    const tag = radio.tags.active.find(({ id }) => id === tagId);
    if (tag === undefined) return REFUSALS.tag;
    const zones = site.floor?.zones.length ?? 0;
    const session = new WalkSession({ zones, receivers: site.receivers.length }, clock.mono());
    const places = new Map(site.receivers.map(({ id }, index) => [id, index]));
    const stopListening = radio.onReading((heard, receiver, rssiDbm, atMono) => {
      if (heard === position) session.reading(places.get(receiver) ?? -1, rssiDbm, atMono);
    });
    const longestMs = session.endsMono - session.startedMono;
    const end = clock.after(longestMs, "walk.end", () => this.#endItself());
    this.#state = { kind: "walking", session, tag, startedAt: clock.now(), stopListening, end };
    this.#deps.log.info({ event: "walk.started", tagId }, "a walk through the shop began");
    return null;
  }

  tap(zoneId: string): WalkRefusal | null {
    const zone = this.#deps.site.floor?.zones.findIndex(({ id }) => id === zoneId) ?? -1;
    return this.#mark((session, nowMono) => session.tap(zone, nowMono));
  }

  pause(): WalkRefusal | null {
    return this.#mark((session, nowMono) => session.pause(nowMono));
  }

  undo(): WalkRefusal | null {
    return this.#mark((session, nowMono) => session.undo(nowMono));
  }

  async finish(): Promise<WalkRefusal | null> {
    const state = this.#state;
    if (state.kind === "working") return state.done;
    if (state.kind !== "walking") return REFUSALS.none;
    const abort = new AbortController();
    const last = this.#walkingView(state);
    release(state);
    const record = state.session.record(this.#deps.clock.mono());
    const done = this.#work(record, last, abort.signal);
    this.#state = { kind: "working", last, abort, done };
    return done;
  }

  async save(): Promise<WalkRefusal | null> {
    const state = this.#state;
    if (state.kind !== "done" || state.report.points.length === 0) return REFUSALS.nothing;
    if (state.isSaved) return null;
    try {
      this.#survey = await this.#deps.save(state.report.points);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#deps.log.warn({ event: "walk.save-refused", code: error.code }, error.message);
      return saveRefused(error);
    }
    this.#deps.radio.resurvey(this.#survey);
    if (this.#state === state) this.#state = { ...state, isSaved: true };
    const points = state.report.points.length;
    this.#deps.log.info({ event: "walk.saved", points }, "survey points were added to the plan");
    return null;
  }

  cancel(): void {
    const state = this.#state;
    if (state.kind === "walking") release(state);
    this.#state = IDLE;
    if (state.kind === "working") state.abort.abort();
  }

  /** The gateway stops: drops the walk and begins no other, so that no timer or thread keeps the process alive. */
  close(): void {
    this.#isClosed = true;
    this.cancel();
  }

  /** Nobody waits for this result, so a fault of it goes to the log. */
  #endItself(): void {
    const { log } = this.#deps;
    this.finish().catch((err: unknown) =>
      log.error({ event: "walk.failed", err }, "a walk could not be worked out"),
    );
  }

  async #work(record: WalkRecord, last: WalkView, signal: AbortSignal): Promise<null> {
    const { report: workOut, log } = this.#deps;
    try {
      const report = await workOut(this.#ground(), record, signal);
      if (!signal.aborted) this.#state = { kind: "done", last, report, isSaved: false };
      const { verdict, readings } = report;
      log.info({ event: "walk.finished", verdict, readings }, "a walk was worked out");
      return null;
    } catch (error) {
      // Whoever dropped the walk does not wait for it.
      if (signal.aborted) return null;
      this.#state = IDLE;
      throw error;
    }
  }

  #mark(
    act: (session: WalkSession, nowMono: ReturnType<Clock["mono"]>) => MarkOutcome,
  ): WalkRefusal | null {
    if (this.#state.kind !== "walking") return REFUSALS.none;
    switch (act(this.#state.session, this.#deps.clock.mono())) {
      case "taken":
      case "already-there":
        return null;
      case "no-such-zone":
        return REFUSALS.zone;
      case "too-many":
        return REFUSALS.taps;
      case "over":
        return REFUSALS.none;
    }
  }

  #walkingView(state: Walking): WalkView {
    const { clock } = this.#deps;
    const lengthMs = state.session.endsMono - state.session.startedMono;
    return walkingView(this.#plan(), state.session.progress(clock.mono()), {
      tag: state.tag,
      startedAt: state.startedAt,
      endsAt: epochMs(state.startedAt + lengthMs),
    });
  }

  #ground(): WalkGround {
    const { floor, receivers } = this.#deps.site;
    if (floor === undefined) throw new TypeError("a walk was begun without a floor");
    return { floor, receivers, survey: this.#survey };
  }

  #plan(): WalkPlan {
    const { site, radio } = this.#deps;
    return { floor: site.floor ?? null, receivers: site.receivers, tags: radio.tags.active };
  }
}

function release({ stopListening, end }: Walking): void {
  stopListening();
  end.cancel();
}
