import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { createEmbeddedBroker } from "../../src/io/mqtt/embedded-broker.ts";

/** The embedded broker as a process of its own, so that it can be killed. */
const broker = createEmbeddedBroker({ port: Number(process.argv[2]), log: SILENT_LOG });
await broker.start(new AbortController().signal);
process.once("SIGTERM", () => void broker[Symbol.asyncDispose]());
