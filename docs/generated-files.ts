import { stringify } from "yaml";
import { z } from "zod";
import { gatewayConfigSchema } from "../src/config/gateway.ts";
import { sitePlanSchema } from "../src/config/site.ts";
import { renderMetricsDocument } from "../src/metrics/definitions/document.ts";
import { openApiDocument } from "../src/wire/openapi.ts";
import { renderTestVectors } from "./app-developers/test-vectors.ts";
import { renderAsyncApi } from "./asyncapi-document.ts";
import { renderErrorsDocument } from "./errors-document.ts";
import { schemaFiles } from "./schema-files.ts";

/** Version of the wire contract: the second number grows with what is added; `v1` of the topics with what breaks. */
const CONTRACT_VERSION = "1.0.0";

function jsonSchema(schema: z.ZodType, title: string): string {
  const body = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" });
  return `${JSON.stringify({ title, ...body }, null, 2)}\n`;
}

/** Path from the root of the repository -> how its text is made. */
export const generatedFiles: Readonly<Record<string, () => string>> = {
  "docs/asyncapi.yaml": () => renderAsyncApi(CONTRACT_VERSION),
  "docs/openapi.yaml": () =>
    stringify(openApiDocument(), { lineWidth: 120, aliasDuplicateObjects: false }),
  "docs/errors.md": renderErrorsDocument,
  "docs/metrics.md": renderMetricsDocument,
  "config/gateway.schema.json": () => jsonSchema(gatewayConfigSchema, "Vitrine gateway file"),
  "config/site.schema.json": () => jsonSchema(sitePlanSchema, "Vitrine site plan"),
  "docs/app-developers/test-vectors.json": renderTestVectors,
  ...schemaFiles,
};
