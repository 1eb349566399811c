import { type JsonSchema, wireJsonSchemas } from "../src/wire/json-schemas.ts";

/** One JSON Schema file per message and per type of event: path -> how its text is made. */
export const schemaFiles: Readonly<Record<string, () => string>> = Object.fromEntries(
  Object.entries(wireJsonSchemas()).map(([name, schema]) => [
    `docs/schemas/${name.replaceAll("/", "-")}.schema.json`,
    () => render(name, schema),
  ]),
);

function render(title: string, { $schema, ...body }: JsonSchema): string {
  return `${JSON.stringify({ $schema, title, ...body }, null, 2)}\n`;
}
