import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { describeFaults, type InputFault } from "../../core/errors.ts";
import type { SitePlan } from "../../core/site.ts";
import type { LinkState } from "../../io/mqtt/link.ts";
import { OPERATIONS, type Operation, type OperationName } from "../../wire/central-operations.ts";
import { checked } from "../../wire/central-queries.ts";
import type { FleetDesk } from "../fleet/fleet-desk.ts";
import type { LoyaltyDesk } from "../loyalty/loyalty-desk.ts";
import type { PeriodMetrics } from "../period-view.ts";
import type { CentralStore } from "../repository.ts";
import type { StorePlans } from "../rollups/store-plans.ts";
import { type Access, fullAccess } from "./api-keys.ts";

/** What the routes are made of. */
export interface ApiContext {
  readonly repository: CentralStore;
  readonly plans: StorePlans;
  readonly metricsOf: ((site: SitePlan) => PeriodMetrics) | null;
  /** null where no gateway can be told anything. */
  readonly fleet: Pick<FleetDesk, "desired" | "reported" | "setDesired" | "command"> | null;
  readonly linkState: () => LinkState;
  readonly clock: Clock;
  /** null or absent: there is no loyalty here. */
  readonly loyalty?: LoyaltyDesk | null;
}

/** A request whose query and body fit the operation. */
export interface Asked<Name extends OperationName> {
  readonly query: z.output<(typeof OPERATIONS)[Name]["query"]>;
  readonly body: (typeof OPERATIONS)[Name]["body"] extends z.ZodType
    ? z.output<(typeof OPERATIONS)[Name]["body"]>
    : null;
  /** The part `:id` of the path; empty where there is none. */
  readonly id: string;
  readonly access: Access;
  readonly reply: FastifyReply;
}

/** Requests a minute of one key for a file: each may read a million rows. */
const FILES_PER_MINUTE = 30;

/** Adds the route of an operation; what does not fit its schemas is refused with every fault. */
export function addOperation<Name extends OperationName>(
  app: FastifyInstance,
  name: Name,
  answer: (asked: Asked<Name>) => unknown,
): void {
  const operation: Operation = OPERATIONS[name];
  const limit = { max: FILES_PER_MINUTE, timeWindow: 60_000 };
  const isFile = operation.type !== "application/json";
  app.route({
    method: operation.method,
    url: operation.path,
    config: { scope: operation.scope, ...(isFile ? { rateLimit: limit } : {}) },
    handler: async (request, reply) => {
      const query = checked(operation.query, request.query);
      if (!query.ok) return refuseInput(reply, query.error);
      const body = operation.body === null ? null : checked(operation.body, request.body);
      if (body?.ok === false) return refuseInput(reply, body.error);
      return await answer({
        ...{ query: query.value, body: body?.value ?? null, id: idOf(request) },
        ...{ access: request.access ?? fullAccess("nobody", ""), reply },
      } as Asked<Name>);
    },
  });
}

/** Refuses a query or a body: 400 with each fault. */
export function refuseInput(reply: FastifyReply, faults: readonly InputFault[]): FastifyReply {
  const message = describeFaults(faults);
  return reply.code(400).send({ error: "MESSAGE_INVALID", message, faults });
}

/** Says that there is no such thing: 404. */
export const refuseUnknown = (reply: FastifyReply, error: string, message: string): FastifyReply =>
  reply.code(404).send({ error, message });

function idOf({ params }: FastifyRequest): string {
  const { id } = params as { readonly id?: string };
  return id ?? "";
}
