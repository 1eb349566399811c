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

  constructor(deps: StationDeps) {
    this.#deps = deps;
  }

  /** What is going on now. */
  get view(): StationView {
    return this.#view;
  }

  /** Ends what is going on; the camera goes off. */
  stop(): void {
    this.#stop?.abort();
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
      const members = eyes.value.vault.subjects();
      if (members.length > GALLERY_CAP) return fail("gallery-full");
      const permits = members
        .map((member) => this.#deps.gate.permit(member, "loyalty-face"))
        .filter((permit) => permit.ok)
        .map(({ value }) => value);
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
   * Keeps a template of who acts. `consent` writes the consent to it, unless there is one already; when nothing comes of
   * the enrolment, that consent is taken back again.
   */
  async enrol(subject: SubjectRef, consent: FaceConsent): Promise<StationOutcome> {
    const { gate, consents } = this.#deps;
    let isFresh = false;
    let isKept = false;
    const run = async (stop: AbortSignal): Promise<Result<SubjectRef, Refusal>> => {
      const eyes = this.#eyes();
      if (!eyes.ok) return eyes;
      if (!gate.permit(subject, "loyalty-face").ok) {
        const granted = consent();
        if (!granted.ok) return granted;
        isFresh = true;
      }
      const permit = gate.permit(subject, "loyalty-face");
      return permit.ok ? await this.#enrol(eyes.value, permit.value, stop) : permit;
    };
    try {
      const outcome = await this.#act("enrol", run);
      isKept = outcome.kind === "enrolled";
      return outcome;
    } finally {
      if (isFresh && !isKept) consents.withdrawFace(subject);
    }
  }

  async #act(
    act: StationAct,
    run: (stop: AbortSignal) => Promise<Result<SubjectRef, Refusal>>,
  ): Promise<StationOutcome> {
    if (this.#stop !== null) return { kind: "refused", reason: "busy", next: "again" };
    const stop = new AbortController();
    this.#stop = stop;
    this.#view = { act, hint: null, taken: 0 };
    try {
      const outcome = await run(stop.signal);
      if (!outcome.ok) return this.#refused(outcome.error);
      if (act !== "enrol") return this.#recognised(outcome.value, "face");
      this.#failures = 0;
      return { kind: "enrolled", subject: outcome.value };
    } finally {
      this.#stop = null;
      this.#view = IDLE;
    }
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
      const found = who({ ...probe, values: turned.value }, within);
      turned.value.fill(0);
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
    stop: AbortSignal,
  ): Promise<Result<SubjectRef, Refusal>> {
    const enrolment = new Enrolment(eyes.chain.id);
    const judge = (probe: FaceProbe): PictureVerdict<SubjectRef> => {
      if (needsSecondLook(probe.quality.live)) return { hint: "needs-second-look" };
      const missing = enrolment.add(probe);
      this.#count(enrolment.count);
      if (!missing.ok)
        return isOfAPicture(missing.error) ? { hint: missing.error } : fail(missing.error);
      return missing.value > 0 ? { hint: null } : this.#keep(eyes, permit, enrolment);
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
    permit: Permit<"loyalty-face">,
    enrolment: Enrolment,
  ): Result<SubjectRef, Refusal> {
    const template = enrolment.template();
    if (!template.ok) return template;
    // The consent ends earlier, by the ledger; this is the latest at which a template may be used whatever that says.
    const terms = { tenantId: this.#deps.tenantId, expiresAtMs: capOf(this.#deps.now()) };
    const kept = vault.put(permit, { ...terms, chain: chain.id }, template.value);
    template.value.fill(0);
    return kept.ok ? ok(permit.subjectRef) : kept;
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
