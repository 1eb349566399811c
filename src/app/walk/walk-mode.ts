import type { Clock } from "../../core/clock.ts";
import type { Log, Service } from "../../core/lifecycle.ts";
import type { SitePlan, SurveyPoint } from "../../core/site.ts";
import { followBoxes } from "../../io/radio/box-links.ts";
import type { RadioInput } from "../../io/radio/radio-input.ts";
import type { SitePlanStore } from "../../io/site/site-plan-file.ts";
import { reportInThread } from "../../io/walk/report-in-thread.ts";
import { saveSurvey } from "../../io/walk/save-survey.ts";
import { calibratedRadio } from "../../radio/self-calibration.ts";
import { mergeSurvey } from "../../radio/walk/merge-survey.ts";
import type { DashboardSource } from "../../web/dashboard-source.ts";
import { CalibrationDesk } from "./calibration-desk.ts";
import { WalkDesk } from "./walk-desk.ts";

export interface WalkModeDeps {
  readonly site: SitePlan;
  /** Where survey points are kept; null: in memory, as long as the gateway runs. */
  readonly store: SitePlanStore | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** Everything by which a gateway is calibrated: the walk, and receivers that hear each other. A walk ends with it. */
export class WalkMode implements Service {
  readonly name = "walk";
  readonly #deps: WalkModeDeps;
  #desk: WalkDesk | null = null;
  #inMemory: readonly SurveyPoint[] | null = null;
  #calibration: CalibrationDesk | null = null;
  #ports: Pick<DashboardSource, "walk" | "calibration"> = {};

  constructor(deps: WalkModeDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    // A walk is started by a person.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#desk?.close();
  }

  /** What the dashboard shows; nothing before a radio is followed. */
  get ports(): Pick<DashboardSource, "walk" | "calibration"> {
    return this.#ports;
  }

  /** Listens to this radio; call once, before it starts. */
  follow(radio: RadioInput): void {
    const { site, clock, log } = this.#deps;
    const { receivers } = site;
    const walk = new WalkDesk({
      site,
      radio,
      clock,
      log,
      report: reportInThread,
      save: (points) => this.#save(points),
    });
    const links = followBoxes(radio, receivers);
    this.#calibration = new CalibrationDesk({ receivers, links, clock });
    this.#desk = walk;
    this.#ports = { walk, calibration: this.#calibration };
  }

  /** The radio as those see it who save what was learned: with the offsets of receivers that hear each other. */
  calibrated(radio: RadioInput): Pick<RadioInput, "factsOf" | "learned" | "onTelemetry"> {
    return {
      factsOf: (tag) => radio.factsOf(tag),
      onTelemetry: (listener) => radio.onTelemetry(listener),
      learned: () => {
        const learned = radio.learned();
        const calibration = this.#calibration?.read();
        return learned === null || calibration === undefined
          ? learned
          : calibratedRadio(learned, calibration);
      },
    };
  }

  async #save(points: readonly SurveyPoint[]): Promise<readonly SurveyPoint[]> {
    const { store, site } = this.#deps;
    if (store !== null) return await saveSurvey(store, points, site.receivers);
    this.#inMemory = mergeSurvey(this.#inMemory ?? site.survey ?? [], points, site.receivers);
    return this.#inMemory;
  }
}
