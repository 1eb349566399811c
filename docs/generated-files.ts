import { z } from "zod";
import { gatewayConfigSchema } from "../src/config/gateway.ts";
import { sitePlanSchema } from "../src/config/site.ts";
import { renderMetricsDocument } from "../src/metrics/definitions/document.ts";
import { renderErrorsDocument } from "./errors-document.ts";
import { schemaFiles } from "./schema-files.ts";

function jsonSchema(schema: z.ZodType, title: string): string {
  const body = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" });
  return `${JSON.stringify({ title, ...body }, null, 2)}\n`;
}

/** Path from the root of the repository -> how its text is made. */
export const generatedFiles: Readonly<Record<string, () => string>> = {
  "docs/errors.md": renderErrorsDocument,
  "docs/metrics.md": renderMetricsDocument,
  "config/gateway.schema.json": () => jsonSchema(gatewayConfigSchema, "Vitrine gateway file"),
  "config/site.schema.json": () => jsonSchema(sitePlanSchema, "Vitrine site plan"),
  ...schemaFiles,
};
