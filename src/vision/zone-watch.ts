import type { TrackId, ZoneId } from "../core/brand.ts";
import type { ZonePlan } from "../core/site.ts";
import { toFlatPx } from "./picture-scale.ts";
import type { PictureSize } from "./ports.ts";
import type { Sight } from "./sight.ts";
import { type ZoneChange, ZoneDwell } from "./zone-dwell.ts";

/** A stay that began or ended, of whom and where. */
export type OnZoneChange = (zoneId: ZoneId, trackId: TrackId, change: ZoneChange) => void;

/** All zones of one camera. Zones judge the foot point. */
export class ZoneWatch {
  readonly #zones: readonly { readonly id: ZoneId; readonly dwell: ZoneDwell }[];
  readonly #onChange: OnZoneChange;

  constructor(zones: readonly ZonePlan[], picture: PictureSize, onChange: OnZoneChange) {
    this.#onChange = onChange;
    this.#zones = zones.map((zone) => ({
      id: zone.id,
      dwell: new ZoneDwell(toFlatPx(zone.polygon, picture)),
    }));
  }

  observe({ trackId, xPx, yPx, heightPx, atMono }: Sight): void {
    for (const { id, dwell } of this.#zones) {
      const change = dwell.observe(trackId, xPx, yPx, heightPx, atMono);
      if (change !== null) this.#onChange(id, trackId, change);
    }
  }

  /** The track is over; open stays end. */
  forget(trackId: TrackId): void {
    for (const { id, dwell } of this.#zones) {
      const change = dwell.forget(trackId);
      if (change !== null) this.#onChange(id, trackId, change);
    }
  }
}
