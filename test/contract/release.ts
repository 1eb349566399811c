import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { wireJsonSchemas } from "../../src/wire/json-schemas.ts";

/** Notes the wire's schemas as those of a release; run once per release, after its version was raised. */
const lines = Object.entries(wireJsonSchemas()).map(
  ([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`,
);
writeFileSync(join(import.meta.dirname, "released.json"), `{\n${lines.join(",\n")}\n}\n`);
