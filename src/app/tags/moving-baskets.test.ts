import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { shopSite } from "../../../test/fakes/journey-events.ts";
import { epochMs, gatewayId, monoMs, tagId } from "../../core/brand.ts";
import type { SensorEvent } from "../../core/events.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import type { SitePlan } from "../../core/site.ts";
import { createSteppedClock } from "../../core/stepped-clock.ts";
import { openOutbox } from "../../io/outbox/outbox.ts";
import { sitePlanInMemory } from "../../io/site/site-plan-file.ts";
import { composeGateway } from "../compose.ts";
import { openTagDesk } from "./open-tag-desk.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-movers-"));
after(() => rmSync(root, { recursive: true, force: true }));

const MINUTE_MS = 60_000;
const TAG = { tagId: tagId("b"), tagKind: "basket" } as const;
const site: SitePlan = {
  ...shopSite(),
  tags: [{ id: TAG.tagId, kind: "basket", beacon: { format: "altbeacon", id: "00".repeat(20) } }],
};

/** A life of a gateway on this day, in which the basket does that; how many visits it told. */
async function visitsOn(day: number, stateDir: string, news: readonly SensorEvent[]) {
  const clock = createSteppedClock(epochMs(Date.UTC(2026, 4, day, 9)), monoMs(0));
  const common = { clock, log: SILENT_LOG, random: () => 0.5 };
  const anchor = () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" as const });
  const store = sitePlanInMemory({ v: 1, store: { ...site.store }, tags: [...site.tags] });
  const { desk } = await openTagDesk(stateDir, { site, store, anchor, ...common });
  // Nothing of the life before is read back: its day is long over.
  const path = join(stateDir, `outbox-${day}.db`);
  const outbox = openOutbox({ path, capBytes: 2 ** 24, commitMs: 250, ...common });
  let emit: (event: SensorEvent) => void = () => undefined;
  const gateway = composeGateway({
    gatewayId: gatewayId("g"),
    site,
    tags: desk,
    outbox,
    broker: null,
    topicRoot: "vitrine",
    boot: `b${day}`,
    version: "test",
    notices: [],
    sensors: ({ onEvent }) => {
      emit = onEvent;
      return [];
    },
    anchor,
    ...common,
  });
  for (const service of gateway.sources) await service.start(new AbortController().signal);
  for (const event of news) {
    clock.advanceTo(event.atMono);
    emit(event);
  }
  clock.advanceTo(monoMs(clock.mono() + 60 * MINUTE_MS));
  await desk[Symbol.asyncDispose]();
  const bodies = [...outbox.since(epochMs(0), epochMs(clock.now() + 1))];
  outbox.close();
  return bodies.filter((body) => body.includes("vitrine.completed")).length;
}

const moved = (minute: number, movement: "picked-up" | "put-back"): SensorEvent => ({
  ...{ source: "radio:fused#m", seq: minute, atMono: monoMs(minute * MINUTE_MS) },
  ...{ kind: "tag-moved", ...TAG, movement, zoneId: null },
});

const resting: readonly SensorEvent[] = [
  {
    ...{ source: "radio:fused#r", seq: 0, atMono: monoMs(MINUTE_MS), kind: "tag-changed" },
    ...{ ...TAG, state: "inside", previous: "passing" },
  },
  {
    ...{ source: "radio:fused#r", seq: 1, atMono: monoMs(20 * MINUTE_MS), kind: "tag-changed" },
    ...{ ...TAG, state: "passing", previous: "inside" },
  },
];

test("a basket that was moved in an earlier life and only rests in this one makes no visit", async () => {
  const [known, unknown] = ["known", "unknown"].map((name) => mkdtempSync(join(root, name)));
  assert.ok(known !== undefined && unknown !== undefined);
  assert.equal(await visitsOn(4, known, [moved(1, "picked-up"), moved(20, "put-back")]), 1);
  assert.equal(await visitsOn(5, known, resting), 0);
  assert.equal(await visitsOn(5, unknown, resting), 1);
});
