import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { RefusedRowView, TagImportView } from "../tags-view.ts";
import type { RefusalView } from "../views.ts";

interface TagImportProps {
  /** Whether what is imported outlives the gateway. */
  readonly isKept: boolean;
  readonly onImported: () => void;
}

type Step =
  | { readonly kind: "idle" }
  | { readonly kind: "busy"; readonly what: string }
  | { readonly kind: "checked"; readonly file: File; readonly outcome: TagImportView }
  | { readonly kind: "done"; readonly outcome: TagImportView }
  | { readonly kind: "failed"; readonly message: string; readonly hint: string };

/** Choose a CSV file, see what it would do and which rows are wrong, then import it. */
export function TagImport({ isKept, onImported }: TagImportProps): JSX.Element {
  const [step, setStep] = useState<Step>({ kind: "idle" });
  const input = useRef<HTMLInputElement>(null);
  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setStep({ kind: "busy", what: `Checking ${file.name}…` });
    const answer = await send(file, "dry-run");
    setStep("message" in answer ? failed(answer) : { kind: "checked", file, outcome: answer });
    // So that the same file, corrected, can be chosen again.
    if (input.current !== null) input.current.value = "";
  };
  const carryOut = async (file: File, skips: boolean): Promise<void> => {
    setStep({ kind: "busy", what: "Importing…" });
    const answer = await send(file, skips ? "skip-invalid" : "");
    setStep("message" in answer ? failed(answer) : { kind: "done", outcome: answer });
    onImported();
  };
  return (
    <div class="tag-import">
      <h3>Import</h3>
      <p class="quiet" id="tag-import-about">
        A CSV file adds tags and changes those with the same id; tags it does not name stay.
        {isKept ? "" : " In the demonstration they are forgotten when it ends."}
      </p>
      <label class="tag-file">
        <span class="plain-button">Choose a CSV file</span>
        <input
          ref={input}
          type="file"
          accept=".csv,text/csv"
          aria-describedby="tag-import-about"
          onChange={(event) => void choose(event.currentTarget.files?.[0])}
        />
      </label>
      <div role="status" class="tag-import-outcome">
        {step.kind === "busy" && <p class="quiet">{step.what}</p>}
        {step.kind === "done" && <p>{doneWords(step.outcome)}</p>}
        {step.kind === "failed" && (
          <p>
            <span class="sensor-why">{step.message}</span> {step.hint}
          </p>
        )}
        {step.kind === "checked" && (
          <Checked step={step} onGo={carryOut} onCancel={() => setStep({ kind: "idle" })} />
        )}
      </div>
    </div>
  );
}

function Checked(props: {
  readonly step: Extract<Step, { kind: "checked" }>;
  readonly onGo: (file: File, skips: boolean) => Promise<void>;
  readonly onCancel: () => void;
}): JSX.Element {
  const { file, outcome } = props.step;
  const { added, changed, refused, refusedRows, isAccepted } = outcome;
  const good = added.length + changed.length;
  return (
    <>
      <p>
        {file.name}: {countsOf(outcome)}
      </p>
      {refusedRows > 0 && <RefusedRows refused={refused} rows={refusedRows} />}
      <p class="picture-actions">
        {good > 0 && (
          <button
            type="button"
            class="plain-button is-go"
            onClick={() => void props.onGo(file, !isAccepted)}
          >
            {isAccepted
              ? `Import ${tagWords(good)}`
              : `Import only the ${tagWords(good)} without a fault`}
          </button>
        )}
        <button type="button" class="plain-button" onClick={props.onCancel}>
          {good > 0 ? "Cancel" : "Close"}
        </button>
      </p>
    </>
  );
}

function RefusedRows(props: {
  readonly refused: readonly RefusedRowView[];
  readonly rows: number;
}): JSX.Element {
  return (
    <>
      <p class="sensor-why">
        {props.rows === 1 ? "1 row is refused" : `${props.rows} rows are refused`}: correct them and
        choose the file again.
      </p>
      <section class="tags-scroll" aria-label="Refused rows" tabindex={0}>
        <table class="tags-table" data-testid="refused-rows">
          <thead>
            <tr>
              {["Line", "Column", "Found", "Expected"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {props.refused.map(({ line, column, value, expected }) => (
              <tr key={`${line} ${column} ${expected}`}>
                <th scope="row">{line}</th>
                <td>{column ?? "the row"}</td>
                <td>
                  <code>{value}</code>
                </td>
                <td>{expected}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

const tagWords = (count: number): string => (count === 1 ? "1 tag" : `${count} tags`);

function countsOf({ added, changed, unchanged, refusedRows }: TagImportView): string {
  const counts = [
    [added.length, "new"],
    [changed.length, "changed"],
    [unchanged, "unchanged"],
    [refusedRows, "refused"],
  ] as const;
  const named = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return named.length === 0 ? "no row" : named.join(", ");
}

const doneWords = (outcome: TagImportView): string =>
  outcome.isAccepted
    ? `Imported: ${countsOf(outcome)}. The tags are listened for now.`
    : `Nothing was imported: the plan has changed meanwhile (${countsOf(outcome)}). Choose the file again.`;

const failed = ({ message, hint }: RefusalView): Step => ({ kind: "failed", message, hint });

async function send(file: File, flag: string): Promise<TagImportView | RefusalView> {
  try {
    const headers = { "content-type": "text/csv" };
    const path = `/api/tags/import${flag === "" ? "" : `?${flag}`}`;
    const answer = await fetch(path, { method: "POST", headers, body: file });
    if (answer.status === 413)
      return {
        error: "REFUSED",
        message: "The file is too large.",
        hint: "A plan holds 20000 tags.",
      };
    return (await answer.json()) as TagImportView | RefusalView;
  } catch {
    // The browser does not say more than that it got no answer.
    const message = "The gateway did not answer.";
    return { error: "FAILED", message, hint: "Try again when it is there." };
  }
}
