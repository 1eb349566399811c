import { Worker } from "node:worker_threads";

/**
 * Starts the worker thread whose entry stands beside the calling module, built or from source.
 * A thread does not inherit the TypeScript loader of its parent on Node 20, so when running from source a small
 * script registers the loader first and then imports the entry.
 * @param callerUrl `import.meta.url` of the calling module; its extension tells source from built code.
 * @param name File name of the entry without extension.
 */
export function launchWorker(callerUrl: string, name: string, workerData: unknown): Worker {
  if (!callerUrl.endsWith(".ts")) {
    return new Worker(new URL(`./${name}.js`, callerUrl), { workerData, name });
  }
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const entry = JSON.stringify(new URL(`./${name}.ts`, callerUrl).href);
  const script = `import(${loader}).then(({ register }) => { register(); return import(${entry}); })`;
  return new Worker(script, { eval: true, workerData, name });
}
