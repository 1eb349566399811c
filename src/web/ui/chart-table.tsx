import type { JSX } from "preact";
import { EN_DASH } from "./format.ts";
import type { Slot } from "./series.ts";

interface TableProps {
  readonly slots: readonly Slot[];
  /** Heading of the values, and of those they are compared with; null = nothing is. */
  readonly name: string;
  readonly beforeName: string | null;
  readonly spanText: (slot: Slot) => string;
  readonly write: (value: number) => string;
}

/** The chart's values in order of time; "at least" where part of a slot was not seen. */
export function ChartTable({ slots, name, beforeName, spanText, write }: TableProps): JSX.Element {
  const text = (value: number | null): string => (value === null ? EN_DASH : write(value));
  return (
    <table class="slots">
      <caption class="visually-hidden">Values of the chart</caption>
      <thead>
        <tr>
          <th scope="col">Slot</th>
          <th scope="col">{name}</th>
          {beforeName !== null && <th scope="col">{beforeName}</th>}
        </tr>
      </thead>
      <tbody>
        {slots.map((slot) => (
          <tr key={slot.from}>
            <th scope="row">{spanText(slot)}</th>
            <td>
              {slot.isPartial && slot.value !== null && "\u2265 "}
              {text(slot.value)}
            </td>
            {beforeName !== null && <td>{text(slot.before)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
