/** What the zone engine supposes about radios and people. Physical values; each says where it comes from. */
export interface ZoneParameters {
  /** Edge of a cell, metres; grows on floors that would need more than `cellCap` cells. */
  readonly cellM: number;
  readonly cellCap: number;
  /** Height of a carried tag, metres. */
  readonly tagHeightM: number;
  /** Decades of distance to tens of dB. */
  readonly pathLossExponent: number;
  /** Loss of the wall between a receiver inside and a tag outside, dB. */
  readonly wallLossDb: number;
  /** Scale and degrees of freedom of a second's mean level around what is expected (Student's t). */
  readonly scatterDb: number;
  readonly scatterFreedom: number;
  /** Weight of one receiver's second: its errors do not average out from second to second. */
  readonly temper: number;
  /** Standard deviation of a second's walk per axis, and the farthest, metres. */
  readonly walkM: number;
  readonly walkCutM: number;
  /** Probability of standing still in a second. */
  readonly stayRatio: number;
  /** Probability per second of being somewhere else altogether, so that no mistake lasts for ever. */
  readonly strayRatio: number;
  /** Levels at one metre that a tag may have, dBm, evenly spaced, rising. */
  readonly powersDbm: readonly number[];
  /** The evidence for a power never weighs more than this many receiver-seconds. */
  readonly powerWeight: number;
  /** Preference for the quieter of two powers, nats per dB, without a survey: with no way out on the plan, and with one. */
  readonly quietPerDb: number;
  readonly quietOpenPerDb: number;
  /** Share of the seconds in which a receiver within reach hears a tag that others hear, for sure. */
  readonly hearRatio: number;
  /** Level at which half of the packets are heard, and how soft that limit is. */
  readonly sensitivityDbm: number;
  readonly sensitivitySoftDb: number;
  /** Exponent of the calibration of probabilities; above 1 = the tempered posterior is too modest. */
  readonly sharpening: number;
  /** Below this calibrated probability the best zone is not told. */
  readonly unknownBelow: number;
  /** So many receivers have to have heard the tag within `heardWithinS` seconds around the second. */
  readonly minReceivers: number;
  readonly heardWithinS: number;
  /** A tag this close to a door is at it, metres. */
  readonly doorReachM: number;
  /** Whether offsets of receivers are learned, their spread before anything is learned, and their bound, dB. */
  readonly learnOffsets: boolean;
  readonly offsetSpreadDb: number;
  readonly offsetCapDb: number;
  /** Most tags followed at once, and the memory for them, bytes; the least recently heard goes first. */
  readonly tagCap: number;
  readonly memoryBytes: number;
}

/**
 * - Exponent 2 is free space; open rooms measure 2.0 to 2.5. Scatter of readings 6 to 8 dB with heavy tails.
 * - People who walk prefer 1.4 m/s, and seldom go 3 m in a second.
 * - Tags send -44 to -77 dBm at one metre (a phone in a bag to a long-range beacon).
 * - What a receiver's place adds or takes (up to 7 dB, constant) does not average out with time: a second of a receiver
 *   counts a third of what independent readings would, and the evidence for the power saturates at five seconds of
 *   twelve receivers. A power believed too high pushes a tag against the walls, one too low only pulls it to the
 *   middle, hence the preference for the quieter. Where tags may be outside as well, one too low pulls them in through
 *   the wall, and nobody is surely inside who stands on the pavement: there the preference only breaks ties.
 * - A receiver's seconds count alike however many packets they hold: nearness is not reliability.
 */
export const ZONE_PARAMETERS: ZoneParameters = {
  cellM: 1,
  cellCap: 4_000,
  tagHeightM: 1.2,
  pathLossExponent: 2,
  wallLossDb: 5,
  scatterDb: 6,
  scatterFreedom: 4,
  temper: 0.3,
  walkM: 1.4,
  walkCutM: 3,
  stayRatio: 0.1,
  strayRatio: 1e-6,
  powersDbm: [-77, -74, -71, -68, -65, -62, -59, -56, -53, -50, -47, -44],
  powerWeight: 60,
  quietPerDb: 0.5,
  quietOpenPerDb: 0.15,
  hearRatio: 0.3,
  sensitivityDbm: -90,
  sensitivitySoftDb: 4,
  sharpening: 2,
  unknownBelow: 0.3,
  minReceivers: 3,
  heardWithinS: 5,
  doorReachM: 2,
  learnOffsets: true,
  offsetSpreadDb: 3,
  offsetCapDb: 10,
  tagCap: 2_000,
  memoryBytes: 96_000_000,
};
