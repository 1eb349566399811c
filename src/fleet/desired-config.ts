import type { EpochMs } from "../core/brand.ts";
import type { InputFault, Result } from "../core/errors.ts";
import {
  type ConfigStatus,
  type DesiredDocument,
  type DesiredMessage,
  documentHash,
  REPORTED_FAULTS_CAP,
} from "../wire/fleet-messages.ts";

/** A configuration that the centre wished for and this gateway took. */
export interface Wish {
  readonly version: number;
  readonly hash: string;
  readonly document: DesiredDocument;
}

/** How the gateway stood before it changed: what a new configuration has to bring back. */
export interface Baseline {
  /** Ids of the sensors that saw. */
  readonly seeing: readonly string[];
  /** Whether the centre acknowledged. */
  readonly isAcked: boolean;
}

/** A wish on probation. */
export interface Trial extends Wish {
  readonly baseline: Baseline;
  /** How many lives of the process began with it. */
  readonly starts: number;
}

/** What became of a wish. */
export interface Verdict {
  readonly version: number;
  readonly hash: string;
  readonly status: ConfigStatus;
  readonly errors: readonly InputFault[];
  /** Whether the audit stream has it; never so while it is pending. */
  readonly isTold: boolean;
}

/** All that a gateway remembers of wishes over a restart; written whole, so it is the old or the new one. */
export interface FleetState {
  readonly v: 1;
  /** What it runs with when nothing is tried; null: its own files. */
  readonly accepted: Wish | null;
  readonly trial: Trial | null;
  /** Of the last wish that was read. */
  readonly last: Verdict | null;
  /** Wishes that are not tried again, newest last; at most 32, the oldest fall out. */
  readonly failed: readonly Pick<Verdict, "version" | "hash">[];
  /** Commands that ended a life of the process, newest last; at most 32. */
  readonly restartedBy: readonly string[];
}

/** What a new gateway remembers. */
export const NO_WISHES: FleetState = {
  v: 1,
  accepted: null,
  trial: null,
  last: null,
  failed: [],
  restartedBy: [],
};

/** What is to be done about a desired configuration. */
export type Judgement =
  /** Nothing: it is in force, on probation, or was refused before. */
  | { readonly kind: "known" }
  | { readonly kind: "ignored"; readonly why: "expired" | "older" }
  | { readonly kind: "rejected"; readonly state: FleetState }
  /** Taken without a restart: nothing that runs depends on what changed. */
  | { readonly kind: "taken"; readonly state: FleetState }
  /** Keep the state, then start anew; the probation follows. */
  | { readonly kind: "restart"; readonly state: FleetState };

/** What checking a document against this gateway gave. */
export interface CheckedWish {
  /** Whether anything changes that only a new life of the process takes up. */
  readonly needsRestart: boolean;
}

/** What judging needs to know of the moment. */
export interface JudgeContext {
  /** Nobody may have set this clock. It then stands in the past, and at worst takes what is late for punctual. */
  readonly now: EpochMs;
  readonly baseline: Baseline;
  readonly hash: (text: string) => string;
  readonly check: (document: DesiredDocument) => Result<CheckedWish, readonly InputFault[]>;
}

/** Lives that a wish may begin without one reaching the end of its probation. */
const STARTS_MAX = 3;
const REMEMBERED = 32;

/**
 * Judges a desired configuration. The same hash is acted upon once, whatever its version; one that was reverted or
 * rejected is tried again only under a higher version, since then somebody wants it again. Pure.
 */
export function judgeDesired(
  state: FleetState,
  desired: DesiredMessage,
  context: JudgeContext,
): Judgement {
  const { version, hash, notAfter, document } = desired;
  if (hash === (state.trial ?? state.accepted)?.hash) return { kind: "known" };
  if (state.failed.some((one) => one.hash === hash && one.version >= version))
    return { kind: "known" };
  if (state.last !== null && version < state.last.version) return { kind: "ignored", why: "older" };
  const late = notAfter !== null && Date.parse(notAfter) < context.now;
  if (late) return { kind: "ignored", why: "expired" };
  const right = documentHash(document, context.hash);
  if (hash !== right) {
    // Remembered by both hashes: the document that goes with this one may yet come.
    const pair = context.hash(`${hash} ${right}`);
    if (state.failed.some((one) => one.hash === pair && one.version >= version))
      return { kind: "known" };
    const fault = { path: "hash", found: hash, expected: `${right}, the hash of the document` };
    return {
      kind: "rejected",
      state: failed(state, { version, hash }, "rejected", [fault], pair),
    };
  }
  const wish: Wish = { version, hash, document };
  // What ran well before needs no probation again.
  if (hash === state.accepted?.hash)
    return { kind: "restart", state: accepted({ ...state, trial: null }, wish) };
  const outcome = context.check(document);
  if (!outcome.ok) return { kind: "rejected", state: rejected(state, wish, outcome.error) };
  if (!outcome.value.needsRestart && state.trial === null)
    return { kind: "taken", state: accepted(state, wish) };
  // A wish that overtakes another on probation has to bring back what was there before both.
  const baseline = state.trial?.baseline ?? context.baseline;
  const trial: Trial = { ...wish, baseline, starts: 0 };
  const last: Verdict = { version, hash, status: "pending", errors: [], isTold: false };
  return { kind: "restart", state: { ...state, trial, last } };
}

