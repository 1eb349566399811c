import { z } from "zod";

/**
 * `live/devices`, retained: how many devices that nobody registered were heard within two minutes, when that is
 * switched on. A phone that changes its address counts anew, so this is an index of crowding and no number of persons.
 */
export const devicesSchema = z.strictObject({
  v: z.literal(1),
  at: z.iso.datetime(),
  devices: z.number().int("a whole number").nonnegative().nullable().meta({
    description: "null: fewer than `minGroup`, and how many is not told",
  }),
  minGroup: z.number().int("a whole number").min(5),
});

/** The message as it is published. */
export type DevicesMessage = z.output<typeof devicesSchema>;
