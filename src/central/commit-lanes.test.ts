import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { epochMs } from "../core/brand.ts";
import { GatewayError } from "../core/errors.ts";
import { SILENT_LOG } from "../core/lifecycle.ts";
import { CommitLanes } from "./commit-lanes.ts";
import type { HomedBatch, LaneOutcome } from "./lane-queue.ts";
import type { BatchRecord, CommitBatch, CommitOutcome } from "./repository.ts";

const RECORDS = 100;
let groups: (readonly CommitBatch[])[];
let release: () => void;
let onCommit: (batches: readonly CommitBatch[]) => void;
let lanes: CommitLanes;
let clock: FakeClock;

beforeEach(() => {
  groups = [];
  onCommit = () => undefined;
  clock = new FakeClock();
  const opened = new Promise<void>((resolve) => {
    release = resolve;
  });
  const commit = async (batches: readonly CommitBatch[]): Promise<readonly CommitOutcome[]> => {
    groups.push(batches);
    await opened;
    onCommit(batches);
    return batches.map(({ stream, first, records }) => ({
      ...{ failed: null, need: null, positions: { [stream]: first + records.length - 1 } },
      ...{ stored: records.length, known: 0, shed: 0, quarantined: 0 },
    }));
  };
  const store = { lanes: 1, laneOf: () => 0, commit };
  lanes = new CommitLanes({ store, clock, log: SILENT_LOG, random: () => 0.5 });
});

function batchOf(gatewayId: string, n: number): HomedBatch {
  const at = epochMs(1e12);
  const record: BatchRecord = { kind: "event", storeId: "s", at, id: "i", type: "t", body: "{}" };
  const records = Array.from({ length: RECORDS }, () => record);
  const place = { epoch: "e", stream: "journey", first: 1 + n * RECORDS };
  return { gatewayId, ...place, records, receivedAt: at, storeId: "s" };
}

/** Lets what was handed in get as far as it can. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
const kinds = (outcomes: readonly LaneOutcome[], kind: LaneOutcome["kind"]): number =>
  outcomes.filter((one) => one.kind === kind).length;

test("a gateway that floods a slow shard fills its own part only: every batch of a hundred quiet ones is taken", async () => {
  const flood = Array.from({ length: 500 }, (_, n) => lanes.submit(batchOf("noisy", n)));
  await settled();
  const quiet = Array.from({ length: 100 }, (_, n) => lanes.submit(batchOf(`quiet${n}`, 0)));
  release();
  assert.equal(kinds(await Promise.all(quiet), "committed"), 100);
  const noisy = await Promise.all(flood);
  // Under way as the first, and 10,000 records that wait.
  assert.deepEqual([kinds(noisy, "committed"), kinds(noisy, "put-off")], [100, 400]);
});

test("gateways take turns: the first transaction after a flood holds the batch of every quiet one", async () => {
  const first = lanes.submit(batchOf("other", 0));
  await settled();
  const flood = Array.from({ length: 80 }, (_, n) => lanes.submit(batchOf("noisy", n)));
  await settled();
  const quiet = Array.from({ length: 20 }, (_, n) => lanes.submit(batchOf(`quiet${n}`, 0)));
  release();
  await Promise.all([first, ...flood, ...quiet]);
  const withQuiet = groups.filter((group) =>
    group.some(({ gatewayId }) => gatewayId.startsWith("quiet")),
  );
  assert.equal(withQuiet.length, 1);
  assert.deepEqual(
    groups
      .flat()
      .filter(({ gatewayId }) => gatewayId === "noisy")
      .map(({ first: at }) => at),
    Array.from({ length: 80 }, (_, n) => 1 + n * RECORDS),
    "each gateway's batches stay in order",
  );
  assert.ok(groups.every((group) => group.length * RECORDS <= 5000));
});

test("a fault of the program is met by one gateway alone, which keeps its batch; the lane goes on", async () => {
  onCommit = (batches) => {
    if (batches.some(({ gatewayId }) => gatewayId === "odd")) throw new RangeError("a bug");
  };
  release();
  const names = ["a", "odd", "b", "c"];
  for (let n = 0; n < 5; n += 1) {
    const outcomes = await Promise.all(names.map((name) => lanes.submit(batchOf(name, n))));
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ["committed", "refused", "committed", "committed"],
    );
  }
});

test("a shard that fails while a refused group is taken apart puts the rest of it off", async () => {
  onCommit = (batches) => {
    if (batches.length > 1) throw new GatewayError("RECORD_REFUSED", "no");
    throw new GatewayError("STORE_UNREACHABLE", "gone");
  };
  release();
  const names = ["a", "b", "c"];
  const outcomes = await Promise.all(names.map((name) => lanes.submit(batchOf(name, 0))));
  assert.equal(kinds(outcomes, "put-off"), 3);
  assert.equal(groups.length, 2, "the failed shard is left alone");
  assert.deepEqual(
    lanes
      .states()
      .map(({ isFailing, failures, waitingRecords }) => [...[isFailing, failures, waitingRecords]]),
    [[true, 1, 0]],
  );
});
