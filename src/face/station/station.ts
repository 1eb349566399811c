import type { MonoMs, SubjectRef } from "../../core/brand.ts";
import type { Refusal } from "../../core/consent.ts";
import { fail, ok, type Result } from "../../core/errors.ts";
import type { Permit } from "../../privacy/consent/consent-gate.ts";
import { capOf } from "../../privacy/consent/grant-rules.ts";
import { FrameAgreement } from "../agreement.ts";
import { compareFaces, identifyFace, matchDistance } from "../comparison.ts";
import { Enrolment } from "../enrolment.ts";
import { needsSecondLook } from "../liveness.ts";
import type { FaceChain, FaceProbe, OpenTemplate, TemplateVault } from "../ports.ts";
import { isOfAPicture, type LookTerms, look, type PictureVerdict } from "./look.ts";
import type {
  FaceConsent,
  LookCounts,
  StationAct,
  StationCamera,
  StationDeps,
  StationOutcome,
  StationView,
} from "./station-ports.ts";

/** How long the camera looks at most. */
export const VERIFY_LIMIT_MS = 12_000;
export const ENROL_LIMIT_MS = 30_000;
/** Most members that are searched at once: each is a chance to take one for another. */
export const GALLERY_CAP = 50;
/** Looks that may fail before the code is offered instead. */
const FAILURES_BEFORE_CODE = 2;
/** Failures of somebody who is gone do not count for the next one. */
const FAILURES_KEPT_MS = 120_000;

/** Reasons for which a consent to the face is what is missing; for any other a new one would change nothing. */
const MENDED_BY_CONSENT: ReadonlySet<Refusal> = new Set([
  "no-grant",
  "grant-expired",
  "grant-revoked",
]);

const IDLE: StationView = Object.freeze({ act: null, hint: null, taken: 0 });

/** What a look needs; each may be missing. */
interface Eyes {
  readonly camera: StationCamera;
  readonly chain: FaceChain;
  readonly vault: TemplateVault;
}

/**
 * What shoppers do at a station, one at a time: show a code, have a face confirmed, be found among few, enrol. It looks
 * only while one of them acts and only with a permit for whoever it looks at, keeps no picture and no probe, and refuses
 * nobody for good: a face that is not known leads to the code, which gives the same.
 */
