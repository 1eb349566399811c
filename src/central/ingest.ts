import { BoundedMap } from "../core/bounded-map.ts";
import type { GatewayId } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";
import { type FaultCode, GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import type { Link } from "../io/mqtt/link.ts";
import { type AckMessage, birthSchema, parsePeerMessage } from "../wire/envelopes.ts";
import { plainTopic } from "../wire/topics.ts";
import type { AsideDesk, AsideMessage } from "./aside-desk.ts";
import type { LaneState } from "./commit-lane.ts";
import { CommitLanes } from "./commit-lanes.ts";
import { type Admitted, Gate, type GateCounts } from "./gate.ts";
import type { QuotaOptions } from "./gateway-quota.ts";
import type { HomedBatch, LaneOutcome } from "./lane-queue.ts";
import { type AsideKind, type BatchPlace, readEnvelope } from "./read-envelope.ts";
import { faultText, ownRecords, readRecords, refusedRecords } from "./read-records.ts";
import type { CentralStore, CommitOutcome } from "./repository.ts";

export interface IngestOptions {
  readonly repository: Pick<
    CentralStore,
    | "commit"
    | "lanes"
    | "laneOf"
    | "home"
    | "claimHome"
    | "positions"
    | "recordBirth"
    | "quarantine"
  >;
  /** A link that keeps its session (`clean: false`), not yet started. */
  readonly link: Link;
  readonly root: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** Group of a shared subscription, when several centres share the stream; absent = this one takes all. */
  readonly share?: string;
  readonly quota?: QuotaOptions;
  /** What messages pass before, shared with the fleet desk; absent = one of its own. */
  readonly gate?: Gate;
}

/**
 * What came in since the start; `refused` batches left a hole and were asked for again, `held` ones cannot be counted off
 * and stay with their gateway, `deferred` ones were put off because their database fails or is behind, `flooded` messages
 * were dropped because their sender did not pause. `quarantined` counts records, and messages whose place is not known.
 * What all channels share is counted as in `GateCounts`.
 */
export interface IngestCounts extends GateCounts {
  readonly batches: number;
  readonly stored: number;
  readonly repeated: number;
  readonly refused: number;
  readonly quarantined: number;
  readonly held: number;
  readonly deferred: number;
}

/** Nothing came in yet. */
export const NO_INGEST: IngestCounts = {
  batches: 0,
  stored: 0,
  repeated: 0,
  refused: 0,
  quarantined: 0,
  held: 0,
  deferred: 0,
  flooded: 0,
  foreign: 0,
  unkept: 0,
  failed: 0,
};

/** Homes remembered; those of gateways longest silent are read again. */
const HOMES = 20_000;
const HOME_IDLE_MS = 3_600_000;
/** How long a batch that leaves a hole waits for what another centre may just be committing. */
const HOLE_WAIT_MS = 100;
/** When a gateway should try again whose home could not be asked for. */
const RETRY_HOME_MS = 2000;

/**
 * Takes the gateways' batches: check, commit, acknowledge to the gateway, and only then to the broker. A batch whose
 * database fails is let go at the broker and asked for again later: its gateway keeps it until the commit is
 * acknowledged, and the batches of other shards are not held up behind it.
 */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #lanes: CommitLanes;
  readonly #gate: Gate;
  readonly #aside: AsideDesk;
  readonly #homes = new BoundedMap<string, Promise<string | null>>({
    cap: HOMES,
    idleMs: HOME_IDLE_MS,
  });
  readonly #counts = { ...NO_INGEST };

  constructor(options: IngestOptions) {
    this.#options = options;
    const { repository: store, clock, log, random } = options;
    this.#lanes = new CommitLanes({ store, clock, log, random });
    this.#gate = options.gate ?? new Gate(options);
    this.#aside = this.#gate.aside;
    this.#gate.open("up/ev", (message) => this.#takeBatch(message));
    this.#gate.open("up/birth", (message) => this.#takeBirth(message));
  }

  /** How each shard stands, by its position. */
  lanes(): readonly LaneState[] {
    return this.#lanes.states();
  }

  get counts(): IngestCounts {
    return { ...this.#counts, ...this.#gate.counts };
  }

  async #takeBatch({ gatewayId, text, pauseMs }: Admitted): Promise<void> {
    const envelope = readEnvelope(text);
    if (envelope.kind === "unreadable") {
      const { reason } = envelope;
      return this.#setAside(gatewayId, { kind: "unreadable", reason, text });
    }
    const place = envelope.kind === "sound" ? envelope.batch : envelope.place;
    const hold = (kind: AsideKind, reason: string): Promise<void> =>
      this.#keepThere(gatewayId, place, { kind, reason, text });
    if (envelope.kind === "held") return hold(envelope.why, envelope.reason);
    const receivedAt = this.#options.clock.now();
    const records =
      envelope.kind === "sound"
        ? readRecords(envelope.batch, { gatewayId, receivedAt })
        : refusedRecords(place.first, envelope.ev, envelope.reason);
    if (records === null) return hold("gap", "a gap out of place");
    const named = records.find((record) => record.kind === "event")?.storeId ?? null;
    const storeId = await this.#homeOf(gatewayId, named);
    if (storeId instanceof GatewayError) {
      this.#putOff(gatewayId, place, storeId.code, RETRY_HOME_MS);
      return;
    }
    if (storeId === null)
      return hold("homeless", "the gateway has not said which store it belongs to");
    const { epoch, stream, first } = place;
    const homed = { gatewayId, epoch, stream, first, records: ownRecords(records, storeId) };
    await this.#commit({ gatewayId, text, pauseMs }, place, { ...homed, storeId, receivedAt });
  }

  async #commit(
    { gatewayId, text, pauseMs }: Admitted,
    place: BatchPlace,
    batch: HomedBatch,
  ): Promise<void> {
    const result = await this.#submit(batch);
    if (result.kind === "put-off") {
      this.#putOff(gatewayId, place, result.code, result.pauseMs);
      return;
    }
    if (result.kind === "refused")
      return this.#keepThere(gatewayId, place, { kind: "refused", reason: result.reason, text });
    if (result.outcome.isStray === true) return this.#renew(gatewayId, place, text);
    const { stream, epoch } = place;
    const { need, positions } = result.outcome;
    if (need === null) this.#aside.release(gatewayId, stream);
    this.#count(gatewayId, stream, result.outcome);
    const wanted = need === null ? null : { [stream]: need };
    this.#acknowledge(gatewayId, epoch, positions, wanted, pauseMs);
  }

  /** Among several centres, what is missing may be on its way through another one: one more try. */
  async #submit(batch: HomedBatch): Promise<LaneOutcome> {
    const result = await this.#lanes.submit(batch);
    const isHole = result.kind === "committed" && result.outcome.need !== null;
    if (!isHole || this.#options.share === undefined) return result;
    await new Promise<void>((resolve) => {
      this.#options.clock.after(HOLE_WAIT_MS, "ingest hole", () => resolve());
    });
    return this.#lanes.submit(batch);
  }

  #count(gatewayId: GatewayId, stream: string, outcome: CommitOutcome): void {
    const { stored, known, shed, quarantined, need } = outcome;
    this.#counts.batches += 1;
    this.#counts.stored += stored;
    this.#counts.quarantined += quarantined;
    if (need !== null) this.#counts.refused += 1;
    else if (stored + known + shed + quarantined === 0) this.#counts.repeated += 1;
    if (quarantined === 0 && shed === 0) return;
    this.#aside.say(`${gatewayId} incomplete`, (suppressed) => {
      this.#options.log.warn(
        { event: "ingest.incomplete", gatewayId, stream, shed, quarantined, suppressed },
        "a batch held gaps or records set aside",
      );
    });
  }

  async #takeBirth({ gatewayId, text }: Admitted): Promise<void> {
    const { repository, clock } = this.#options;
    // An empty payload removes a retained birth: nothing to note.
    if (text === "") return;
    const birth = parsePeerMessage(birthSchema, text);
    if (!birth.ok)
      return this.#setAside(gatewayId, { kind: "birth", reason: faultText(birth.error), text });
    const home = birth.value.online ? await this.#homeOf(gatewayId, birth.value.storeId) : null;
    if (typeof home === "string" && home !== birth.value.storeId) {
      const reason = "birth names another store";
      return this.#setAside(gatewayId, { kind: "birth", reason, text });
    }
    await repository.recordBirth(gatewayId, birth.value, clock.now());
    if (!birth.value.online) return;
    const positions = await repository.positions(gatewayId, birth.value.epoch);
    this.#acknowledge(gatewayId, birth.value.epoch, positions, null, 0);
  }

  /** Store a gateway is registered for; a new one is registered for `named`. The fault when that cannot be told. */
  async #homeOf(gatewayId: GatewayId, named: string | null): Promise<string | null | GatewayError> {
    const mono = this.#options.clock.mono();
    const asked = this.#homes.get(gatewayId, mono) ?? this.#askHome(gatewayId, named);
    this.#homes.set(gatewayId, asked, mono);
    try {
      const storeId = await asked;
      if (storeId === null) this.#homes.delete(gatewayId);
      return storeId;
    } catch (error) {
      this.#homes.delete(gatewayId);
      if (error instanceof GatewayError) return error;
      throw error;
    }
  }

  async #askHome(gatewayId: GatewayId, named: string | null): Promise<string | null> {
    const { repository } = this.#options;
    return named === null ? repository.home(gatewayId) : repository.claimHome(gatewayId, named);
  }

  /** Nothing is known about the batch: the gateway is asked to send it again, later. */
  #putOff(gatewayId: GatewayId, batch: BatchPlace, code: FaultCode, pauseMs: number): void {
    this.#counts.deferred += 1;
    this.#options.log.debug(
      { event: "ingest.deferred", code, gatewayId, pauseMs },
      "a batch was put off",
    );
    this.#acknowledge(gatewayId, batch.epoch, {}, { [batch.stream]: batch.first }, pauseMs);
  }

  /** A request for missing numbers is not retained: it would outlive its answer. Nor is one to pause. */
  #acknowledge(
    gatewayId: GatewayId,
    epoch: string,
    seq: Readonly<Record<string, number>>,
    need: Record<string, number> | null,
    pauseMs: number,
  ): void {
    const ack: AckMessage = { v: 1, epoch, seq: { ...seq }, need, pauseMs };
    const topic = plainTopic(this.#options.root, gatewayId, "down/ack");
    const retain = need === null && pauseMs === 0;
    this.#options.link.publish(topic, JSON.stringify(ack), { qos: 1, retain });
  }

  /** The outbox is a copy: it has to begin anew, under numbers of its own. */
  async #renew(
    gatewayId: GatewayId,
    { epoch, stream, first }: BatchPlace,
    text: string,
  ): Promise<void> {
    this.#counts.held += 1;
    const reason = "other events are stored under these numbers: a copy of the outbox";
    const likeness = `${epoch} ${stream} ${first}`;
    await this.#aside.note(gatewayId, { kind: "stray", reason, text, likeness });
    const ack: AckMessage = { v: 1, epoch, seq: {}, need: null, pauseMs: 0, renew: true };
    const topic = plainTopic(this.#options.root, gatewayId, "down/ack");
    this.#options.link.publish(topic, JSON.stringify(ack), { qos: 1, retain: false });
  }

  /** What cannot be answered either: without a place there is nothing to acknowledge. */
  async #setAside(gatewayId: GatewayId, message: AsideMessage): Promise<void> {
    this.#counts.quarantined += 1;
    await this.#aside.note(gatewayId, message);
  }

  /** What cannot be counted off stays with its gateway, which tries again after growing pauses. */
  async #keepThere(
    gatewayId: GatewayId,
    { epoch, stream, first }: BatchPlace,
    message: AsideMessage,
  ): Promise<void> {
    this.#counts.held += 1;
    const likeness = `${epoch} ${stream} ${first}`;
    await this.#aside.note(gatewayId, { ...message, likeness });
    const pauseMs = this.#aside.holdMs(gatewayId, stream);
    this.#acknowledge(gatewayId, epoch, {}, { [stream]: first }, pauseMs);
  }
}
