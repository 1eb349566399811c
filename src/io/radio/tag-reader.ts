import type { MonoMs } from "../../core/brand.ts";
import type { Log } from "../../core/lifecycle.ts";
import { createBeaconSpot, nextBeacon } from "../../radio/beacon.ts";
import { mergeTelemetry, readTelemetry } from "../../radio/formats/telemetry.ts";
import { type AddressKey, FrameOwners } from "../../radio/frame-owners.ts";
import { addressNumberAt } from "../../radio/hci-report.ts";
import type { Sighting } from "../../radio/sighting.ts";
import type { AdvertisingReport } from "../../radio/source.ts";
import type { TagBook } from "../../radio/tag-registry.ts";
import type { TagTelemetry } from "../../radio/telemetry.ts";
import type { PresentMembers } from "./present-members.ts";
import { createVendorTelemetry, type VendorTelemetry } from "./vendor-telemetry.ts";

/** A frame that tells the name of a tag rarely holds more: looking for vendor data in it once a second is enough. */
const VENDOR_PAUSE_MS = 1_000;

/** Finds out which registered tag sent something, and what it says of itself. Everybody else is nobody. */
export class TagReader {
  readonly #tags: TagBook;
  readonly #spot = createBeaconSpot();
  readonly #owners = new FrameOwners();
  /** Whether the payload last read held an identity, registered or not. */
  #isNamed = false;

  readonly #vendors: VendorTelemetry;
  /** By position in the book; bounded by the positions that a book gives out. */
  readonly #vendorMono: number[] = [];
  /** Of a loyalty programme; null: there is none, and whoever is not registered is nobody. */
  readonly #members: PresentMembers | null;

  constructor(
    tags: TagBook,
    log: Log,
    vendors = createVendorTelemetry(log),
    members: PresentMembers | null = null,
  ) {
    this.#tags = tags;
    this.#members = members;
    this.#vendors = vendors;
  }

  /** What had to be left out, for people; empty when nothing was. */
  texts(): readonly (readonly [label: string, text: string])[] {
    const { throws, refused, switchedOff } = this.#vendors.counts();
    const { strangers, crowded } = this.#members?.counts ?? { strangers: 0, crowded: 0 };
    const unread = Object.values(throws).reduce((sum, n) => sum + n, refused);
    const rows: readonly (readonly [label: string, count: number, text: string])[] = [
      ["addresses of tags forgotten early", this.#owners.evicted, String(this.#owners.evicted)],
      ["vendor frames not readable", unread, String(unread)],
      ["vendor decoders switched off", switchedOff.length, switchedOff.join(", ")],
      ["members followed", this.#members?.size ?? 0, String(this.#members?.size)],
      ["members not followed", crowded, `${crowded} readings`],
      ["identifiers of nobody", strangers, String(strangers)],
    ];
    return rows.flatMap(([label, count, text]) => (count === 0 ? [] : [[label, text] as const]));
  }

  /**
   * Position of the tag that sent this report, or -1: the first registered identity in it; else the member whose
   * identifier it holds, of whom no address is kept; of a report without any identity, the tag whose identity this
   * receiver last heard from the same address.
   */
  tagOf(receiver: number, report: AdvertisingReport): number {
    const tag = this.#namedIn(report.payload);
    if (tag >= 0) {
      this.#owners.named(receiver, addressOf(report), tag, report.atMono);
      return tag;
    }
    const member = this.#members?.positionIn(report.payload, report) ?? -1;
    if (member >= 0 || this.#isNamed || this.#owners.size === 0) return member;
    return this.#owners.ownerOf(receiver, addressOf(report));
  }

  /** Position of the tag that a scanner means, or -1. */
  tagSighted(sighting: Sighting): number {
    const { who } = sighting;
    switch (who.kind) {
      case "payload": {
        const tag = this.#namedIn(who.payload);
        return tag >= 0 ? tag : (this.#members?.positionIn(who.payload, sighting) ?? -1);
      }
      case "identity":
        return this.#tags.indexOfIdentity(who.identity);
      case "tag": {
        const tag = this.#tags.indexOfId(who.tagId);
        return tag >= 0 ? tag : (this.#members?.positionNamed(who.tagId, sighting.atMono) ?? -1);
      }
    }
  }

  /** What the payload just read, of this tag, says of it beside its name; null when nothing. A guest is not asked. */
  telemetryIn(tag: number, payload: Uint8Array, atMono: MonoMs): TagTelemetry | null {
    if (this.#tags.isGuest(tag)) return null;
    const own = readTelemetry(payload);
    const sinceMs = atMono - (this.#vendorMono[tag] ?? Number.NEGATIVE_INFINITY);
    if (this.#isNamed && sinceMs < VENDOR_PAUSE_MS) return own;
    this.#vendorMono[tag] = atMono;
    return mergeTelemetry(own, this.#vendors.read(payload));
  }

  /** Forgets addresses, and members who left. Call about once a second. */
  advance(nowMono: MonoMs): void {
    this.#members?.advance(nowMono);
    this.#owners.advance(nowMono);
  }

  /** The tag is no longer registered. */
  forget(tag: number): void {
    this.#owners.forget(tag);
    delete this.#vendorMono[tag];
  }

  #namedIn(payload: Uint8Array): number {
    const spot = this.#spot;
    this.#isNamed = false;
    for (let at = nextBeacon(payload, 0, spot); at > 0; at = nextBeacon(payload, at, spot)) {
      if (spot.format === "eddystone-tlm") continue;
      this.#isNamed = true;
      const tag = this.#tags.indexOf(payload, spot);
      if (tag >= 0) return tag;
    }
    return -1;
  }
}

/** No text is made of an address on the way of every packet. */
function addressOf(report: AdvertisingReport): AddressKey {
  const { hci } = report;
  return hci ? addressNumberAt(hci.packet, hci.addressAt) : report.address;
}
