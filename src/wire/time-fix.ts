import { type EpochMs, epochMs } from "../core/brand.ts";
import { type CloudEvent, isoTime } from "./cloud-event.ts";

/** What a gateway found out about one of its lives: at `monoMs` of it the time really was `at`. */
export interface TimeFix {
  readonly boot: string;
  readonly at: EpochMs;
  readonly monoMs: number;
}

type Data = Readonly<Record<string, unknown>>;
/** Instants in the data of an event that were made with the same clock as its own time. */
const INSTANTS = ["enteredAt", "exitedAt"];

/** The fix that a `vitrine.time-fix` event tells; null for an event of another type. Pure. */
export function timeFixOf(event: CloudEvent): TimeFix | null {
  const boot = event.data["boot"];
  if (event.type !== "vitrine.time-fix" || typeof boot !== "string") return null;
  return { boot, at: epochMs(Date.parse(event.time)), monoMs: Number(event.monoMs) };
}

/**
 * The event with the time it really had: recorded in the life a fix is about, before its clock was set. Null when there
 * is nothing to mend: another life, a clock that was known, or a time that a till told. The id stays, so that what is
 * mended replaces what was stored; the mended event is `holdover`, and so is mended once only. `recordedtime` stays as
 * it was told. Works in any order: call it for stored events when a fix arrives, and for events that arrive later. Pure.
 */
export function retimed(event: CloudEvent, fix: TimeFix): CloudEvent | null {
  if (event.boot !== fix.boot || event.clock !== "unsynced") return null;
  const isTills = event.type === "vitrine.transacted" && event.data["timeSource"] !== "arrival";
  const told = Date.parse(event.time);
  const shiftMs = Math.round(fix.at + Number(event.monoMs) - fix.monoMs) - told;
  if (isTills || !Number.isSafeInteger(shiftMs)) return null;
  const time = isoTime(epochMs(told + shiftMs));
  return { ...event, time, clock: "holdover", data: shifted(event.data, shiftMs) };
}

function shifted(data: Data, shiftMs: number): Data {
  const own = INSTANTS.filter((name) => typeof data[name] === "number");
  const moved = Object.fromEntries(own.map((name) => [name, Number(data[name]) + shiftMs]));
  const stays = data["stays"];
  if (!Array.isArray(stays)) return { ...data, ...moved };
  return { ...data, ...moved, stays: stays.map((stay: Data) => shifted(stay, shiftMs)) };
}
