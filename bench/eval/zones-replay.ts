import { epochMs, monoMs, receiverId, tagId } from "../../src/core/brand.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import type { FloorPlan, SurveyPoint, TagPlan } from "../../src/core/site.ts";
import { createSteppedClock } from "../../src/core/stepped-clock.ts";
import { ibeaconPayload, legacyReportPacket } from "../../src/io/radio/hci-packets.ts";
import { createRadioReplay, type RadioReplay } from "../../src/io/radio/radio-replay.ts";
import type { ToldSecond } from "./zones-score.ts";
import { throughScanners } from "./zones-skew.ts";
import type { RecordedWalk, WalkLine, WalkRoom } from "./zones-walks.ts";

/** How a walk is spoilt before it is replayed. */
export interface WalkDamage {
  /** Added to every level, dB. */
  readonly shiftDb: number;
  /** Probability of each packet being lost. */
  readonly dropRatio: number;
  /** Box that hears nothing for thirty seconds in the middle; -1 = none. */
  readonly deadBox: number;
  /** Packets of boxes 0, 2, ... come this much late and those of 1, 3, ... this much early, and nobody knows; seconds. */
  readonly skewS: number;
  /** Boxes are remote scanners whose clocks are wrong by this much either way; seconds, 0 = they are adapters. */
  readonly clockSkewS: number;
  readonly seed: number;
}

export const NO_DAMAGE: WalkDamage = {
  shiftDb: 0,
  dropRatio: 0,
  deadBox: -1,
  skewS: 0,
  clockSkewS: 0,
  seed: 1,
};

export interface WalkReplayOptions {
  readonly room: WalkRoom;
  readonly floor: FloorPlan;
  readonly survey: readonly SurveyPoint[];
  readonly lagMs: number;
}

const DEAD_S = 30;
/** The first reading is at this instant of the replay's clock; a whole second. */
const START_MS = 60_000;
const UUID = "f7826da6-4fa2-4e98-8024-bc5b71e0893e";
const WALKER: TagPlan = {
  id: tagId("walker"),
  kind: "asset",
  beacon: { format: "ibeacon", uuid: UUID, major: 1, minor: 1 },
};
const PAYLOAD = ibeaconPayload(
  Uint8Array.from([...Buffer.from(UUID.replaceAll("-", ""), "hex"), 0, 1, 0, 1]),
  -59,
);
/** An address made up for the replay: static random. */
const ADDRESS = Uint8Array.from([0xc0, 0, 0, 0, 0, 1]);

/** Spoils a walk; in order of the spoilt time. Pure. */
export function damageWalk(
  lines: readonly WalkLine[],
  room: WalkRoom,
  { shiftDb, dropRatio, deadBox, skewS, seed }: WalkDamage,
): WalkLine[] {
  const random = seededRandom(seed);
  const startS = lines[0]?.timeS ?? 0;
  const endS = lines.at(-1)?.timeS ?? 0;
  const deadFromS = Math.max(startS, (startS + endS - DEAD_S) / 2);
  return lines
    .filter(({ sensor, timeS }) => {
      const isLost = random() < dropRatio;
      const isDead =
        room.boxOf.get(sensor) === deadBox && timeS >= deadFromS && timeS < deadFromS + DEAD_S;
      return !isLost && !isDead;
    })
    .map((line) => {
      const sign = (room.boxOf.get(line.sensor) ?? 0) % 2 === 0 ? 1 : -1;
      const rssiDbm = Math.max(-126, Math.round(line.rssiDbm + shiftDb));
      return { ...line, rssiDbm, timeS: line.timeS + sign * skewS };
    })
    .sort((a, b) => a.timeS - b.timeS);
}

/**
 * Replays a walk through the gateway's own radio input, packet by packet: raw HCI events of a registered iBeacon through
 * noble, reader, registry and zone engine in virtual time. Returns what was told of each second of the walk.
 */
export async function replayWalk(
  walk: RecordedWalk,
  options: WalkReplayOptions,
  damage: WalkDamage,
): Promise<ToldSecond[]> {
  const { room, floor, survey, lagMs } = options;
  const startS = walk.lines[0]?.timeS ?? 0;
  const told: ToldSecond[] = [];
  const clock = createSteppedClock(epochMs(startS * 1000 - START_MS), monoMs(START_MS - 10_000));
  const replay = createRadioReplay({
    tags: [WALKER],
    plan: { receivers: room.receivers, floor, survey, cameras: [] },
    lagMs,
    run: walk.name,
    clock,
    log: SILENT_LOG,
    onEvent: () => undefined,
  });
  replay.input.onEstimate(({ atMono, zone, confidence, xM, yM }) => {
    told.push({ second: (atMono - START_MS) / 1000, zone, confidence, xM, yM });
  });
  const lines = damageWalk(walk.lines, room, damage);
  if (damage.clockSkewS === 0) feed(replay, lines, startS);
  else feedRemote(replay, lines, room, damage);
  await replay.finish();
  return told;
}

function feed(replay: RadioReplay, lines: readonly WalkLine[], startS: number): void {
  for (const { timeS, sensor, rssiDbm } of lines) {
    const report = { eventType: 3, addressType: 1, address: ADDRESS, payload: PAYLOAD, rssiDbm };
    replay.feed(
      {
        at: epochMs(timeS * 1000),
        receiverId: receiverId(sensor),
        packet: legacyReportPacket([report]),
      },
      monoMs(START_MS + (timeS - startS) * 1000),
    );
  }
}

/** Every box a remote scanner with a clock of its own: messages once a second, 150 ms under way in the mean. */
function feedRemote(
  replay: RadioReplay,
  lines: readonly WalkLine[],
  room: WalkRoom,
  { clockSkewS, seed }: WalkDamage,
): void {
  const skewed = throughScanners(lines, {
    aheadMsOf: (sensor) => ((room.boxOf.get(sensor) ?? 0) % 2 === 0 ? 1000 : -1000) * clockSkewS,
    meanDelayMs: 150,
    random: seededRandom(seed),
  });
  for (const { sighting, arrivedMono } of skewed)
    replay.sight(
      {
        ...sighting,
        who: { kind: "tag", tagId: WALKER.id },
        atMono: monoMs(START_MS + sighting.atMono),
      },
      monoMs(START_MS + arrivedMono),
    );
}
