import type { z } from "zod";
import type { InputFault } from "../core/errors.ts";
import { faultsOf as faultsOfParts } from "../core/input-faults.ts";

/** Turns a zod error about `input` into faults a person can act on. Pure. */
export function faultsOf(error: z.ZodError, input: unknown): readonly InputFault[] {
  return faultsOfParts(error.issues, input);
}
