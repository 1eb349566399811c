import { startCentral } from "../e2e/delivery-rig.ts";
import type { CentralChildSetup } from "./children.ts";

/** A centre for the kill rig. Prints `ready` when it listens; ends in order on SIGTERM. */
const { store, url } = JSON.parse(process.argv[2] ?? "{}") as CentralChildSetup;
const central = await startCentral("", url, { store });
console.log("ready");
process.once("SIGTERM", () => void central[Symbol.asyncDispose]());
