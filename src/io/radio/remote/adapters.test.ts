import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  plantedAddresses,
  type RecordedScanner,
  recordedPosts,
} from "../../../../test/fakes/recorded-scanner.ts";
import { decodeBeacons } from "../../../radio/beacon.ts";
import { hexText } from "../../../radio/bytes.ts";
import { adapterOf } from "./scanner-kinds.ts";
import type { HeardTag, ScannerAdapter, ScannerReport } from "./scanner-report.ts";
import { readStatedTime } from "./stated-time.ts";

const OF_KIND: Readonly<Record<RecordedScanner, ScannerAdapter>> = {
  espresense: reader("espresense"),
  theengs: reader("theengs"),
  openmqttgateway: reader("openmqttgateway"),
  generic: reader("generic"),
  gateway: reader("gateway"),
};

function reader(via: RecordedScanner): ScannerAdapter {
  return adapterOf({ via } as Parameters<typeof adapterOf>[0]);
}

/** What the recorded messages that hold readings come to. */
function reports(kind: RecordedScanner): readonly ScannerReport[] {
  return recordedPosts(kind)
    .filter(({ topic }) => /devices|BTtoMQTT|in\/radio/.test(topic))
    .flatMap(({ topic, text }) => {
      const value = jsonOf(text);
      return value === undefined ? [] : [OF_KIND[kind](value, topic.split("/")[2] ?? "")];
    });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const heardIn = (kind: RecordedScanner): readonly HeardTag[] =>
  reports(kind).flatMap(({ messages }) => messages.flatMap(({ heard }) => heard));

/** Who it was in one line. */
function whoText({ who }: HeardTag): string {
  if (who.kind === "tag") return `tag ${who.tagId}`;
  if (who.kind === "payload")
    return decodeBeacons(who.payload)
      .map((frame) => `${frame.format} on the air`)
      .join();
  const { identity } = who;
  if (identity.format === "ibeacon")
    return `ibeacon ${identity.uuid} ${identity.major} ${identity.minor}`;
  return identity.format === "altbeacon"
    ? `altbeacon ${identity.id}`
    : `eddystone ${identity.namespace} ${identity.instance}`;
}

const UUID = "fda50693-a4e2-4fb1-afcf-c6eb07647825";
const UUID_DIGITS = UUID.replaceAll("-", "");

test("ESPresense: beacons by their identity, an alias by the id of the plan, everybody else is nobody", () => {
  const heard = heardIn("espresense");
  assert.deepEqual(
    heard.map((one) => [whoText(one), one.rssiDbm, one.statedMs]),
    [
      ["ibeacon 426c7565-4368-6172-6d42-6561636f6e73 3838 4949", -81.1, null],
      ["eddystone edd1ebeac04e5e5defa0 0a1b2c3d4e5f", -74.5, null],
      [`altbeacon ${UUID_DIGITS}0064ffff`, -90, null],
      [`ibeacon ${UUID} 100 65535`, -99, null],
      ["tag basket-12", -68.25, null],
    ],
  );
  assert.equal(heard[1]?.telemetry?.batteryMv, 2987);
  assert.equal(heard[1]?.telemetry?.temperatureC, 21.5);
  assert.equal(heard[2]?.telemetry?.batteryRatio, 0.87);
  assert.equal(
    reports("espresense").reduce((sum, { ignored }) => sum + ignored, 0),
    3,
  );
});

test("Theengs Gateway: raw data is judged by our own decoder, a decoded iBeacon taken by its values", () => {
  assert.deepEqual(
    heardIn("theengs").map((one) => [whoText(one), one.rssiDbm]),
    [
      [`ibeacon ${UUID} 100 65535`, -73],
      ["ibeacon on the air", -62],
      ["eddystone-uid on the air", -80],
      ["", -69],
    ],
  );
  const frames = heardIn("theengs").flatMap(({ who }) =>
    who.kind === "payload" ? decodeBeacons(who.payload) : [],
  );
  const [ibeacon, eddystone] = frames;
  assert.ok(ibeacon?.format === "ibeacon" && eddystone?.format === "eddystone-uid");
  assert.deepEqual([ibeacon.uuid, ibeacon.major, ibeacon.minor], [UUID, 100, 65_535]);
  assert.deepEqual([eddystone.namespace, eddystone.txPower0mDbm], ["edd1ebeac04e5e5defa0", -25]);
});

test("service data under a whole UUID stands in the payload with its bytes turned round", () => {
  const payload = heardIn("theengs")[3]?.who;
  assert.ok(payload?.kind === "payload");
  assert.equal(hexText(payload.payload), "1721fb349b5f8000008000100000d2fc000040016102ca09");
});

test("OpenMQTTGateway: whole seconds are known to be that coarse, an uptime is no time", () => {
  const heard = heardIn("openmqttgateway");
  assert.deepEqual(
    heard.map((one) => [whoText(one), one.statedMs, one.stepMs]),
    [
      [`ibeacon ${UUID} 100 65535`, null, 1],
      [`ibeacon ${UUID} 100 65535`, Date.UTC(2026, 4, 1, 10, 0, 7), 1000],
      ["ibeacon on the air", 1_777_629_608_000, 1000],
      ["", null, 1],
    ],
  );
  assert.equal(heard[1]?.telemetry?.batteryRatio, 0.55);
});

test("the generic form: five ways to say who, ages and instants, lists, and a bad reading costs no other", () => {
  const [first, second, third, fourth, fifth] = reports("generic");
  const startMs = 1_777_629_600_000;
  assert.deepEqual(
    first?.messages[0]?.heard.map((one) => [
      whoText(one),
      (one.statedMs ?? 0) - startMs,
      one.packets,
    ]),
    [
      [`ibeacon ${UUID} 100 65535`, 100, 1],
      ["eddystone edd1ebeac04e5e5defa0 0a1b2c3d4e5f", 250, 1],
      [`altbeacon ${UUID_DIGITS}0064ffff`, 250, 4],
      ["ibeacon on the air", 100, 1],
      ["tag basket-12", 200, 1],
    ],
  );
  assert.equal(first?.messages[0]?.heard[1]?.telemetry?.isMoving, true);
  assert.deepEqual(
    second?.messages.map(({ sentMs, heard }) => [(sentMs ?? 0) - startMs, heard.length]),
    [
      [1300, 1],
      [2300, 0],
    ],
  );
  assert.deepEqual(
    [third?.messages[0]?.heard[0]?.statedMs, third?.messages[0]?.heard[0]?.ageMs],
    [null, 400],
  );
  assert.deepEqual(
    fourth?.messages[0]?.heard.map(({ rssiDbm }) => rssiDbm),
    [-73],
  );
  assert.deepEqual(
    fourth?.faults.map(({ path, found }) => `${path}: ${found}`),
    [
      "sightings[0].rssi: 127",
      "sightings[1]: an object",
      "sightings[3]: a key that should not be there",
      "sightings[4].ibeacon.uuid: a text of 17 characters",
      "sightings[4].ibeacon.minor: 70000",
    ],
  );
  assert.equal(fifth?.messages.length, 0);
  assert.ok(
    fifth?.faults.some(({ path, expected }) => path === "v" && /only version/.test(expected)),
  );
});

test("another gateway's summary: tags by their id, how many packets, and that it hears nothing", () => {
  const [first, second] = reports("gateway");
  assert.deepEqual(
    first?.messages[0]?.heard.map((one) => [whoText(one), one.rssiDbm, one.packets]),
    [
      ["tag basket-12", -70.5, 9],
      ["tag staff-3", -84, 2],
    ],
  );
  assert.equal(second?.messages[0]?.isSeeing, false);
  assert.notEqual(first?.messages[0]?.key, second?.messages[0]?.key);
});

test("no address of the recordings gets past the readers", () => {
  const planted = plantedAddresses();
  assert.ok(planted.length > 30, `only ${planted.length} addresses planted`);
  for (const kind of ["espresense", "theengs", "openmqttgateway", "generic"] as const) {
    for (const { messages, faults } of reports(kind)) {
      const who = messages.flatMap(({ heard }) =>
        heard.filter((one) => one.who.kind !== "payload"),
      );
      const text = JSON.stringify([who, faults]);
      for (const address of planted) assert.ok(!text.includes(address), `${kind} lets one through`);
    }
  }
});

test("whatever JSON comes, no reader throws, and every level handed on can have been measured", () => {
  const key = fc.constantFrom(
    "v",
    "id",
    "rssi",
    "uuid",
    "sightings",
    "tag",
    "manufacturerdata",
    "servicedata",
    "servicedatauuid",
    "at",
    "time",
    "payload",
    "batt",
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(
        1,
        -60,
        127,
        1e300,
        null,
        true,
        "feaa",
        "0xfeaa",
        "iBeacon:x-1-2",
        "00",
        "zz",
        UUID,
      ),
      fc.string(),
      fc.integer(),
      fc.array(tie("any"), { maxLength: 4 }),
      fc.dictionary(key, tie("any"), { maxKeys: 6 }),
    ),
  })).any;
  fc.assert(
    fc.property(value, fc.string(), (json, device) => {
      for (const read of Object.values(OF_KIND))
        for (const { heard } of read(json, device).messages)
          for (const { rssiDbm, packets } of heard) {
            assert.ok(rssiDbm >= -127 && rssiDbm <= 20);
            assert.ok(packets >= 1);
          }
    }),
    { numRuns: 2000 },
  );
});

const TIMES: readonly (readonly [string, unknown, number | null, number])[] = [
  ["text with a zone", "2026-05-01T12:00:00.250+02:00", 1_777_629_600_250, 1],
  ["text of whole seconds", "2026-05-01T10:00:00Z", 1_777_629_600_000, 1000],
  ["text without a zone is no instant", "2026-05-01T10:00:00", null, 0],
  ["seconds", 1_777_629_600, 1_777_629_600_000, 1000],
  ["seconds with a fraction", 1_777_629_600.5, 1_777_629_600_500, 1],
  ["milliseconds", 1_777_629_600_250, 1_777_629_600_250, 1],
  ["nanoseconds", 1_777_629_600_250_000_000, 1_777_629_600_250, 1],
  ["an uptime", 188, null, 0],
  ["a negative number", -5, null, 0],
  ["not a number", Number.NaN, null, 0],
];

for (const [name, value, ms, stepMs] of TIMES) {
  test(`a stated time: ${name}`, () => {
    const time = readStatedTime(value);
    if (ms === null) assert.equal(time, null);
    else {
      assert.ok(time !== null && Math.abs(time.ms - ms) < 1);
      assert.equal(time.stepMs, stepMs);
    }
  });
}
