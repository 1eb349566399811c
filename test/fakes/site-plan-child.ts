import { createSystemClock } from "../../src/app/system-clock.ts";
import { monoMs } from "../../src/core/brand.ts";
import { sitePlanFile } from "../../src/io/site/site-plan-file.ts";

/** Rewrites the tags of a plan again and again, each time all of them with one number, until it is killed; says when it has begun. */
const [path = ""] = process.argv.slice(2);
const system = createSystemClock();
// A lock left over by the life before is taken away after 0.1 s instead of ten.
const clock = { ...system, mono: () => monoMs(system.mono() * 100) };
const store = sitePlanFile(path, clock);
for (let generation = 1; ; generation += 1) {
  await store.update((document) => {
    document["tags"] = Array.from({ length: 400 }, (_, i) => ({
      id: `t${i}`,
      kind: "basket",
      name: `generation ${generation}`,
      beacon: { format: "altbeacon", id: i.toString(16).padStart(40, "0") },
    }));
  });
  if (generation === 1) process.stdout.write("ready\n");
}
