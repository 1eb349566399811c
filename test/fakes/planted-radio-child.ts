import { loadGatewayFile } from "../../src/app/config-files.ts";
import { runGateway } from "../../src/app/run-gateway.ts";
import { createTerminal, reportFailure } from "../../src/app/terminal.ts";
import { eddystoneTlmPayload, ibeaconPayload } from "../../src/io/radio/hci-packets.ts";
import { HciSocketSim } from "../../src/io/radio/hci-socket-sim.ts";
import { advertPacket, PLANTED, TAG_IDENTITY } from "./planted-addresses.ts";

/**
 * A gateway on simulated adapters in whose air the planted addresses are, until it is asked to stop. Argument: gateway
 * file. Its tag walks to and fro, names, vendor frames and damaged packets hold addresses in every order.
 */
const [file = ""] = process.argv.slice(2);
const sockets = new Map<number, HciSocketSim>();
let tick = 0;
const air = setInterval(() => {
  tick += 1;
  for (const [adapter, socket] of sockets) {
    const rssiDbm = -55 - 10 * adapter - (tick % 7);
    const tag = ibeaconPayload(TAG_IDENTITY, -59);
    socket.deliver(advertPacket(PLANTED.tag, 1, tag, rssiDbm));
    const reading = { batteryMv: 2900, temperatureC: 21, advertisements: tick, uptimeMs: tick };
    socket.deliver(advertPacket(PLANTED.tag, 1, eddystoneTlmPayload(reading), rssiDbm));
    PLANTED.strangers.forEach(({ address, type, payload }) => {
      const packet = advertPacket(address, type, payload, rssiDbm);
      socket.deliver(packet);
      if (tick % 5 === 0) socket.deliver(packet.subarray(0, packet.length - 9));
    });
  }
}, 60);
const terminal = createTerminal();
try {
  const openSocket = (adapter: number): HciSocketSim => {
    const socket = sockets.get(adapter) ?? new HciSocketSim();
    sockets.set(adapter, socket);
    return socket;
  };
  await runGateway(await loadGatewayFile(file), terminal, { openSocket });
} catch (error) {
  process.exitCode = reportFailure(terminal, error);
} finally {
  clearInterval(air);
}
