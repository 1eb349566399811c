import type { ScannerKind } from "../../../config/scanners.ts";
import type { ReceiverClock } from "../../../radio/receiver-clock.ts";
import type { FaultLog } from "../../counters/fault-log.ts";

/** What a scanner's messages came to; numbers only grow. */
export interface ScannerTally {
  messages: number;
  /** Handed on. */
  sightings: number;
  /** Devices without an identity of their own. */
  ignored: number;
  /** Kept by the broker from earlier. */
  retained: number;
  /** Older than fifteen seconds on arrival. */
  late: number;
  /** Delivered before. */
  repeated: number;
  /** Over the cap of a second. */
  flooded: number;
  /** Came before its clock was known. */
  unplaced: number;
}

const KIND_NAMES: Readonly<Record<ScannerKind, string>> = {
  espresense: "ESPresense",
  theengs: "Theengs Gateway",
  openmqttgateway: "OpenMQTTGateway",
  generic: "generic form",
  gateway: "another Vitrine gateway",
};

/** Figures of a scanner for people; troubles only when there were any. */
export function factsOf(
  kind: ScannerKind,
  tally: Readonly<ScannerTally>,
  clock: Pick<ReceiverClock, "skewMs" | "isFar" | "steps">,
  faults: Pick<FaultLog, "count" | "last">,
): readonly (readonly [label: string, text: string])[] {
  const rows: (readonly [string, string])[] = [
    ["scanner", KIND_NAMES[kind]],
    ["messages", String(tally.messages)],
    ["clock", clockText(clock)],
  ];
  const troubles: readonly (readonly [string, number])[] = [
    ["devices without an identity", tally.ignored],
    ["its clock was set", clock.steps],
    ["dropped: too late", tally.late],
    ["dropped: delivered twice", tally.repeated],
    ["dropped: too many in a second", tally.flooded],
    ["dropped: its clock not known yet", tally.unplaced],
    ["dropped: kept by the broker", tally.retained],
    ["dropped: malformed", faults.count],
  ];
  for (const [label, count] of troubles) if (count > 0) rows.push([label, String(count)]);
  if (faults.last !== null) {
    const { path, found, expected } = faults.last;
    rows.push(["last dropped", `${path || "(message)"}: expected ${expected}, found ${found}`]);
  }
  return rows;
}

function clockText({ skewMs, isFar }: Pick<ReceiverClock, "skewMs" | "isFar">): string {
  if (skewMs === null) return "times of arrival";
  const side = skewMs > 0 ? "behind" : "ahead";
  const seconds = Math.abs(skewMs) / 1000;
  if (isFar) return `${seconds.toFixed(0)} s ${side}, times of arrival taken: set a time server`;
  if (seconds < 0.5) return "in step";
  return `${seconds.toFixed(1)} s ${side}, corrected`;
}
