import { BoundedMap } from "../core/bounded-map.ts";
import { epochMs, type GatewayId } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";
import { type FaultCode, GatewayError } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import type { Link, LinkMessage } from "../io/mqtt/link.ts";
import {
  type AckMessage,
  type BatchMessage,
  batchSchema,
  birthSchema,
  LARGEST_PAYLOAD_BYTES,
  parseMessage,
} from "../wire/envelopes.ts";
import { fleetFilter, parseTopic, plainTopic } from "../wire/topics.ts";
import { CommitLanes, type HomedBatch, type LaneOutcome } from "./commit-lanes.ts";
import { GatewayQuota, type QuotaOptions } from "./gateway-quota.ts";
import { faultText, ownRecords, readRecords } from "./read-records.ts";
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
}

/**
 * What came in since the start; `refused` batches left a hole and were asked for again, `deferred` ones were put off
 * because their database fails or is behind, `flooded` messages were dropped because their sender did not pause.
 */
export interface IngestCounts {
  readonly batches: number;
  readonly stored: number;
  readonly repeated: number;
  readonly refused: number;
  readonly quarantined: number;
  readonly deferred: number;
  readonly flooded: number;
}

/** Nothing came in yet. */
export const NO_INGEST: IngestCounts = {
  batches: 0,
  stored: 0,
  repeated: 0,
  refused: 0,
  quarantined: 0,
  deferred: 0,
  flooded: 0,
};

/** Homes remembered; those of gateways longest silent are read again. */
const HOMES = 20_000;
const HOME_IDLE_MS = 3_600_000;
/** How long a batch that leaves a hole waits for what another centre may just be committing. */
const HOLE_WAIT_MS = 100;
/** Longest time a message is held at the broker. */
const HOLD_MS = 3000;
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
  readonly #quota: GatewayQuota;
  readonly #homes = new BoundedMap<string, Promise<string | null>>({
    cap: HOMES,
    idleMs: HOME_IDLE_MS,
  });
  readonly #counts = { ...NO_INGEST };

  constructor(options: IngestOptions) {
    this.#options = options;
    const { link, root, repository: store, clock, log, random, share, quota } = options;
    this.#lanes = new CommitLanes({ store, clock, log, random });
    this.#quota = new GatewayQuota(quota);
    const prefix = share === undefined ? "" : `$share/${share}/`;
    link.subscribe(prefix + fleetFilter(root, "up/ev"), (message) =>
      this.#held(this.#takeBatch(message)),
    );
    link.subscribe(prefix + fleetFilter(root, "up/birth"), (message) =>
      this.#held(this.#takeBirth(message)),
    );
  }

  get counts(): IngestCounts {
    return { ...this.#counts };
  }

  /** Waits for the work on a message, but not for ever: one that hangs must not hold up those behind it. */
  #held(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const { clock } = this.#options;
      const timer = clock.after(HOLD_MS, "ingest hold", () => resolve());
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  async #takeBatch(message: LinkMessage): Promise<void> {
    const gatewayId = parseTopic(this.#options.root, message.topic)?.gatewayId;
    if (gatewayId === undefined) return;
    const bytes = Buffer.byteLength(message.text);
    const verdict = this.#quota.charge(gatewayId, bytes, this.#options.clock.mono());
    if (verdict.kind === "drop") {
      this.#counts.flooded += 1;
      return;
    }
    if (bytes > 2 * LARGEST_PAYLOAD_BYTES)
      return this.#setAside(gatewayId, "payload too large", message.text);
    const batch = parseMessage(batchSchema, message.text);
    if (!batch.ok) return this.#setAside(gatewayId, faultText(batch.error), message.text);
    const receivedAt = this.#options.clock.now();
    const records = readRecords(batch.value, { gatewayId, receivedAt });
    if (records === null) return this.#setAside(gatewayId, "a gap out of place", message.text);
    const first = records.find((record) => record.kind === "event")?.storeId ?? null;
    const storeId = await this.#homeOf(gatewayId, first);
    if (storeId instanceof GatewayError) {
      this.#putOff(gatewayId, batch.value, storeId.code, RETRY_HOME_MS);
      return;
    }
    if (storeId === null) {
      const reason = "the gateway has not said which store it belongs to";
      return this.#setAside(gatewayId, reason, message.text);
    }
    const { epoch, stream } = batch.value;
    const own = ownRecords(records, storeId);
    const homed = { gatewayId, epoch, stream, first: batch.value.first, records: own };
    await this.#commit(gatewayId, batch.value, { ...homed, storeId, receivedAt }, verdict.pauseMs);
  }

  async #commit(
    gatewayId: GatewayId,
    message: BatchMessage,
    batch: HomedBatch,
    pauseMs: number,
  ): Promise<void> {
    const result = await this.#submit(batch);
    if (result.kind === "put-off") {
      this.#putOff(gatewayId, message, result.code, result.pauseMs);
      return;
    }
    const { stream, epoch } = message;
    const { need, positions } = result.outcome;
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
    this.#options.log.warn(
      { event: "ingest.incomplete", gatewayId, stream, shed, quarantined },
      "a batch held gaps or records set aside",
    );
  }

  async #takeBirth(message: LinkMessage): Promise<void> {
    const { root, repository, clock } = this.#options;
    const gatewayId = parseTopic(root, message.topic)?.gatewayId;
    // An empty payload removes a retained birth: nothing to note.
    if (gatewayId === undefined || message.text === "") return;
    const birth = parseMessage(birthSchema, message.text);
    if (!birth.ok) return this.#setAside(gatewayId, faultText(birth.error), message.text);
    const home = birth.value.online ? await this.#homeOf(gatewayId, birth.value.storeId) : null;
    if (typeof home === "string" && home !== birth.value.storeId)
      return this.#setAside(gatewayId, "birth names another store", message.text);
    await this.#guarded("birth", async () => {
      await repository.recordBirth(gatewayId, birth.value, clock.now());
      if (!birth.value.online) return;
      const positions = await repository.positions(gatewayId, birth.value.epoch);
      this.#acknowledge(gatewayId, birth.value.epoch, positions, null, 0);
    });
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
  #putOff(gatewayId: GatewayId, batch: BatchMessage, code: FaultCode, pauseMs: number): void {
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

  async #setAside(gatewayId: GatewayId, reason: string, text: string): Promise<void> {
    this.#counts.quarantined += 1;
    this.#options.log.warn(
      { event: "ingest.invalid", code: "MESSAGE_INVALID", gatewayId, reason },
      "a message was set aside",
    );
    const at = epochMs(this.#options.clock.now());
    await this.#guarded("quarantine", () =>
      this.#options.repository.quarantine(gatewayId, reason, text, at),
    );
  }

  /** A store that fails must not hold up the link: what was to be written is let go and comes again. */
  async #guarded(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#options.log.warn(
        { event: "ingest.not-noted", code: error.code, what },
        "the store could not note a message",
      );
    }
  }
}
