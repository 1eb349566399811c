import type { ScanMode } from "../../radio/source.ts";
import { commandPacket, OPCODE, opcodeAt } from "./hci-commands.ts";

/**
 * Noble speaks one dialect of scanning: the commands of Bluetooth 4, and always active. These functions put its commands
 * into the dialect wanted, and the answers back. (Noble's own `extended` option asks for the Coded PHY whether or not the
 * adapter has it, scans actively, and looks for support at the wrong bits.) All are pure.
 */

/** LE feature bit 12, extended advertising. @source Bluetooth Core 5.4, Vol 6 Part B, 4.6. */
const EXTENDED_FEATURE = { byte: 1, mask: 0x10 };
/** LE Set Extended Scan Parameters and Enable. @source Bluetooth Core 5.4, Vol 4 Part E, 6.27. */
const EXTENDED_COMMANDS = { byte: 37, mask: 0x60 };
/** Where a command's parameters begin. */
const PARAMETERS_AT = 4;
/** LE Extended Advertising Report is bit 12 of the LE event mask. @source Bluetooth Core 5.4, Vol 4 Part E, 7.8.1. */
const MASK_BYTE = PARAMETERS_AT + 1;
const MASK_BIT = 0x10;
const PHY_1M = 0x01;

/** Whether an adapter with these LE features (8 bytes) and supported commands (64 bytes) can scan extended. */
export function canScanExtended(features: Uint8Array, commands: Uint8Array): boolean {
  const feature = (features[EXTENDED_FEATURE.byte] ?? 0) & EXTENDED_FEATURE.mask;
  const command = (commands[EXTENDED_COMMANDS.byte] ?? 0) & EXTENDED_COMMANDS.mask;
  return feature !== 0 && command === EXTENDED_COMMANDS.mask;
}

/**
 * Noble's command in the dialect of `mode`; any other command as it is. Extended scanning listens on the 1M PHY alone:
 * every legacy beacon is there, extended advertising is announced there and followed to any PHY, and time given to the
 * Coded PHY would be taken from them.
 */
export function inDialect(command: Uint8Array, mode: ScanMode): Uint8Array {
  const isExtended = mode.commands === "extended";
  const at = (offset: number): number => command[PARAMETERS_AT + offset] ?? 0;
  switch (opcodeAt(command, 1)) {
    case OPCODE.leSetEventMask: {
      const changed = Buffer.from(command);
      if (isExtended) changed[MASK_BYTE] = (changed[MASK_BYTE] ?? 0) | MASK_BIT;
      return changed;
    }
    case OPCODE.scanParameters: {
      const type = mode.style === "active" ? 1 : 0;
      const timing = [at(1), at(2), at(3), at(4)];
      const [own, filter] = [at(5), at(6)];
      return isExtended
        ? commandPacket(OPCODE.extendedScanParameters, [own, filter, PHY_1M, type, ...timing])
        : commandPacket(OPCODE.scanParameters, [type, ...timing, own, filter]);
    }
    case OPCODE.scanEnable:
      // Duration 0 and period 0: until it is switched off.
      return isExtended
        ? commandPacket(OPCODE.extendedScanEnable, [at(0), at(1), 0, 0, 0, 0])
        : command;
    default:
      return command;
  }
}

/** The opcode by which noble knows the answer to this command. */
export function noblesOpcode(opcode: number): number {
  if (opcode === OPCODE.extendedScanParameters) return OPCODE.scanParameters;
  return opcode === OPCODE.extendedScanEnable ? OPCODE.scanEnable : opcode;
}
