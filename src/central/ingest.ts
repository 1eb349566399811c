import type { GatewayId } from "../core/brand.ts";
import type { Clock } from "../core/clock.ts";
import type { InputFault } from "../core/errors.ts";
import type { Log } from "../core/lifecycle.ts";
import type { Link, LinkMessage } from "../io/mqtt/link.ts";
import { readCloudEvent } from "../wire/cloud-event.ts";
import {
  type AckMessage,
  type BatchMessage,
  batchSchema,
  birthSchema,
  LARGEST_PAYLOAD_BYTES,
  parseMessage,
} from "../wire/envelopes.ts";
import { readGapEvent } from "../wire/gap-event.ts";
import { fleetFilter, parseTopic, plainTopic } from "../wire/topics.ts";
import type { BatchRecord, EventRepository } from "./repository.ts";

export interface IngestOptions {
  readonly repository: EventRepository;
  /** A link that keeps its session (`clean: false`), not yet started. */
  readonly link: Link;
  readonly root: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What came in since the start; `refused` batches left a hole and were asked for again. */
export interface IngestCounts {
  readonly batches: number;
  readonly stored: number;
  readonly repeated: number;
  readonly refused: number;
  readonly quarantined: number;
}

/**
 * Takes the gateways' batches: check, commit, acknowledge to the gateway, and only then to the broker. While a commit
 * runs the broker is not acknowledged, which slows it down; when the database fails, the link drops and the broker
 * delivers again.
 */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #counts = { batches: 0, stored: 0, repeated: 0, refused: 0, quarantined: 0 };

  constructor(options: IngestOptions) {
    this.#options = options;
    const { link, root } = options;
    link.subscribe(fleetFilter(root, "up/ev"), (message) => this.#takeBatch(message));
    link.subscribe(fleetFilter(root, "up/birth"), (message) => this.#takeBirth(message));
  }

  get counts(): IngestCounts {
    return { ...this.#counts };
  }

  async #takeBatch(message: LinkMessage): Promise<void> {
    const gatewayId = parseTopic(this.#options.root, message.topic)?.gatewayId;
    if (gatewayId === undefined) return;
    if (Buffer.byteLength(message.text) > 2 * LARGEST_PAYLOAD_BYTES) {
      return this.#setAside(gatewayId, "payload too large", message.text);
    }
    const batch = parseMessage(batchSchema, message.text);
    if (!batch.ok) return this.#setAside(gatewayId, faultText(batch.error), message.text);
    const records = readRecords(gatewayId, batch.value);
    if (records === null) return this.#setAside(gatewayId, "a gap out of place", message.text);
    await this.#commit(gatewayId, batch.value, records);
  }

  async #commit(
    gatewayId: GatewayId,
    batch: BatchMessage,
    records: readonly BatchRecord[],
  ): Promise<void> {
    const { repository, clock, log } = this.#options;
    const { epoch, stream, first } = batch;
    const receivedAt = clock.now();
    const outcome = await repository.commit({
      gatewayId,
      epoch,
      stream,
      first,
      records,
      receivedAt,
    });
    const { stored, known, shed, quarantined, need, positions } = outcome;
    this.#counts.batches += 1;
    this.#counts.stored += stored;
    this.#counts.quarantined += quarantined;
    if (need !== null) this.#counts.refused += 1;
    else if (stored + known + shed + quarantined === 0) this.#counts.repeated += 1;
    if (quarantined > 0 || shed > 0) {
      log.warn(
        { event: "ingest.incomplete", gatewayId, stream, shed, quarantined },
        "a batch held gaps or records set aside",
      );
    }
    this.#acknowledge(gatewayId, epoch, positions, need === null ? null : { [stream]: need });
  }

  async #takeBirth(message: LinkMessage): Promise<void> {
    const { root, repository, clock } = this.#options;
    const gatewayId = parseTopic(root, message.topic)?.gatewayId;
    // An empty payload removes a retained birth: nothing to note.
    if (gatewayId === undefined || message.text === "") return;
    const birth = parseMessage(birthSchema, message.text);
    if (!birth.ok) return this.#setAside(gatewayId, faultText(birth.error), message.text);
    await repository.recordBirth(gatewayId, birth.value, clock.now());
    if (!birth.value.online) return;
    const positions = await repository.positions(gatewayId, birth.value.epoch);
    this.#acknowledge(gatewayId, birth.value.epoch, positions, null);
  }

  /** A request for missing numbers is not retained: it would outlive its answer. */
  #acknowledge(
    gatewayId: GatewayId,
    epoch: string,
    seq: Readonly<Record<string, number>>,
    need: Record<string, number> | null,
  ): void {
    const ack: AckMessage = { v: 1, epoch, seq: { ...seq }, need, pauseMs: 0 };
    const topic = plainTopic(this.#options.root, gatewayId, "down/ack");
    this.#options.link.publish(topic, JSON.stringify(ack), { qos: 1, retain: need === null });
  }

  async #setAside(gatewayId: GatewayId, reason: string, text: string): Promise<void> {
    this.#counts.quarantined += 1;
    this.#options.log.warn(
      { event: "ingest.invalid", code: "MESSAGE_INVALID", gatewayId, reason },
      "a message was set aside",
    );
    await this.#options.repository.quarantine(gatewayId, reason, text, this.#options.clock.now());
  }
}

/** Null when a gap record does not stand at its number: then no number in the batch can be trusted. */
function readRecords(gatewayId: GatewayId, batch: BatchMessage): readonly BatchRecord[] | null {
  let seq = batch.first;
  const records: BatchRecord[] = [];
  for (const value of batch.ev) {
    const record = readRecord(gatewayId, value);
    if (record.kind === "gap" && record.from !== seq) return null;
    seq = record.kind === "gap" ? record.to + 1 : seq + 1;
    records.push(record);
  }
  return records;
}

function readRecord(gatewayId: GatewayId, value: Readonly<Record<string, unknown>>): BatchRecord {
  const gap = readGapEvent(value);
  if (gap?.ok) return { kind: "gap", from: gap.value.from, to: gap.value.to, why: gap.value.why };
  const body = JSON.stringify(value);
  const aside = (reason: string): BatchRecord => ({ kind: "quarantined", reason, body });
  if (gap !== null) return aside(faultText(gap.error));
  const reading = readCloudEvent(value);
  if (reading.kind === "invalid") return aside(faultText(reading.faults));
  if (reading.kind === "unknown") return aside(`type ${reading.head.type} is not known here`);
  const { storeId, at, id, type } = reading.head;
  if (reading.head.gatewayId !== gatewayId) return aside("source names another gateway");
  return { kind: "event", storeId, at, id, type, body };
}

function faultText(faults: readonly InputFault[]): string {
  const first = faults[0];
  return first === undefined
    ? "invalid"
    : `${first.path}: expected ${first.expected}, found ${first.found}`;
}
