import type { Server } from "node:net";
import { GatewayError } from "../../core/errors.ts";

/** Makes a server listen and tells where. @throws PORT_IN_USE, LISTEN_FAILED */
export function listenOn(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const code = error.code === "EADDRINUSE" ? "PORT_IN_USE" : "LISTEN_FAILED";
      reject(new GatewayError(code, `cannot listen on ${host}:${port}`, { cause: error }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      // A fault of the listening socket later on is not the end of the process; connections have handlers of their own.
      server.on("error", () => undefined);
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      resolve(`${host}:${bound}`);
    });
  });
}
