import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clientKeyOf,
  hostNameOf,
  isLoopbackHost,
  isOwnOrigin,
  mayServeOnLoopback,
} from "./access.ts";

for (const host of ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]) {
  test(`${host} reaches this machine only`, () => {
    assert.equal(isLoopbackHost(host), true);
  });
}

for (const host of [
  "0.0.0.0",
  "::",
  "192.168.1.4",
  "gateway.local",
  "127.0.0.1.evil.example",
  "127.1.evil",
  "",
]) {
  test(`"${host}" is not taken for loopback`, () => {
    assert.equal(isLoopbackHost(host), false);
  });
}

test("a host header is read with and without port, and refused when malformed", () => {
  assert.equal(hostNameOf("Localhost:8080"), "localhost");
  assert.equal(hostNameOf("[::1]:8080"), "::1");
  assert.equal(hostNameOf("127.0.0.1"), "127.0.0.1");
  for (const bad of [undefined, "", "a b", "user@localhost", "localhost:port", "localhost/x"]) {
    assert.equal(hostNameOf(bad), null);
  }
});

test("a name that another site points at this machine is not served", () => {
  assert.equal(mayServeOnLoopback("rebound.example:8080"), false);
  assert.equal(mayServeOnLoopback(undefined), false);
  assert.equal(mayServeOnLoopback("localhost:8080"), true);
});

const origins = [
  { name: "our own form", origin: "http://shop:8080", fetchSite: "same-origin", own: true },
  { name: "a client without these headers", origin: undefined, fetchSite: undefined, own: true },
  {
    name: "a form of another site",
    origin: "http://evil.example",
    fetchSite: "cross-site",
    own: false,
  },
  {
    name: "another site in a browser without fetch metadata",
    origin: "http://evil.example",
    fetchSite: undefined,
    own: false,
  },
  {
    name: "another port of the same machine",
    origin: "http://shop:9999",
    fetchSite: undefined,
    own: false,
  },
  { name: "an opaque origin", origin: "null", fetchSite: undefined, own: false },
  { name: "a sibling site", origin: "http://shop:8080", fetchSite: "same-site", own: false },
];
for (const c of origins) {
  test(`${c.name} is ${c.own ? "accepted" : "refused"} as the origin of a change`, () => {
    assert.equal(
      isOwnOrigin({ host: "shop:8080", origin: c.origin, fetchSite: c.fetchSite }),
      c.own,
    );
  });
}

test("an IPv6 client is known by its /64, an IPv4 client by its address however it is written", () => {
  assert.equal(clientKeyOf("192.168.1.7"), "192.168.1.7");
  assert.equal(clientKeyOf("::ffff:192.168.1.7"), "192.168.1.7");
  assert.equal(clientKeyOf("2001:db8:1:2:3:4:5:6"), clientKeyOf("2001:db8:1:2::ffff"));
  assert.notEqual(clientKeyOf("2001:db8:1:2::1"), clientKeyOf("2001:db8:1:3::1"));
  assert.equal(clientKeyOf("fe80::1%eth0"), clientKeyOf("fe80::2"));
});
