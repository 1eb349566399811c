import { createSystemClock } from "../../src/app/system-clock.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";

/** Opens the outbox at the path given as a gateway does when it starts, says how it stands, and leaves without a word. */
const [path = ""] = process.argv.slice(2);
const outbox = openOutbox({
  path,
  capBytes: 1e9,
  commitMs: 250,
  clock: createSystemClock(),
  log: SILENT_LOG,
  random: () => 0.5,
  onStep: () => process.stdout.write("step\n"),
});
const { state } = outbox;
const { waiting } = outbox.stats();
process.stdout.write(
  `${JSON.stringify({ waiting, code: state.kind === "ok" ? null : state.code })}\n`,
);
process.exit(0);
