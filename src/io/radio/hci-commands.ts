/**
 * The HCI commands this gateway and its simulated controller know, and the frames around them.
 * @source Bluetooth Core 5.4, Vol 4 Part E, 5.4 (packets) and 7 (commands).
 */

/** First byte of a packet on an HCI socket. */
export const PACKET_TYPE = { command: 0x01, event: 0x04 } as const;

/** The two events that answer a command. */
export const ANSWER_EVENT = { complete: 0x0e, status: 0x0f } as const;

/** Opcodes: group in the upper six bits, command in the lower ten. */
export const OPCODE = {
  setEventMask: 0x0c01,
  reset: 0x0c03,
  readLeHostSupported: 0x0c6c,
  writeLeHostSupported: 0x0c6d,
  readLocalVersion: 0x1001,
  readLocalCommands: 0x1002,
  readBufferSize: 0x1005,
  readBdAddr: 0x1009,
  readRssi: 0x1405,
  leSetEventMask: 0x2001,
  leReadBufferSize: 0x2002,
  leReadLocalFeatures: 0x2003,
  scanParameters: 0x200b,
  scanEnable: 0x200c,
  extendedScanParameters: 0x2041,
  extendedScanEnable: 0x2042,
} as const;

/** Error codes that matter here. @source Bluetooth Core 5.4, Vol 1 Part F. */
export const HCI_STATUS = {
  done: 0x00,
  unknownCommand: 0x01,
  disallowed: 0x0c,
  unsupportedFeature: 0x11,
  invalidParameters: 0x12,
} as const;

/** Opcode at an offset: 1 in a command packet, 4 in "command complete", 5 in "command status". */
export const opcodeAt = (packet: Uint8Array, at: number): number =>
  (packet[at] ?? 0) | ((packet[at + 1] ?? 0) << 8);

/** A command packet. */
export function commandPacket(opcode: number, parameters: readonly number[] = []): Buffer {
  const { command } = PACKET_TYPE;
  return Buffer.from([command, opcode & 255, opcode >> 8, parameters.length, ...parameters]);
}

/** The event "command complete"; `results` begins with the status. */
export function completePacket(opcode: number, results: readonly number[]): Buffer {
  const { event } = PACKET_TYPE;
  const head = [event, ANSWER_EVENT.complete, 3 + results.length, 1, opcode & 255, opcode >> 8];
  return Buffer.from([...head, ...results]);
}
