/** How people behave in the simulated shop. Ratios are 0..1. */
export interface ShopModel {
  /** People who come in, children and groups included, without staff; mean over the open hours. */
  readonly entriesPerHour: number;
  /** People who come by and do not enter, per one who enters by a street door. */
  readonly passersPerEntrant: number;
  /** Share of passers-by who turn around before the shop, and people per entrant who come to the door and turn back. */
  readonly pacerRatio: number;
  readonly uTurnRatio: number;
  /** Share of people who come in groups of two or three. */
  readonly groupedRatio: number;
  /** Share of groups with a child. */
  readonly childRatio: number;
  /** Visits: this share is exponential, the rest lognormal. @source retail notes 3.2 */
  readonly shortRatio: number;
  readonly shortMeanMs: number;
  readonly longMedianMs: number;
  readonly longSigma: number;
  /** Share of visits that go out and come back within the re-entry gap, and of people who come again after it. */
  readonly outingRatio: number;
  readonly returnRatio: number;
  /** Share of parties with time enough that go to the till, are handed an order, take a basket or a cart. */
  readonly tillRatio: number;
  readonly collectRatio: number;
  readonly basketRatio: number;
  readonly cartRatio: number;
  /** Share of hand-overs beside which something is bought. */
  readonly attachRatio: number;
  /** Till: who is served, in what time (lognormal), how long one waits, and when one turns back at once. */
  readonly serviceMedianMs: number;
  readonly serviceSigma: number;
  readonly patienceMeanMs: number;
  readonly balkLength: number;
  readonly balkRatio: number;
  /** Share of what the till does that is a refund, an exchange. */
  readonly refundRatio: number;
  readonly exchangeRatio: number;
  /** Share of parties with a member's card that sends, and how many members there are. */
  readonly cardRatio: number;
  readonly members: number;
  /** Tagged baskets and carts, and tags for staff. */
  readonly baskets: number;
  readonly carts: number;
  readonly staffTags: number;
  /** Staff of a day, in two shifts; rounds over the floor an hour; receipts of staff a day. */
  readonly staff: number;
  readonly roundsPerHour: number;
  readonly staffSales: number;
  /** Factor on the entries per day of the week, Monday first. */
  readonly weekdays: readonly number[];
}

/** What sensors get wrong. Ratios are 0..1. */
export interface SensorModel {
  /** Crossings that the door counter misses, per direction, and that the frontage misses. */
  readonly missInRatio: number;
  readonly missOutRatio: number;
  readonly missPassRatio: number;
  /** Crossings of the doors that nobody made, per true one. */
  readonly falseRatio: number;
  /** Visits whose track is lost once inside; share of these that the counter joins again; visits that swap numbers. */
  readonly trackLossRatio: number;
  readonly renamedRatio: number;
  readonly swapRatio: number;
  /** Stays that are not seen, and error of their borders. */
  readonly stayMissRatio: number;
  readonly stayJitterMs: number;
  /** Groups that are told as single people, and children taken for adults (adults for children a fiftieth of it). */
  readonly groupMissRatio: number;
  readonly childMistakenRatio: number;
  /** Staff without their tag, and passages of a tag at a door that the radio does not tell. */
  readonly forgottenRatio: number;
  readonly passageMissRatio: number;
  /** Mean time until a tag that came in is heard well enough, and packets that are lost. */
  readonly hearingMs: number;
  readonly packetLossRatio: number;
  /** Stays of tags in zones that are told as in another one. */
  readonly zoneConfusedRatio: number;
  /** How far the till's clock is ahead. */
  readonly tillAheadMs: number;
}

/** Faults that are off unless asked for. */
export const FAULTS = ["outage", "blind-day", "clock-step"] as const;
export type Fault = (typeof FAULTS)[number];

export const DIFFICULTIES = ["perfect", "default", "hard"] as const;
export type Difficulty = (typeof DIFFICULTIES)[number];

/** The people of the figures: 60 entries an hour, every fifth person in a group. */
export const DEFAULT_SHOP: ShopModel = Object.freeze({
  entriesPerHour: 60,
  passersPerEntrant: 5,
  pacerRatio: 0.03,
  uTurnRatio: 0.03,
  groupedRatio: 0.2,
  childRatio: 0.25,
  shortRatio: 0.25,
  shortMeanMs: 55_000,
  longMedianMs: 720_000,
  longSigma: 0.7,
  outingRatio: 0.015,
  returnRatio: 0.01,
  tillRatio: 0.36,
  collectRatio: 0.03,
  basketRatio: 0.25,
  cartRatio: 0.05,
  attachRatio: 0.25,
  serviceMedianMs: 95_000,
  serviceSigma: 0.5,
  patienceMeanMs: 420_000,
  balkLength: 2,
  balkRatio: 0.25,
  refundRatio: 0.04,
  exchangeRatio: 0.02,
  cardRatio: 0.12,
  members: 300,
  baskets: 20,
  carts: 4,
  staffTags: 8,
  staff: 4,
  roundsPerHour: 0,
  staffSales: 1,
  weekdays: Object.freeze([1, 1, 1, 1, 1, 1, 1]),
});

const PERFECT: SensorModel = Object.freeze({
  missInRatio: 0,
  missOutRatio: 0,
  missPassRatio: 0,
  falseRatio: 0,
  trackLossRatio: 0,
  renamedRatio: 0,
  swapRatio: 0,
  stayMissRatio: 0,
  stayJitterMs: 0,
  groupMissRatio: 0,
  childMistakenRatio: 0,
  forgottenRatio: 0,
  passageMissRatio: 0,
  hearingMs: 0,
  packetLossRatio: 0,
  zoneConfusedRatio: 0,
  tillAheadMs: 0,
});

/** `perfect`: nothing is wrong. `default`: that of the figures. `hard`: a shop with poor sensors. */
export const SENSORS: Readonly<Record<Difficulty, SensorModel>> = Object.freeze({
  perfect: PERFECT,
  default: Object.freeze({
    missInRatio: 0.02,
    missOutRatio: 0.03,
    missPassRatio: 0.02,
    falseRatio: 0.001,
    trackLossRatio: 0.03,
    renamedRatio: 0.6,
    swapRatio: 0.005,
    stayMissRatio: 0.01,
    stayJitterMs: 200,
    groupMissRatio: 0.05,
    childMistakenRatio: 0.1,
    forgottenRatio: 0.02,
    passageMissRatio: 0.03,
    hearingMs: 15_000,
    packetLossRatio: 0.15,
    zoneConfusedRatio: 0.03,
    tillAheadMs: 95_000,
  }),
  hard: Object.freeze({
    missInRatio: 0.05,
    missOutRatio: 0.09,
    missPassRatio: 0.06,
    falseRatio: 0.01,
    trackLossRatio: 0.15,
    renamedRatio: 0.4,
    swapRatio: 0.03,
    stayMissRatio: 0.05,
    stayJitterMs: 600,
    groupMissRatio: 0.2,
    childMistakenRatio: 0.25,
    forgottenRatio: 0.1,
    passageMissRatio: 0.1,
    hearingMs: 40_000,
    packetLossRatio: 0.35,
    zoneConfusedRatio: 0.1,
    tillAheadMs: -240_000,
  }),
});
