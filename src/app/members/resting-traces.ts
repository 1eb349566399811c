import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { epochMs } from "../../core/brand.ts";
import { HistoryFile } from "../../io/history/history-file.ts";
import { DAYBOOK_STREAMS, dayEvents } from "../../io/outbox/daybook.ts";
import { OutboxFile } from "../../io/outbox/outbox-file.ts";
import { gatherTraces, type MemberTraces } from "./member-traces.ts";

/** Nothing is written, so nothing grows. */
const NO_CAP = 2 ** 40;
const LAST = epochMs(Number.MAX_SAFE_INTEGER);

/**
 * What the files of a gateway that is not running say of a member's visits; "running" when somebody else has them open:
 * then the gateway itself is asked. @throws errors of SQLite and faults of the files when they cannot be read
 */
export function restingTraces(stateDir: string, pseudonym: string): MemberTraces | "running" {
  const [outboxPath, historyPath] = [join(stateDir, "outbox.db"), join(stateDir, "history.db")];
  const open: { close(): void }[] = [];
  try {
    const outbox = existsSync(outboxPath) ? kept(new OutboxFile(outboxPath, NO_CAP), open) : null;
    const history = existsSync(historyPath)
      ? kept(new HistoryFile(historyPath, NO_CAP), open)
      : null;
    const search = gatherTraces(
      {
        outbox: {
          since: (from) =>
            outbox === null
              ? []
              : dayEvents(outbox, from, Number.POSITIVE_INFINITY, DAYBOOK_STREAMS),
        },
        history: history && {
          customers: (since) => history.customers(since),
          *days() {
            for (const start of history.dayStarts(LAST, Number.MAX_SAFE_INTEGER)) {
              const day = history.day(start);
              if (day !== null) yield day;
            }
          },
        },
      },
      pseudonym,
    );
    for (;;) {
      const step = search.next();
      if (step.done === true) return step.value;
    }
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY"))
      return "running";
    throw error;
  } finally {
    for (const file of open) file.close();
  }
}

function kept<T extends { close(): void }>(file: T, open: { close(): void }[]): T {
  open.push(file);
  return file;
}
