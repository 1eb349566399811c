import { crossing, startGateway, until } from "./delivery-rig.ts";

/**
 * A small gateway for the kill test: `produce` makes five events every 5 ms until it is killed, `drain` sends what is
 * left and exits with 0. Prints `ready` when events flow, resp. when everything is acknowledged.
 */
const [path = "", url = "", boot = "", mode = "produce"] = process.argv.slice(2);
const gateway = await startGateway({ path, url, boot });

if (mode === "drain") {
  await until("drained", () => gateway.delivery.status().outboxEvents === 0, 60_000);
  console.log("ready");
  await gateway.stop();
} else {
  let n = 0;
  setInterval(() => {
    for (let k = 0; k < 5; k += 1) gateway.delivery.record(crossing(n++, boot));
    if (n === 10) console.log("ready");
  }, 5);
}
