import { readWish } from "../../config/remote-change.ts";
import { type MonoMs, monoMs } from "../../core/brand.ts";
import { canonicalText } from "../../core/canonical-text.ts";
import type { Clock, TimeAnchor, Timer } from "../../core/clock.ts";
import { fail, GatewayError, type InputFault, ok, type Result } from "../../core/errors.ts";
import type { AuditRecorded } from "../../core/events.ts";
import type { Log } from "../../core/lifecycle.ts";
import {
  acceptTrial,
  type CheckedWish,
  type FleetState,
  type Judgement,
  judgeDesired,
  missedAfter,
  revertTrial,
  toldLast,
  untold,
  type Verdict,
} from "../../fleet/desired-config.ts";
import { eventHash } from "../../io/mqtt/event-hash.ts";
import { isoTime } from "../../wire/cloud-event.ts";
import { LARGEST_PAYLOAD_BYTES, parseMessage, parsePeerMessage } from "../../wire/envelopes.ts";
import {
  type DesiredDocument,
  type DesiredMessage,
  desiredSchema,
  type IgnoredReason,
  type ReportedMessage,
} from "../../wire/fleet-messages.ts";
import type { LoadedConfig } from "../config-files.ts";
import type { LogLevel } from "../logger.ts";
import type { FleetPorts } from "./fleet-ports.ts";
import { type FleetBase, maskFaults, presentConfig, sitePathOf } from "./open-gateway.ts";

export interface WishDeskDeps {
  readonly base: FleetBase;
  readonly loaded: LoadedConfig;
  readonly ports: Pick<FleetPorts, "delivery" | "sensors" | "now">;
  /** Something that `up/reported` tells has changed. */
  readonly onNews: () => void;
  /** The process is to be started anew. */
  readonly leave: (why: string) => void;
  readonly setLogLevel: (level: LogLevel) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const SETTLED_MS = 60_000;
const SETTLE_CHECK_MS = 250;
/** After the probation: longest time in which everything must once be well together; a short probation has less. */
const GRACE_MS = 90_000;
const GRACE_CHECK_MS = 1000;

/** Takes the centre's configurations: judges, keeps, tries and takes back. One at a time, in the order they came. */
export class WishDesk {
  readonly #deps: WishDeskDeps;
  #queue: Promise<void> = Promise.resolve();
  #probation: Timer | null = null;
  #graceUntilMono: MonoMs | null = null;
  #ignored: ReportedMessage["ignored"] = null;
  #isLeaving = false;
  #isSettled = false;
  /** The newest wish that came before the gateway had settled. */
  #held: string | null = null;
  #settling: Timer | null = null;

  constructor(deps: WishDeskDeps) {
    this.#deps = deps;
  }

  get state(): FleetState {
    return this.#deps.base.memory.state;
  }

  /** The last wish that was not read, and why; null when there was none. */
  get ignored(): ReportedMessage["ignored"] {
    return this.#ignored;
  }

  /** Tells what the last life could not tell, and begins the probation if there is one. */
  async start(): Promise<void> {
    const { base, loaded } = this.#deps;
    const { accepted, trial } = this.state;
    await this.#enqueue(() => this.#tell());
    await base.memory.tidy([accepted, trial].map((wish) => sitePathOf(base, wish?.document)));
    this.#settle();
    // A life that could not take the trial up has nothing to say about it.
    if (trial === null || trial.hash !== base.inForce) return;
    this.#concludeIn(loaded.config.fleet.probationMs);
  }

