import type { ScannerConfig, ScannerKind } from "../../../config/scanners.ts";
import { readEspresense } from "./espresense.ts";
import { readGeneric } from "./generic.ts";
import type { ScannerAdapter } from "./scanner-report.ts";
import { readTheengs } from "./theengs.ts";

const ADAPTERS: Readonly<Record<ScannerKind, ScannerAdapter>> = {
  espresense: readEspresense,
  theengs: readTheengs,
  openmqttgateway: readTheengs,
  generic: readGeneric,
  gateway: readGeneric,
};

/**
 * An ESPresense node tells its state every fifteen seconds, OpenMQTTGateway every two minutes; Theengs Gateway has
 * nothing but the devices it hears, in scans of up to a minute; our own form asks for a sign of life every ten seconds.
 */
const SILENCE_MS: Readonly<Record<ScannerKind, number>> = {
  espresense: 60_000,
  theengs: 120_000,
  openmqttgateway: 150_000,
  generic: 30_000,
  gateway: 30_000,
};

/** Who reads the messages of this kind of scanner. Pure. */
export const adapterOf = ({ via }: ScannerConfig): ScannerAdapter => ADAPTERS[via];

/** After how long without a message it is blind. Pure. */
export const silenceOf = ({ via, silenceMs }: ScannerConfig): number =>
  silenceMs ?? SILENCE_MS[via];
