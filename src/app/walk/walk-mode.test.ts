import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { gatewayId } from "../../core/brand.ts";
import { SILENT_LOG } from "../../core/lifecycle.ts";
import { openOutbox } from "../../io/outbox/outbox.ts";
import { createRadioInput } from "../../io/radio/radio-input.ts";
import { composeGateway } from "../compose.ts";
import { loadSiteFile } from "../config-files.ts";
import { WalkMode } from "./walk-mode.ts";

const site = await loadSiteFile(join(import.meta.dirname, "../../../config/demo/site.json"));

test("a gateway that stops drops the walk under way and begins no other: nothing keeps it alive", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-walk-mode-"));
  const clock = new FakeClock();
  const common = { clock, log: SILENT_LOG, random: () => 0.5 };
  const outbox = openOutbox({
    path: join(folder, "outbox.db"),
    capBytes: 2 ** 24,
    commitMs: 250,
    ...common,
  });
  try {
    const walking = new WalkMode({ site, store: null, ...common });
    walking.follow(
      createRadioInput({
        sources: [],
        tags: site.tags,
        plan: site,
        run: "r",
        clock,
        onEvent: () => undefined,
      }),
    );
    const { sources, dashboard } = composeGateway({
      gatewayId: gatewayId("g"),
      site,
      outbox,
      broker: null,
      topicRoot: "vitrine",
      boot: "one",
      version: "test",
      notices: [],
      sensors: () => [],
      walking,
      anchor: () => ({ mono: clock.mono(), epoch: clock.now(), clock: "synced" }),
      ...common,
    });
    const before = clock.pending;
    assert.equal(dashboard.walk?.start("basket-01"), null);
    assert.equal(clock.pending, before + 1, "the walk has a timer");
    for (const source of sources) await source[Symbol.asyncDispose]();
    assert.equal(clock.pending, before);
    assert.equal(dashboard.walk?.view().state, "idle");
    assert.equal(dashboard.walk?.start("basket-01")?.word, "WALK_IMPOSSIBLE");
    assert.equal(clock.pending, before);
  } finally {
    outbox.close();
    await rm(folder, { recursive: true, force: true });
  }
});