/**
 * The state with which a life of the process begins: a trial has one start more, or is given up when it has had three
 * and ended none of them well. Keep the result before anything else starts. Pure.
 */
export function beginLife(state: FleetState): FleetState {
  const { trial } = state;
  if (trial === null) return state;
  if (trial.starts < STARTS_MAX) return { ...state, trial: { ...trial, starts: trial.starts + 1 } };
  const expected = "a gateway that lives through the probation";
  return revertTrial(state, [{ path: "", found: `${trial.starts} starts`, expected }]);
}

/** How the gateway stands at the end of a probation. */
export interface Standing extends Baseline {
  /** Ids of all sensors that are configured now: one that was taken out is not missed. */
  readonly configured: readonly string[];
}

/** What is worse than before, as faults; empty when the new configuration may stay. Pure. */
export function missedAfter({ baseline }: Trial, standing: Standing): readonly InputFault[] {
  const gone = baseline.seeing.filter(
    (id) => standing.configured.includes(id) && !standing.seeing.includes(id),
  );
  const faults: InputFault[] = gone.map((id) => ({
    path: `sensors.${id}`,
    found: "not seeing",
    expected: "a sensor that sees, as before the change",
  }));
  if (baseline.isAcked && !standing.isAcked)
    faults.push({
      path: "delivery",
      found: "no acknowledgement",
      expected: "acknowledgements of the centre, as before the change",
    });
  return faults;
}

/** Ends the probation well. Without a trial nothing changes. Pure. */
export function acceptTrial(state: FleetState): FleetState {
  if (state.trial === null) return state;
  const { version, hash, document } = state.trial;
  return accepted({ ...state, trial: null }, { version, hash, document });
}

/** Takes the wish on probation back: the one before is in force again. Without a trial nothing changes. Pure. */
export function revertTrial(state: FleetState, errors: readonly InputFault[]): FleetState {
  const { trial } = state;
  if (trial === null) return state;
  return failed({ ...state, trial: null }, trial, "reverted", errors);
}

/** Gives up the wish in force, which the gateway's own files do not go with any more. Pure. */
export function dropAccepted(state: FleetState, errors: readonly InputFault[]): FleetState {
  const { accepted: wish } = state;
  if (wish === null) return state;
  return failed({ ...state, accepted: null }, wish, "rejected", errors);
}

function accepted(state: FleetState, wish: Wish): FleetState {
  const { version, hash } = wish;
  const last: Verdict = { version, hash, status: "applied", errors: [], isTold: false };
  return { ...state, accepted: wish, last, failed: state.failed.filter((f) => f.hash !== hash) };
}

const rejected = (
  state: FleetState,
  wish: Pick<Verdict, "version" | "hash">,
  errors: readonly InputFault[],
): FleetState => failed(state, wish, "rejected", errors);

function failed(
  state: FleetState,
  { version, hash }: Pick<Verdict, "version" | "hash">,
  status: "reverted" | "rejected",
  errors: readonly InputFault[],
  remembered = hash,
): FleetState {
  const others = state.failed.filter((one) => one.hash !== remembered);
  const told = errors.slice(0, REPORTED_FAULTS_CAP);
  return {
    ...state,
    last: { version, hash, status, errors: told, isTold: false },
    failed: [...others, { version, hash: remembered }].slice(-REMEMBERED),
  };
}

/** The verdict that the audit stream does not have yet; null when there is none. Pure. */
export const untold = ({ last }: FleetState): Verdict | null =>
  last === null || last.isTold || last.status === "pending" ? null : last;

/** Notes that the audit stream has the last verdict. Pure. */
export const toldLast = (state: FleetState): FleetState =>
  state.last === null ? state : { ...state, last: { ...state.last, isTold: true } };

/** Remembers that a command is about to end this life of the process. Pure. */
export const restartBy = (state: FleetState, commandId: string): FleetState => ({
  ...state,
  restartedBy: [...state.restartedBy, commandId].slice(-REMEMBERED),
});
