import { WalkDesk } from "../../src/app/walk/walk-desk.ts";
import { type MonoMs, receiverId, tagId, zoneId } from "../../src/core/brand.ts";
import type { GatewayError } from "../../src/core/errors.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import type {
  FloorPlan,
  ReceiverPlan,
  SitePlan,
  SurveyPoint,
  TagPlan,
} from "../../src/core/site.ts";
import type { ReadingListener } from "../../src/io/radio/radio-input.ts";
import { createTagBook, type TagBook } from "../../src/radio/tag-registry.ts";
import { ConfusionCount } from "../../src/radio/walk/walk-confusion.ts";
import type { WalkGround } from "../../src/radio/walk/walk-judge.ts";
import type { WalkReport } from "../../src/radio/walk/walk-report.ts";
import type { WalkRecord } from "../../src/radio/walk/walk-session.ts";
import { FakeClock } from "./fake-clock.ts";

const UUID = "3b8a1f70-52c4-4e19-9d06-c7f1a2e84b55";

/** A floor of 10 x 6 m cut in two zones. */
export const WALK_FLOOR: FloorPlan = {
  outline: rectangle(0, 0, 10, 6),
  obstacles: [],
  zones: [
    { id: zoneId("shoes"), name: "Shoes", kind: "display", polygon: rectangle(0, 0, 5, 6) },
    { id: zoneId("till"), name: "Till", kind: "till", polygon: rectangle(5, 0, 10, 6) },
  ],
  doors: [],
};
export const WALK_RECEIVERS: readonly ReceiverPlan[] = [
  { id: receiverId("door"), name: "Door", xM: 0.5, yM: 3, zM: 2.3 },
  { id: receiverId("back"), name: "Back room", xM: 9.5, yM: 3, zM: 2.3 },
];
export const WALK_TAGS: readonly TagPlan[] = ["walker", "cart-1"].map((id, minor) => ({
  id: tagId(id),
  kind: "cart",
  ...(id === "walker" ? { name: "Walker" } : {}),
  beacon: { format: "ibeacon", uuid: UUID, major: 1, minor },
}));

function rectangle(x0: number, y0: number, x1: number, y1: number): FloorPlan["outline"] {
  return [
    { x: x0, y: y0 },
    { x: x1, y: y0 },
    { x: x1, y: y1 },
    { x: x0, y: y1 },
  ];
}

/** The part of the radio that a walk listens to; a test says what is heard. */
export class FakeWalkRadio {
  readonly tags: TagBook = createTagBook(WALK_TAGS);
  readonly surveys: (readonly SurveyPoint[])[] = [];
  readonly #listeners = new Set<ReadingListener>();

  get listeners(): number {
    return this.#listeners.size;
  }

  onReading(listener: ReadingListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  resurvey(points: readonly SurveyPoint[]): void {
    this.surveys.push(points);
  }

  hear(tag: string, receiver: string, rssiDbm: number, atMono: MonoMs): void {
    const position = this.tags.indexOfId(tagId(tag));
    for (const listener of this.#listeners)
      listener(position, receiverId(receiver), rssiDbm, atMono);
  }
}

/** A walk desk over a fake clock and radio, whose results and saving a test decides. */
export class WalkRig {
  readonly clock = new FakeClock({ mono: 1_000 });
  readonly radio = new FakeWalkRadio();
  readonly points: readonly SurveyPoint[] = [
    {
      xM: 7,
      yM: 3,
      zM: 1,
      levels: [{ receiverId: receiverId("door"), meanDbm: -70, readings: 40 }],
    },
  ];
  readonly reported: { readonly ground: WalkGround; readonly record: WalkRecord }[] = [];
  readonly desk: WalkDesk;
  verdict: WalkReport["verdict"] = "better";
  saves = 0;
  saveFault: GatewayError | null = null;
  reportFault: Error | null = null;
  holdReports = false;

  constructor(site: Partial<Pick<SitePlan, "floor" | "receivers">> = {}) {
    this.desk = new WalkDesk({
      site: { floor: WALK_FLOOR, receivers: WALK_RECEIVERS, ...site },
      radio: this.radio,
      clock: this.clock,
      log: SILENT_LOG,
      report: (ground, record, signal) => this.#report(ground, record, signal),
      save: (points) => this.#save(points),
    });
  }

  /** The carrier stands for some seconds; the receiver at the door hears the tag once in each. */
  stand(seconds: number): void {
    for (let i = 0; i < seconds; i += 1) {
      this.radio.hear("walker", "door", -70, this.clock.mono());
      this.clock.advance(1_000);
    }
  }

  /** A whole walk, finished. */
  async walk(): Promise<void> {
    this.desk.start("walker");
    this.desk.tap("till");
    this.stand(30);
    await this.desk.finish();
  }

  /** Lets pending promises run. */
  async settled(): Promise<void> {
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  #report(ground: WalkGround, record: WalkRecord, signal: AbortSignal): Promise<WalkReport> {
    this.reported.push({ ground, record });
    if (this.reportFault !== null) return Promise.reject(this.reportFault);
    if (!this.holdReports) return Promise.resolve(this.scripted());
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(new Error("dropped"))),
    );
  }

  /** Right 60 of 100 s before; 90 s with the walk, or 61 when it is no better. */
  scripted(): WalkReport {
    const zones = WALK_FLOOR.zones.map(({ id }) => id);
    const confusion = (shoes: number, till: number): WalkReport["before"] => {
      const count = new ConfusionCount(zones);
      for (let s = 0; s < 50; s += 1) {
        count.add(0, s < shoes ? 0 : 1);
        count.add(1, s < till ? 1 : s < till + 2 ? "unknown" : 0);
      }
      return count.read();
    };
    const [silent] = [receiverId("back")];
    return {
      points: this.points,
      before: confusion(40, 20),
      after: this.verdict === "better" ? confusion(48, 42) : confusion(41, 20),
      verdict: this.verdict,
      walkedS: zones.map((id) => ({ zoneId: id, seconds: 60 })),
      silentReceivers: silent === undefined ? [] : [silent],
      readings: 120,
    };
  }

  #save(points: readonly SurveyPoint[]): Promise<readonly SurveyPoint[]> {
    if (this.saveFault !== null) return Promise.reject(this.saveFault);
    this.saves += 1;
    return Promise.resolve(points);
  }
}
