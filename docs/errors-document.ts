import { FAULTS, type RetryRule } from "../src/core/errors.ts";

const RETRY_TEXT: Readonly<Record<RetryRule, string>> = {
  never: "not tried again",
  backoff: "tried again with growing pauses",
  operator: "waits for a person",
};

/** The text of docs/errors.md, from the one table of faults. Pure. */
export function renderErrorsDocument(): string {
  const rows = Object.entries(FAULTS).map(
    ([code, fault]) =>
      `| \`${code}\` | ${fault.summary} | ${fault.hint} | ${RETRY_TEXT[fault.retry]} |`,
  );
  return [
    "# Errors",
    "",
    "Generated from `src/core/errors.ts` by `npm run generate`; do not edit. Codes are stable: they appear in logs,",
    "in health states, in events and in the exit message of every command.",
    "",
    "| code | what happened | what to do | and then |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
