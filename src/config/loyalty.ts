import { z } from "zod";
import { cameraId, tenantId } from "../core/brand.ts";
import { JURISDICTIONS } from "../core/consent.ts";
import type { InputFault } from "../core/errors.ts";

const level = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, - or _");
const line = (most: number): z.ZodString =>
  z.string().regex(new RegExp(`^[^\\p{C}]{1,${most}}$`, "u"), `1 to ${most} printable characters`);

/** Languages of the station and of the signs. */
export const STATION_LANGUAGES = ["en", "da", "de"] as const;
export type StationLanguage = (typeof STATION_LANGUAGES)[number];

const controller = z.strictObject({
  name: line(128).meta({
    title: "Controller",
    description:
      "Who the shopper's data belongs in the hands of, as the law names it. Restart: service.",
  }),
  address: line(256)
    .exactOptional()
    .meta({ title: "Postal address", description: "Restart: service." }),
  contact: line(128).meta({
    title: "Contact",
    description: "Where shoppers write to: an e-mail address or a page. Restart: service.",
  }),
  dataProtectionOfficer: line(128)
    .exactOptional()
    .meta({ title: "Data protection officer", description: "Restart: service." }),
  noticeUrl: z
    .string()
    .max(512)
    .regex(/^https:\/\/[^\s<>"]+$/, "a URL with https://")
    .exactOptional()
    .meta({
      title: "Full notice",
      description: "Page with the full notice; the signs name it. Restart: service.",
    }),
});

const face = z.strictObject({
  profile: z.enum(["clean", "accurate"]).default("clean").meta({
    title: "Face models",
    description:
      "clean: 128 numbers a face, models free for any use. accurate: 512 numbers; look at its licence. Restart: service.",
  }),
  threshold: z.number().min(0).max(1).exactOptional().meta({
    title: "Threshold",
    description:
      "Least similarity of a match. Absent: the one measured for the profile; docs/privacy.md says how. Restart: service.",
  }),
});

const station = z.strictObject({
  id: level.default("station").meta({
    title: "Station id",
    description: "Names the station in events and proofs. Restart: service.",
  }),
  cameraId: level.transform(cameraId).exactOptional().meta({
    title: "Camera id",
    description:
      "The station's own camera, which is used for nothing else: none of `cameras` or `counters`. Absent: codes, cards and beacons only. Restart: service.",
  }),
  source: z.string().min(1).max(1024).exactOptional().meta({
    title: "Video source",
    description:
      "rtsp://... URL or /dev/videoN of the station's camera. It is opened only while a shopper acts. Credentials in the URL are never logged. Restart: service.",
  }),
  tokenFile: z.string().min(1).max(512).exactOptional().meta({
    title: "Token file",
    description:
      "File whose first line is the token of the station's page, opened as /station#TOKEN; VITRINE_STATION_TOKEN does the same. Without one there is no page. Restart: process.",
  }),
  languages: z
    .array(z.enum(STATION_LANGUAGES))
    .min(1, "at least one language")
    .max(STATION_LANGUAGES.length)
    .default([...STATION_LANGUAGES])
    .meta({
      title: "Languages",
      description:
        "Of the station's page and of the signs; the first is shown first. Restart: service.",
    }),
});

/**
 * Section `loyalty` of the gateway file: what is done with shoppers who opted in. Off by default, and never to be changed
 * from afar. What must go together is checked by `loyaltyFaults`.
 */
export const loyaltySchema = z.strictObject({
  enabled: z.boolean().default(false).meta({
    title: "Loyalty",
    description:
      "Recognise members of a loyalty programme who agreed to it: by what they carry, and by face only when `jurisdiction` allows. docs/privacy.md. Restart: process.",
  }),
  tenantId: level.transform(tenantId).exactOptional().meta({
    title: "Tenant",
    description:
      "Whose programme it is; a consent given to another tenant is worth nothing here. Needed with `enabled`. Restart: process.",
  }),
  storeGroup: level.exactOptional().meta({
    title: "Store group",
    description:
      "Stores that know a member by the same pseudonym. Needed with `enabled`. Restart: process.",
  }),
  controller: controller.exactOptional().meta({
    title: "Controller",
    description: "Needed with `enabled`: signs and documents are filled from it.",
  }),
  jurisdiction: z.enum(JURISDICTIONS).default("off").meta({
    title: "Faces",
    description:
      "off: no face is looked at. kiosk-verify: a face confirms who a shopper says to be. kiosk-identify: a small gallery is searched; the law of few places allows it, read docs/privacy.md first. Restart: process.",
  }),
  switchedOnBy: line(128).exactOptional().meta({
    title: "Switched on by",
    description:
      "The person who answers for `jurisdiction`, by name and role: written into the consent ledger. Needed for anything but off. Restart: process.",
  }),
  authority: z.enum(["gateway", "centre"]).default("gateway").meta({
    title: "Authority",
    description:
      "gateway: this shop's ledger decides alone. centre: grants are believed only while the centre was heard within a minute. Restart: process.",
  }),
  face: face.prefault({}).meta({ title: "Face matching" }),
  station: station.exactOptional().meta({ title: "Station" }),
  keyLevel: z.enum(["file", "systemd-credential", "centre"]).default("file").meta({
    title: "Key of templates",
    description:
      "Where the key that wraps templates is: a file of the state folder, a systemd credential (VITRINE_TEMPLATE_KEY), or at the centre and here in memory only. Restart: process.",
  }),
});

/** Section `loyalty` with its defaults. */
export type LoyaltyConfig = z.output<typeof loyaltySchema>;
/** The section of a gateway on which loyalty is switched on: what it cannot do without is there. */
export type ActiveLoyalty = LoyaltyConfig &
  Required<Pick<LoyaltyConfig, "tenantId" | "storeGroup" | "controller">>;

/** The section when it is switched on and complete, else null. Pure. */
export function activeLoyalty(loyalty: LoyaltyConfig): ActiveLoyalty | null {
  const { enabled, tenantId: tenant, storeGroup, controller: whose } = loyalty;
  if (!enabled || tenant === undefined || storeGroup === undefined || whose === undefined)
    return null;
  return { ...loyalty, tenantId: tenant, storeGroup, controller: whose };
}

/**
 * The section of a gateway on which loyalty was switched off again: no face, no station, nobody is recognised; what is kept
 * still ends when it was said to. null when it is switched on, or does not say whose programme it was. Pure.
 */
export function restingLoyalty(loyalty: LoyaltyConfig): ActiveLoyalty | null {
  if (loyalty.enabled) return null;
  const { station: _none, ...rest } = loyalty;
  return activeLoyalty({ ...rest, enabled: true, jurisdiction: "off" });
}

/** What the section is checked against. */
interface Surroundings {
  readonly loyalty: LoyaltyConfig;
  readonly mqtt?: unknown;
  readonly cameras: readonly { readonly id: string }[];
  readonly counters: readonly { readonly id: string }[];
}

/** Settings of `loyalty` that do not go together, all of them. Pure. */
export function loyaltyFaults(config: Surroundings): readonly InputFault[] {
  const { loyalty, mqtt } = config;
  const faults: InputFault[] = [];
  const wants = (path: string, value: unknown, expected: string): void => {
    faults.push({ path: `loyalty.${path}`, found: shown(value), expected });
  };
  if (loyalty.enabled)
    for (const key of ["tenantId", "storeGroup", "controller"] as const)
      if (loyalty[key] === undefined) wants(key, undefined, "a value: loyalty is enabled");
  if (loyalty.authority === "centre" && mqtt === undefined)
    wants("authority", "centre", "gateway, or the section mqtt with a broker");
  if (loyalty.keyLevel === "centre" && loyalty.authority !== "centre")
    wants("keyLevel", "centre", "file or systemd-credential: the authority is this gateway");
  return [...faults, ...faceFaults(loyalty), ...stationFaults(config)];
}

function faceFaults({
  enabled,
  jurisdiction,
  switchedOnBy,
  station: where,
}: LoyaltyConfig): readonly InputFault[] {
  if (jurisdiction === "off") return [];
  const faults: InputFault[] = [];
  const because = `jurisdiction is ${jurisdiction}`;
  if (!enabled)
    faults.push({ path: "loyalty.enabled", found: "false", expected: `true: ${because}` });
  if (switchedOnBy === undefined || switchedOnBy.trim() === "")
    faults.push({
      path: "loyalty.switchedOnBy",
      found: shown(switchedOnBy),
      expected: `name and role of the person who answers for it: ${because}`,
    });
  if (where?.cameraId === undefined)
    faults.push({
      path: "loyalty.station.cameraId",
      found: "nothing",
      expected: `the station's camera: ${because}, and faces are looked at nowhere else`,
    });
  return faults;
}

function stationFaults({ loyalty, cameras, counters }: Surroundings): readonly InputFault[] {
  const { cameraId: camera, source } = loyalty.station ?? {};
  const faults: InputFault[] = [];
  if (camera !== undefined && source === undefined)
    faults.push({
      path: "loyalty.station.source",
      found: "nothing",
      expected: "the video source of the station's camera",
    });
  if (camera === undefined && source !== undefined)
    faults.push({
      path: "loyalty.station.cameraId",
      found: "nothing",
      expected: "an id for the station's camera",
    });
  if (camera !== undefined && [...cameras, ...counters].some(({ id }) => id === camera))
    faults.push({
      path: "loyalty.station.cameraId",
      found: shown(camera),
      expected: "a camera of its own: this one counts, and faces are looked at only at a station",
    });
  return faults;
}

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));