  #concludeIn(delayMs: number): void {
    this.#probation = this.#deps.clock.after(delayMs, "probation", () => {
      void this.#enqueue(() => this.#conclude());
    });
  }

  /** Takes the text of `down/desired`; resolves when it has been dealt with, or waits for the gateway to settle. */
  async take(text: string): Promise<void> {
    if (this.#isSettled) await this.#enqueue(() => this.#judge(text));
    else this.#held = text;
  }

  stop(): Promise<void> {
    this.#probation?.cancel();
    this.#settling?.cancel();
    this.#isLeaving = true;
    return this.#queue;
  }

  /**
   * A wish may lie at the broker when the gateway starts. It waits until the sensors see and the centre acknowledges, or
   * for a minute: what a change has to bring back cannot be known before.
   */
  #settle(): void {
    const { clock, loaded, ports } = this.#deps;
    const untilMono = clock.mono() + Math.min(SETTLED_MS, loaded.config.fleet.probationMs);
    this.#settling = clock.every(SETTLE_CHECK_MS, "settling", () => {
      const { seeing, isAcked } = this.#standing();
      const isWhole = isAcked && seeing.length === ports.sensors().length;
      if (!isWhole && clock.mono() < untilMono) return;
      this.#settling?.cancel();
      this.#isSettled = true;
      const text = this.#held;
      this.#held = null;
      if (text !== null) void this.take(text);
    });
  }

  /** A disk that refuses is said and never stops the gateway: the wish comes again with the next connection. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(async () => {
      if (this.#isLeaving) return;
      try {
        await work();
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        const fields = { event: "fleet.failed", code: error.code };
        this.#deps.log.error(fields, `a configuration was not kept: ${error.message}`);
      }
    });
    this.#queue = turn;
    return turn;
  }

  async #judge(text: string): Promise<void> {
    // An empty retained message takes the wish away; what is in force stays.
    if (text === "") return;
    const parsed = readDesired(text);
    if (!parsed.ok) return this.#ignore(null, "unreadable", parsed.error);
    const desired = parsed.value;
    const { base } = this.#deps;
    // A glance first: what is known already, a thousand times a day, costs no reading of files.
    const glance = this.#judgement(desired, ok({ needsRestart: true }));
    const site = sitePathOf(base, desired.document);
    const isNews = glance.kind === "restart";
    const checks = isNews ? await this.#preparedChecks(desired.document, site) : NO_CHECKS;
    const verdict = isNews ? this.#judgement(desired, checks.outcome) : glance;
    switch (verdict.kind) {
      case "known":
        return;
      case "ignored":
        return this.#ignore(desired, verdict.why, []);
      case "rejected":
        return this.#keepAndTell(verdict.state);
      case "taken":
        await this.#keepAndTell(verdict.state);
        if (checks.level !== null) this.#deps.setLogLevel(checks.level);
        return;
      case "restart":
        if (checks.siteDocument !== null) await base.memory.placeSite(site, checks.siteDocument);
        await this.#keepAndTell(verdict.state);
        this.#leave(`configuration ${desired.version} of the centre is to be put in force`);
    }
  }

  #judgement(desired: DesiredMessage, outcome: PreparedChecks["outcome"]): Judgement {
    return judgeDesired(this.state, desired, {
      now: this.#deps.ports.now().epoch,
      baseline: this.#standing(),
      hash: eventHash,
      check: () => outcome,
    });
  }

  /** Reads what the wish has to fit, since people may have changed it since the start. */
  async #preparedChecks(document: DesiredDocument, site: string): Promise<PreparedChecks> {
    const { base, loaded, ports } = this.#deps;
    const { outboxBytes: waitingBytes, outboxCapBytes: capBytes } = ports.delivery.status();
    const present = await presentConfig(base, loaded.sitePath, { capBytes, waitingBytes });
    const outcome = readWish(document, present);
    if (!outcome.ok)
      return { outcome: fail(maskFaults(outcome.error)), siteDocument: null, level: null };
    const { config, siteDocument } = outcome.value;
    const isSame = withoutLog(config) === withoutLog(loaded.config) && site === loaded.sitePath;
    // A plan that lies there already has been edited in the shop meanwhile, or would have been written the same.
    const isNew = siteDocument !== null && site !== loaded.sitePath;
    return {
      outcome: ok({ needsRestart: !isSame }),
      siteDocument: isNew ? siteDocument : null,
      level: config.log.level,
    };
  }

  async #conclude(): Promise<void> {
    const { trial } = this.state;
    if (trial === null) return;
    const { base, ports, clock, loaded } = this.#deps;
    const configured = ports.sensors().map(({ id }) => id);
    const errors = missedAfter(trial, { ...this.#standing(), configured });
    // A link or a camera that is away for a moment says nothing about the configuration.
    const graceMs = Math.min(GRACE_MS, loaded.config.fleet.probationMs);
    this.#graceUntilMono ??= monoMs(clock.mono() + graceMs);
    if (errors.length > 0 && clock.mono() < this.#graceUntilMono)
      return this.#concludeIn(GRACE_CHECK_MS);
    if (errors.length === 0) {
      await this.#keepAndTell(acceptTrial(this.state));
      await base.memory.tidy([sitePathOf(base, trial.document)]);
      return;
    }
    await this.#keepAndTell(revertTrial(this.state, errors));
    this.#leave(`configuration ${trial.version} of the centre is taken back`);
  }

  #standing(): { readonly seeing: readonly string[]; readonly isAcked: boolean } {
    const { ports } = this.#deps;
    const seeing = ports.sensors().flatMap(({ id, state }) => (state === "seeing" ? [id] : []));
    return { seeing, isAcked: ports.delivery.status().state === "acked" };
  }

  async #keepAndTell(state: FleetState): Promise<void> {
    await this.#keep(state);
    await this.#tell();
    this.#deps.onNews();
  }

  /** The audit gets the verdict once it is kept; a crash in between tells it again, under the same id. */
  async #tell(): Promise<void> {
    const verdict = untold(this.state);
    if (verdict === null) return;
    const { ports, log, base } = this.#deps;
    const { version, status } = verdict;
    log.info({ event: "fleet.config", version, status }, `configuration ${version} was ${status}`);
    if (ports.delivery.record(auditOf(verdict, ports.now()))) await base.memory.update(toldLast);
  }

  /** Commands note what they do in the same memory, and that stays theirs. */
  #keep(state: FleetState): Promise<void> {
    return this.#deps.base.memory.update(({ restartedBy }) => ({ ...state, restartedBy }));
  }

  #ignore(desired: DesiredMessage | null, why: IgnoredReason, faults: readonly InputFault[]): void {
    const { ports, log, onNews } = this.#deps;
    const [version, hash] = [desired?.version ?? null, desired?.hash ?? null];
    const before = this.#ignored;
    // A broker repeats what it retains at every connection; it is said once.
    if (before !== null && before.why === why && before.hash === hash && before.version === version)
      return;
    this.#ignored = { version, hash, why, at: isoTime(ports.now().epoch) };
    const fields = { event: "fleet.ignored", version, why, faults: maskFaults(faults) };
    log.warn(fields, "a configuration of the centre was not read");
    onNews();
  }

  #leave(why: string): void {
    this.#isLeaving = true;
    this.#deps.leave(why);
  }
}

