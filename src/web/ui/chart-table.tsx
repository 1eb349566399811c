import type { JSX } from "preact";
import { usePage } from "./context.ts";
import { EN_DASH, type Formats } from "./format.ts";
import type { Slot } from "./series.ts";

/** The chart's values, newest slot first; "at least" where part of a slot was not seen. */
export function ChartTable({ slots }: { readonly slots: readonly Slot[] }): JSX.Element {
  return (
    <table class="slots">
      <caption class="visually-hidden">Values of the chart, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Slot</th>
          <th scope="col">Passing</th>
          <th scope="col">Entrants</th>
          <th scope="col">Exits</th>
          <th scope="col">In store</th>
          <th scope="col">Receipts</th>
        </tr>
      </thead>
      <tbody>
        {[...slots].reverse().map((slot) => (
          <SlotRow key={slot.from} slot={slot} />
        ))}
      </tbody>
    </table>
  );
}

function SlotRow({ slot }: { readonly slot: Slot }): JSX.Element {
  const { formats } = usePage();
  const counted = (value: number | null): string =>
    slot.isPartial && value !== null ? `\u2265 ${formats.count(value)}` : count(formats, value);
  return (
    <tr>
      <th scope="row">{formats.time(slot.from)}</th>
      <td>{counted(slot.passing)}</td>
      <td>{counted(slot.entrants)}</td>
      <td>{counted(slot.exits)}</td>
      <td>{slot.occupancy === null ? EN_DASH : formats.mean(slot.occupancy)}</td>
      <td>{count(formats, slot.transactions)}</td>
    </tr>
  );
}

function count(formats: Formats, value: number | null): string {
  return value === null ? EN_DASH : formats.count(value);
}
