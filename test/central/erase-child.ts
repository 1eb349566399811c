import { openRepository } from "../../src/central/open-repository.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { ACME, eraserOn, NAME, STORES } from "./erase-rig.ts";

/** Erases a name, says when something of it is out, and then goes on slowly: somebody kills it. */
const store = await openRepository(process.argv[2] ?? "", SILENT_LOG);
const change = store.changeEvents.bind(store);
store.changeEvents = async (changes) => {
  const count = await change(changes);
  process.stdout.write(`out ${count}\n`);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  return count;
};
const { eraser } = await eraserOn(store);
await eraser.erase(ACME, [{ name: NAME, storeIds: STORES }]);
