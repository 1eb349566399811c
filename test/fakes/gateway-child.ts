import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { composeGateway } from "../../src/app/compose.ts";
import { loadSiteFile } from "../../src/app/config-files.ts";
import { GeneratedCamera } from "../../src/app/demo/generated-camera.ts";
import { Supervisor } from "../../src/app/supervisor.ts";
import { anchorOf, createSystemClock } from "../../src/app/system-clock.ts";
import { gatewayId } from "../../src/core/brand.ts";
import type { Clock } from "../../src/core/clock.ts";
import { SILENT_LOG } from "../../src/core/lifecycle.ts";
import { seededRandom } from "../../src/core/random.ts";
import { openOutbox } from "../../src/io/outbox/outbox.ts";

/**
 * A whole gateway in a process of its own, to be killed: generated people at many times their speed through lines and
 * zones, journey, outbox, MQTT. Arguments: state folder, broker URL, `work` or `drain`. Working, it prints its boot id
 * when it runs; draining, it sees nobody, waits until it has the number of receipts given as the fourth argument and
 * the centre has everything, prints what it knows and leaves. It gives up waiting after half a minute.
 */
const [stateDir = ".", brokerUrl = "", task = "work", receipts = "0"] = process.argv.slice(2);
const SPEED = 40;

/** People hurry so that events flow densely; everything else keeps the machine's own time. */
function hurried(clock: Clock): Clock {
  return {
    ...clock,
    every: (periodMs, name, run) => clock.every(periodMs / SPEED, name, run),
  };
}

const clock = createSystemClock();
const boot = randomBytes(6).toString("hex");
const random = seededRandom(randomBytes(4).readUInt32LE());
const site = await loadSiteFile(join(import.meta.dirname, "../../config/demo/site.json"));
const log = SILENT_LOG;
const path = join(stateDir, "outbox.db");
const outbox = openOutbox({ path, capBytes: 2 ** 30, commitMs: 50, clock, log, random });
const [plan] = site.cameras;
if (plan === undefined) throw new TypeError("the demo site has no camera");
const gateway = composeGateway({
  gatewayId: gatewayId("doomed"),
  site,
  outbox,
  broker: { url: brokerUrl },
  topicRoot: "vitrine",
  boot,
  version: "test",
  notices: [],
  sensors: (ports) => {
    if (task === "drain") return [];
    let virtualMs = clock.mono() as number;
    const mono = (): ReturnType<Clock["mono"]> => {
      virtualMs += 125;
      return virtualMs as ReturnType<Clock["mono"]>;
    };
    const fast = { ...hurried(clock), mono };
    const camera = new GeneratedCamera({ plan, run: boot, clock: fast, random, ...ports });
    return [
      { sensorId: plan.id, kind: "camera", name: plan.name, service: camera, facts: () => [] },
    ];
  },
  anchor: () => anchorOf(clock, "synced"),
  clock,
  log,
  random,
});
const services = [...gateway.sources, ...gateway.sinks];
await new Supervisor({ services, clock, log, random }).start();
if (task === "work") process.stdout.write(`${boot}\n`);
else {
  const giveUpMono = clock.mono() + 30_000;
  const poll = setInterval(() => {
    const { waiting, pending, streams, shed, refused } = outbox.stats();
    const sales = gateway.dashboard.today().tiles.find(({ metric }) => metric === "transactions");
    const isDone = waiting + pending === 0 && (sales?.value ?? 0) >= Number(receipts);
    if (!isDone && clock.mono() < giveUpMono) return;
    clearInterval(poll);
    const produced = Object.values(streams).reduce((sum, stream) => sum + stream.next - 1, 0);
    const { tiles } = gateway.dashboard.today();
    const figures = Object.fromEntries(tiles.map(({ metric, value }) => [metric, value]));
    process.stdout.write(`${JSON.stringify({ produced, shed, refused, figures })}\n`, () => {
      process.exit(0);
    });
  }, 50);
}