export class Station {
  readonly #deps: StationDeps;
  #view: StationView = IDLE;
  #stop: AbortController | null = null;
  #failures = 0;
  #failedMono: MonoMs | null = null;
  readonly #counts = { matches: 0, nonMatches: 0, doubted: 0, unusable: 0, enrolled: 0 };
  #acting: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(deps: StationDeps) {
    this.#deps = deps;
  }

  /** What is going on now. */
  get view(): StationView {
    return this.#view;
  }

  /** How looks ended since the start. */
  get counts(): LookCounts {
    return { ...this.#counts };
  }

  /** Ends what is going on; the camera goes off. */
  stop(): void {
    this.#stop?.abort();
  }

  /** Ends what is going on and waits until nothing of it is half done; nothing is begun any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.stop();
    await this.#acting;
  }

  /** The equal path: a code or a card alone. No camera, no face. */
  recogniseByCode(subject: SubjectRef): StationOutcome {
    const permit = this.#deps.gate.permit(subject, "loyalty-beacon");
    if (!permit.ok) return { kind: "refused", reason: permit.error, next: "again" };
    return this.#recognised(subject, "code");
  }

  /** Confirms with the face that somebody is the member whose code was shown. */
  async verify(subject: SubjectRef): Promise<StationOutcome> {
    return await this.#act("verify", async (stop) => {
      if (this.#deps.jurisdiction() === "off") return fail("face-off");
      const permit = this.#deps.gate.permit(subject, "loyalty-face");
      if (!permit.ok) return permit;
      const eyes = this.#eyes();
      if (!eyes.ok) return eyes;
      if (!eyes.value.vault.has(subject)) return fail("not-enrolled");
      const live = (): Result<Permit<"loyalty-face">, Refusal> => this.#live(permit.value);
      return await this.#match(eyes.value, stop, live, (probe, within) =>
        this.#compare(eyes.value, permit.value, probe, within),
      );
    });
  }

  /** Finds who acts among at most fifty members; only where the law of the place lets a gallery be searched. */
  async identify(): Promise<StationOutcome> {
    return await this.#act("identify", async (stop) => {
      if (this.#deps.jurisdiction() !== "kiosk-identify") return fail("face-off");
      const eyes = this.#eyes();
      if (!eyes.ok) return eyes;
      // Whoever agreed to be confirmed did not agree to be searched for.
      const permits = eyes.value.vault
        .subjects()
        .map((member) => this.#deps.gate.permit(member, "loyalty-face"))
        .filter((permit) => permit.ok)
        .map(({ value }) => value)
        .filter(({ jurisdiction }) => jurisdiction === "kiosk-identify");
      if (permits.length > GALLERY_CAP) return fail("gallery-full");
      // Somebody's permit is needed to look at all; whose it is says nothing about who stands there.
      const live = (): Result<Permit<"loyalty-face">, Refusal> => {
        const one = permits.find(({ refusal }) => refusal === null);
        return one === undefined ? fail("not-enrolled") : ok(one);
      };
      const isAny = live();
      if (!isAny.ok) return isAny;
      return await this.#match(eyes.value, stop, live, (probe, within) =>
        ok(identifyFace(probe, opened(eyes.value, permits), within)),
      );
    });
  }

  /**
   * Keeps a template of who acts, each on a consent of its own. Where one is live already, it permits the look, and the
   * new one is written with the template. A consent of which no template comes is taken back.
   */
  async enrol(subject: SubjectRef, consent: FaceConsent): Promise<StationOutcome> {
    return await this.#act("enrol", async (stop) => {
      const eyes = this.#eyes();
      if (!eyes.ok) return eyes;
      const refusal = consent.refusal();
      if (refusal !== null) return fail(refusal);
      return await this.#enrolOn(consent, subject, eyes.value, stop);
    });
  }

  async #enrolOn(
    consent: FaceConsent,
    subject: SubjectRef,
    eyes: Eyes,
    stop: AbortSignal,
  ): Promise<Result<SubjectRef, Refusal>> {
    const { gate, consents } = this.#deps;
    const held = gate.permit(subject, "loyalty-face");
    if (!held.ok && !MENDED_BY_CONSENT.has(held.error)) return held;
    let isGiven = false;
    let isKept = false;
    const renewed = (): Result<Permit<"loyalty-face">, Refusal> => {
      const given = consent.give();
      if (!given.ok) return given;
      isGiven = true;
      return gate.permit(subject, "loyalty-face");
    };
    try {
      const permit = held.ok ? held : renewed();
      if (!permit.ok) return permit;
      const outcome = await this.#enrol(eyes, permit.value, held.ok ? renewed : () => permit, stop);
      isKept = outcome.ok;
      return outcome;
    } finally {
      if (isGiven && !isKept) consents.withdrawFace(subject);
    }
  }

  async #act(
    act: StationAct,
    run: (stop: AbortSignal) => Promise<Result<SubjectRef, Refusal>>,
  ): Promise<StationOutcome> {
    if (this.#stop !== null || this.#isClosed)
      return { kind: "refused", reason: "busy", next: "again" };
    const acting = this.#run(act, run);
    // Whoever asked is told of a fault; who closes only waits.
    const over = (): void => undefined;
    this.#acting = acting.then(over, over);
    return await acting;
  }

  async #run(
    act: StationAct,
    run: (stop: AbortSignal) => Promise<Result<SubjectRef, Refusal>>,
  ): Promise<StationOutcome> {
    const stop = new AbortController();
    this.#stop = stop;
    this.#view = { act, hint: null, taken: 0 };
    try {
      const outcome = await run(stop.signal);
      this.#tally(act, outcome);
      if (!outcome.ok) return this.#refused(outcome.error);
      if (act !== "enrol") return this.#recognised(outcome.value, "face");
      this.#failures = 0;
      return { kind: "enrolled", subject: outcome.value };
    } finally {
      this.#stop = null;
      this.#view = IDLE;
    }
  }

  #tally(act: StationAct, outcome: Result<SubjectRef, Refusal>): void {
    if (outcome.ok) this.#counts[act === "enrol" ? "enrolled" : "matches"] += 1;
    else if (outcome.error === "no-match") this.#counts.nonMatches += 1;
    else if (outcome.error === "needs-second-look") this.#counts.doubted += 1;
    else if (isOfAPicture(outcome.error)) this.#counts.unusable += 1;
  }

  #recognised(subject: SubjectRef, method: "code" | "face"): StationOutcome {
    this.#failures = 0;
    this.#deps.onRecognised(subject, method);
    return { kind: "recognised", subject, method };
  }

  #refused(reason: Refusal): StationOutcome {
    const now = this.#deps.clock.mono();
    const last = this.#failedMono;
    if (last !== null && now - last > FAILURES_KEPT_MS) this.#failures = 0;
    this.#failedMono = now;
    const mayHelp = isOfAPicture(reason) || reason === "no-match" || reason === "not-at-station";
    if (mayHelp && reason !== "not-at-station") this.#failures += 1;
    const isAgain = mayHelp && this.#failures < FAILURES_BEFORE_CODE;
    return { kind: "refused", reason, next: isAgain ? "again" : "code" };
  }

  /** Why nobody can be looked at, or what to look with. */
  #eyes(): Result<Eyes, Refusal> {
    const { camera, jurisdiction } = this.#deps;
    if (jurisdiction() === "off") return fail("face-off");
    if (camera === null) return fail("camera-missing");
    const chain = this.#deps.chain();
    if (chain === null) return fail("models-missing");
    // Asked for last: a vault that is never needed is never begun.
    const { vault } = this.#deps;
    return vault === null ? fail("key-lost") : ok({ camera, chain, vault });
  }

  #live(permit: Permit<"loyalty-face">): Result<Permit<"loyalty-face">, Refusal> {
    const refusal = this.#deps.gate.refusalOf(permit, "loyalty-face");
    return refusal === null ? ok(permit) : fail(refusal);
  }

  /** Looks until several pictures in a row say the same. `who`: whom one picture shows, of those it is compared with. */
  #match(
    eyes: Eyes,
    stop: AbortSignal,
    permit: LookTerms<SubjectRef>["permit"],
    who: (probe: FaceProbe, withinDistance: number) => Result<SubjectRef | null, Refusal>,
  ): Promise<Result<SubjectRef, Refusal>> {
    const agreement = new FrameAgreement();
    const use = this.#view.act === "identify" ? "identify" : "verify";
    const within = matchDistance(eyes.chain.id.profile, use, this.#deps.threshold);
    const judge = (probe: FaceProbe): PictureVerdict<SubjectRef> => {
      if (needsSecondLook(probe.quality.live)) return { hint: "needs-second-look" };
      const turned = eyes.vault.project(probe.values);
      if (!turned.ok) return turned;
      const found = wiping(turned.value, (values) => who({ ...probe, values }, within));
      if (!found.ok) return found;
      const agreed = agreement.push(found.value);
      this.#count(agreement.seen);
      if (agreed.kind === "agreed") return ok(agreed.subject);
      return agreed.kind === "none" ? fail("no-match") : { hint: null };
    };
    return this.#look<SubjectRef>(eyes, {
      ...{ use: "match", limitMs: VERIFY_LIMIT_MS, stop, permit, judge },
    });
  }

  #compare(
    { vault, chain }: Eyes,
    permit: Permit<"loyalty-face">,
    probe: FaceProbe,
    withinDistance: number,
  ): Result<SubjectRef | null, Refusal> {
    const template = vault.open(permit, chain.id);
    if (!template.ok) return template;
    try {
      const compared = compareFaces(probe, template.value, withinDistance);
      if (!compared.ok) return compared;
      return ok(compared.value.isMatch ? permit.subjectRef : null);
    } finally {
      template.value.wipe();
    }
  }

  async #enrol(
    eyes: Eyes,
    permit: Permit<"loyalty-face">,
    toKeep: () => Result<Permit<"loyalty-face">, Refusal>,
    stop: AbortSignal,
  ): Promise<Result<SubjectRef, Refusal>> {
    const enrolment = new Enrolment(eyes.chain.id);
    const judge = (probe: FaceProbe): PictureVerdict<SubjectRef> => {
      if (needsSecondLook(probe.quality.live)) return { hint: "needs-second-look" };
      const missing = enrolment.add(probe);
      this.#count(enrolment.count);
      if (!missing.ok)
        return isOfAPicture(missing.error) ? { hint: missing.error } : fail(missing.error);
      return missing.value > 0 ? { hint: null } : this.#keep(eyes, toKeep, enrolment);
    };
    try {
      return await this.#look<SubjectRef>(eyes, {
        ...{ use: "enrol", limitMs: ENROL_LIMIT_MS, stop, judge, permit: () => this.#live(permit) },
      });
    } finally {
      enrolment.wipe();
    }
  }

  #keep(
    { vault, chain }: Eyes,
    toKeep: () => Result<Permit<"loyalty-face">, Refusal>,
    enrolment: Enrolment,
  ): Result<SubjectRef, Refusal> {
    const template = enrolment.template();
    if (!template.ok) return template;
    return wiping(template.value, (values) => {
      const permit = toKeep();
      if (!permit.ok) return permit;
      // The consent ends earlier, by the ledger; this is the latest at which a template may be used whatever that says.
      const terms = { tenantId: this.#deps.tenantId, expiresAtMs: capOf(this.#deps.now()) };
      const kept = vault.put(permit.value, { ...terms, chain: chain.id }, values);
      return kept.ok ? ok(permit.value.subjectRef) : kept;
    });
  }

  #look<T>(
    { camera, chain }: Eyes,
    terms: Pick<LookTerms<T>, "use" | "limitMs" | "stop" | "permit" | "judge">,
  ): Promise<Result<T, Refusal>> {
    const { clock, onFault } = this.#deps;
    const onHint = (hint: Refusal | null): void => {
      this.#view = { ...this.#view, hint };
    };
    return look({ ...terms, camera, chain, clock, onFault, onHint });
  }

  #count(taken: number): void {
    this.#view = { ...this.#view, taken };
  }
}

/** Numbers of a face are overwritten when their use is over, also when it ends in a fault. */
function wiping<T>(values: Float32Array, use: (values: Float32Array) => T): T {
  try {
    return use(values);
  } finally {
    values.fill(0);
  }
}

/** The templates of those who still agree, one after another, each overwritten before the next is opened. */
function* opened(
  { vault, chain }: Eyes,
  permits: readonly Permit<"loyalty-face">[],
): Generator<OpenTemplate> {
  for (const permit of permits) {
    const template = vault.open(permit, chain.id);
    if (!template.ok) continue;
    try {
      yield template.value;
    } finally {
      template.value.wipe();
    }
  }
}
