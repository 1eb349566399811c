import { startCentral } from "./delivery-rig.ts";

/** A centre for the kill test. Prints `ready` when it listens; ends in order on SIGTERM. */
const [path = "", url = ""] = process.argv.slice(2);
const central = await startCentral(path, url);
console.log("ready");
process.once("SIGTERM", () => {
  void central[Symbol.asyncDispose]();
});
