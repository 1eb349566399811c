import { z } from "zod";
import { refusalSchema } from "./central-answers.ts";
import { OPERATIONS, type Operation } from "./central-operations.ts";

type Json = Readonly<Record<string, unknown>>;

/** Version of the API; the first number is that of the path. */
const API_VERSION = "1.0.0";

/** The OpenAPI 3.1 document of the centre's API, from the table of its operations. Deterministic. */
export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const path = operation.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [operation.method]: operationOf(name, operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Vitrine central API",
      version: API_VERSION,
      description: "Figures, journeys, state and fleet of all stores. Generated; see docs/api.md.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: {
          ...{ type: "http", scheme: "bearer" },
          description: "`vitrine central keys add`; none is needed on loopback without keys",
        },
      },
      schemas: { Refusal: schemaOf(refusalSchema, "output") },
    },
  };
}

function operationOf(operationId: string, operation: Operation): Json {
  const { summary, scope, body, answer, type } = operation;
  return {
    operationId,
    summary,
    description: `Needs scope \`${scope}\`.`,
    parameters: [...pathParameters(operation.path), ...queryParameters(operation.query)],
    ...(body === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: schemaOf(body, "input") } },
          },
        }),
    responses: {
      "200": { description: summary, content: { [type]: { schema: schemaOf(answer, "output") } } },
      default: {
        description: "Refused: 400, 401, 403, 404, 429 or 503",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Refusal" } } },
      },
    },
  };
}

const pathParameters = (path: string): readonly Json[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    ...{ name, in: "path", required: true, schema: { type: "string" } },
  }));

function queryParameters(query: z.ZodType): readonly Json[] {
  const { properties = {}, required = [] } = schemaOf(query, "input") as {
    properties?: Readonly<Record<string, Json>>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    ...{ name, in: "query", required: required.includes(name) },
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema, ...body } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return body as Json;
}
