import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type CounterRig,
  counterConfig,
  play,
  type RecordedMessage,
  recording,
  startCounter,
  told,
} from "../../../test/fakes/recorded-counter.ts";

/**
 * What happened in all recordings, told by each counter in its own words: one goes in, one stands eleven seconds at the
 * window, one goes out, one turns back before the door, and one goes in while the counter changes the id.
 */
const GOLDEN: readonly {
  readonly name: string;
  readonly format: string;
  readonly extra?: Record<string, unknown>;
  readonly events: readonly string[];
}[] = [
  {
    name: "generic",
    format: "generic",
    events: [
      "door in #1 4.4 s",
      "window entered #2 5.3 s",
      "door out #3 11.3 s",
      "window left #2 16.4 s after 11.0 s",
      "door in #5 19.9 s",
    ],
  },
  {
    name: "frigate",
    format: "frigate",
    events: [
      "door in #1 4.7 s",
      "window entered #2 5.5 s",
      "door out #3 11.5 s",
      "window left #2 17.0 s after 11.5 s",
      "door in #5 20.2 s",
    ],
  },
  ...["axis-frame", "axis-frame-beta"].map((name) => ({
    name,
    format: "axis",
    events: [
      "door in #1 4.4 s",
      "window entered #2 5.4 s",
      "door out #3 11.3 s",
      "window left #2 16.5 s after 11.1 s",
      "door in #5 20.0 s",
    ],
  })),
  {
    name: "axis-object-track",
    format: "axis",
    extra: { silenceMs: 600_000 },
    events: [
      "door in #1 4.3 s",
      "door out #2 11.3 s",
      "window entered #3 5.3 s",
      "window left #3 16.3 s after 11.0 s",
      "door in #5 19.9 s",
    ],
  },
  {
    name: "xovis",
    format: "xovis",
    events: [
      "door in #1 4.5 s",
      "window entered #2 5.4 s",
      "door out #3 11.4 s",
      "window left #2 16.4 s after 11.0 s",
      "door in #5 20.0 s",
    ],
  },
  {
    name: "xovis",
    format: "xovis",
    extra: { lines: { "Tür Süd – 入口": "door" } },
    events: [
      "door in #1 4.6 s",
      "window entered #2 5.4 s",
      "door out #3 11.5 s",
      "window left #2 16.4 s after 11.0 s",
      "door in #5 20.1 s",
    ],
  },
];

async function played(
  format: string,
  messages: readonly RecordedMessage[],
  extra: Record<string, unknown> = {},
): Promise<CounterRig> {
  const rig = await startCounter(counterConfig(format, extra));
  play(rig, messages);
  await rig.stop();
  return rig;
}

const counted = (rig: CounterRig): readonly string[] =>
  told(rig.events).filter((line) => /^(door|window)/.test(line));

for (const { name, format, extra, events } of GOLDEN) {
  const title = extra === undefined ? name : `${name} with ${Object.keys(extra)}`;
  test(`${title}: the recording tells the same events every time`, async () => {
    const first = await played(format, recording(name), extra);
    assert.deepEqual(counted(first), events);
    const again = await played(format, recording(name), extra);
    assert.deepEqual(again.events, first.events);
  });
}

for (const name of ["frigate", "axis-frame", "axis-object-track", "xovis", "generic"]) {
  const format = name.split("-")[0] ?? name;
  test(`${name}: every message sent twice counts nobody twice`, async () => {
    const once = await played(format, recording(name));
    const twice = await played(
      format,
      recording(name).flatMap((message) => [message, message]),
    );
    assert.deepEqual(counted(twice), counted(once));
  });
}

test("an Axis camera that sends frames and whole ways counts its people once, and it is told", async () => {
  const frames = recording("axis-frame");
  const ways = recording("axis-object-track");
  const both = [...frames, ...ways].sort((a, b) => a.atMs - b.atMs);
  const rig = await played("axis", both);
  const alone = await played("axis", frames);
  assert.deepEqual(counted(rig), counted(alone));
  const { paths, faults, lastFault } = rig.counter.facts();
  // One of the ways is a car's and left out as such.
  const refused = faults - alone.counter.facts().faults;
  assert.deepEqual([paths, refused, lastFault?.path], [0, ways.length - 1, "path"]);
});

test("frames that overtake each other are put in order again", async () => {
  const messages = recording("generic");
  const swapped = messages.flatMap((message, i) => {
    const next = messages[i + 1];
    if (i % 2 === 1 || next === undefined) return [];
    return [next, { atMs: next.atMs + 5, payload: message.payload }];
  });
  const rig = await played("generic", swapped);
  assert.deepEqual(counted(rig), GOLDEN.find(({ name }) => name === "generic")?.events);
});

test("a counter whose clock is 40 s wrong still gives the right times, and it shows", async () => {
  const shifted = recording("generic").map(({ atMs, payload }) => {
    const message = payload as { tMs?: number };
    const wrong = message.tMs === undefined ? message : { ...message, tMs: message.tMs - 40_000 };
    return { atMs, payload: wrong };
  });
  const rig = await played("generic", shifted);
  assert.deepEqual(counted(rig), GOLDEN.find(({ name }) => name === "generic")?.events);
  const { skewMs, isClockDoubtful, refused } = rig.counter.facts();
  assert.ok(skewMs !== null && Math.abs(skewMs - 40_000) < 100, `${skewMs}`);
  assert.deepEqual([isClockDoubtful, refused], [true, 0]);
});

/** Replaces one value somewhere in a JSON document by something else. */
function spoilt(payload: unknown, pick: number, junk: unknown): unknown {
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      const holder = value as Record<string, unknown>;
      places.push({ holder, key });
      walk(holder[key]);
    }
  };
  const copy: unknown = structuredClone(payload);
  walk(copy);
  const place = places[pick % Math.max(1, places.length)];
  if (place !== undefined) {
    if (junk === undefined) delete place.holder[place.key];
    else place.holder[place.key] = junk;
  }
  return copy;
}

for (const { name, format } of GOLDEN.filter(({ extra }) => extra === undefined)) {
  test(`${name}: whatever single value is missing or wrong, nothing throws and others are counted`, async () => {
    const junk = fc.constantFrom(
      undefined,
      null,
      "",
      "x",
      -1,
      1e308,
      [],
      {},
      [[]],
      "9".repeat(999),
    );
    const messages = recording(name);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(messages.length - 1), fc.nat(), junk), { maxLength: 5 }),
        async (changes) => {
          const bad = [...messages];
          for (const [i, pick, value] of changes) {
            const message = bad[i];
            if (message !== undefined)
              bad[i] = { ...message, payload: spoilt(message.payload, pick, value) };
          }
          const rig = await played(format, bad);
          const { messages: taken } = rig.counter.facts();
          assert.equal(taken, messages.length);
          assert.ok(counted(rig).some((line) => line.startsWith("door")));
          for (const event of rig.events) assert.ok(Number.isFinite(event.atMono));
        },
      ),
      { numRuns: 25 },
    );
  });
}

test("any text is taken without a throw, by every format", async () => {
  for (const format of ["frigate", "axis", "xovis", "generic"]) {
    const rig = await startCounter(counterConfig(format));
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), fc.constantFrom("", "{", "null", "offline")),
        (text) => {
          rig.counter.take(text);
          rig.clock.advance(10);
        },
      ),
      { numRuns: 300 },
    );
    await rig.stop();
  }
});
