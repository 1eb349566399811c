import type { FloorPlan, ReceiverPlan, SurveyPoint } from "../../core/site.ts";
import { createFloorMotion, type FloorMotion } from "./floor-motion.ts";
import { createFloorStates, type FloorStates } from "./floor-states.ts";
import { createLevelLikelihood, type LevelLikelihood, toGrains } from "./level-likelihood.ts";
import { createLevelMap, LEVEL_STEPS, type LevelMap } from "./level-map.ts";
import type { ReceiverHearing } from "./receiver-hearing.ts";
import type { TagSeconds } from "./tag-seconds.ts";
import type { ZoneParameters } from "./zone-parameters.ts";

/** Above this many receivers silence is not taken as evidence: it would cost more than it says. */
const MISS_RECEIVERS = 32;

/** All that is the same for every tag of a floor. */
export interface ZoneModel {
  readonly parameters: ZoneParameters;
  readonly states: FloorStates;
  readonly motion: FloorMotion;
  readonly likelihood: LevelLikelihood;
  map: LevelMap;
  /** What each receiver reads above its place, dB. */
  readonly offsetsDb: Float64Array;
  /** Preference for the quieter of two powers on this floor, nats per dB, without a survey. */
  readonly quietPerDb: number;
  /** Room for one row of states. */
  readonly logs: Float32Array;
}

/** Makes the model of a floor. Deterministic; costs most of a second on the largest floors. */
export function createZoneModel(
  floor: FloorPlan,
  receivers: readonly ReceiverPlan[],
  survey: readonly SurveyPoint[],
  parameters: ZoneParameters,
): ZoneModel {
  const states = createFloorStates(floor, parameters);
  return {
    parameters,
    states,
    motion: createFloorMotion(floor, states, parameters),
    likelihood: createLevelLikelihood(parameters),
    map: createLevelMap(floor, states, receivers, survey, parameters),
    offsetsDb: new Float64Array(receivers.length),
    quietPerDb: states.open ? parameters.quietOpenPerDb : parameters.quietPerDb,
    logs: new Float32Array(states.count),
  };
}

/**
 * Writes the likelihood of what was heard of a tag in a second, as grains per state, for a tag of `powerDbm`; returns
 * the log-likelihood of the best state. Allocates nothing.
 */
export function secondGrains(
  model: ZoneModel,
  heard: TagSeconds,
  second: number,
  powerDbm: number,
  hearing: ReceiverHearing | null,
  out: Uint8Array,
  outAt: number,
): number {
  const { logs, states } = model;
  const entries = heard.count(second);
  logs.fill(0);
  for (let i = 0; i < entries; i += 1) {
    const receiver = heard.receiver(second, i);
    const expected = powerDbm + (model.offsetsDb[receiver] ?? 0);
    const overDb = heard.levelDbm(second, i) - expected;
    addHeard(model, receiver, overDb);
  }
  const receivers = model.offsetsDb.length;
  if (hearing !== null && receivers <= MISS_RECEIVERS && entries >= model.parameters.minReceivers) {
    let i = 0;
    for (let receiver = 0; receiver < receivers; receiver += 1) {
      if (i < entries && heard.receiver(second, i) === receiver) i += 1;
      else if (model.map.placed[receiver] === 1 && hearing.couldHear(receiver, second))
        addMissed(model, receiver, powerDbm + (model.offsetsDb[receiver] ?? 0));
    }
  }
  return toGrains(logs, out, outAt, states.count);
}

/** Adds what a level says that lies `overDb` above the power of the tag. */
function addHeard(
  { logs, map, likelihood, states }: ZoneModel,
  receiver: number,
  overDb: number,
): void {
  const { heard, zero } = likelihood;
  const count = states.count;
  const row = receiver * count;
  const base = Math.round(overDb * LEVEL_STEPS) + zero;
  const { levels } = map;
  for (let i = 0; i < count; i += 1)
    logs[i] = (logs[i] ?? 0) + (heard[base - (levels[row + i] ?? 0)] ?? 0);
}

/** Adds what silence says of a tag that would be heard with `powerDbm` at one metre. */
function addMissed(
  { logs, map, likelihood, states }: ZoneModel,
  receiver: number,
  powerDbm: number,
): void {
  const { missed, zero } = likelihood;
  const count = states.count;
  const row = receiver * count;
  const base = Math.round(powerDbm * LEVEL_STEPS) + zero;
  const { levels } = map;
  for (let i = 0; i < count; i += 1)
    logs[i] = (logs[i] ?? 0) + (missed[base + (levels[row + i] ?? 0)] ?? 0);
}