interface PreparedChecks {
  readonly outcome: Result<CheckedWish, readonly InputFault[]>;
  /** A plan that has to be written first; null when there is none. */
  readonly siteDocument: Readonly<Record<string, unknown>> | null;
  readonly level: LogLevel | null;
}

const NO_CHECKS: PreparedChecks = { outcome: fail([]), siteDocument: null, level: null };

function readDesired(text: string): Result<DesiredMessage, readonly InputFault[]> {
  if (Buffer.byteLength(text) <= LARGEST_PAYLOAD_BYTES) return readEnvelope(text);
  const expected = `at most ${LARGEST_PAYLOAD_BYTES} bytes`;
  return fail([{ path: "", found: `${text.length} characters`, expected }]);
}

/** What a newer centre adds around the document is left out; what it adds to the document cannot be done here. */
function readEnvelope(text: string): Result<DesiredMessage, readonly InputFault[]> {
  const exact = parseMessage(desiredSchema, text);
  if (exact.ok || exact.error.some(({ path }) => path.startsWith("document"))) return exact;
  return parsePeerMessage(desiredSchema, text);
}

/** One text for everything but the setting that takes effect while the gateway runs. Pure. */
export const withoutLog = ({ log: _log, ...config }: LoadedConfig["config"]): string =>
  canonicalText(config);

function auditOf(verdict: Verdict, anchor: TimeAnchor): AuditRecorded {
  const { version, hash, status, errors } = verdict;
  const faults = errors.map(({ path, expected, found }) => `${path}: ${found}, not ${expected}`);
  return {
    kind: "audited",
    // The same verdict is the same event, however often it is told.
    source: `config:${hash}:${status}#${version}`,
    ...{ seq: 0, at: anchor.epoch, atMono: anchor.mono, clock: anchor.clock },
    action: "config",
    ...{ subjectId: hash, name: "config", version },
    outcome: status === "pending" ? "applied" : status,
    detail: faults.join("; ").slice(0, 512),
  };
}
