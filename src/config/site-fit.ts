import type { InputFault } from "../core/errors.ts";
import type { SitePlan } from "../core/site.ts";
import { counterLineFaults } from "./counters.ts";
import type { GatewayConfig } from "./gateway.ts";

/** Sensors of a gateway file that its site plan does not know, all of them. Pure. */
export function siteFitFaults(config: GatewayConfig, site: SitePlan): readonly InputFault[] {
  return [
    ...strangers("cameras", config.cameras, site.cameras),
    ...strangers("counters", config.counters, site.cameras),
    ...counterLineFaults(config.counters, site),
    ...strangers("radios", config.radios, site.receivers),
    ...strangers("scanners", config.scanners, site.receivers),
  ];
}

function strangers(
  list: "cameras" | "counters" | "radios" | "scanners",
  configured: readonly { readonly id: string }[],
  planned: readonly { readonly id: string }[],
): readonly InputFault[] {
  const known = planned.map(({ id }) => id);
  const expected = `an id of the site plan (${known.join(", ") || "it has none"})`;
  return configured.flatMap(({ id }, index) =>
    known.includes(id)
      ? []
      : [{ path: `${list}[${index}].id`, found: JSON.stringify(id), expected }],
  );
}
