import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { GatewayError } from "../src/core/errors.ts";
import { TlsFiles } from "../src/io/mqtt/tls-files.ts";
import { type Authority, makeAuthority } from "./brokers/authority.ts";

const DAY_MS = 86_400_000;

describe("certificates of the shipped script", () => {
  let folder: string;
  let authority: Authority;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "vitrine-certificates-"));
    authority = makeAuthority(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const certificate = (name: string) =>
    new X509Certificate(readFileSync(join(folder, `${name}.crt`)));

  for (const name of ["localhost", "shop-017-a"]) {
    test(`${name} renewed has a new number and the same key and names`, () => {
      if (name !== "localhost") authority.client(name);
      const old = certificate(name);
      authority.renew(name);
      const renewed = certificate(name);
      assert.notEqual(renewed.serialNumber, old.serialNumber);
      assert.equal(renewed.subject, old.subject);
      assert.equal(renewed.subjectAltName, old.subjectAltName);
      assert.deepEqual(renewed.keyUsage, old.keyUsage);
      assert.ok(
        renewed.checkPrivateKey(createPrivateKey(readFileSync(join(folder, `${name}.key`)))),
      );
      assert.ok(
        renewed.verify(new X509Certificate(readFileSync(join(folder, "ca.crt"))).publicKey),
      );
    });
  }

  test("files are read anew, and what was read before stays while one of them is away", () => {
    const paths = authority.client("shop-018-a");
    const files = new TlsFiles(paths);
    files.read();
    const first = files.contents.cert;
    const leftMs = (files.certificateUntil ?? 0) - Date.now();
    assert.ok(leftMs > 89 * DAY_MS && leftMs < 91 * DAY_MS);
    authority.renew("shop-018-a");
    files.read();
    const second = files.contents.cert;
    assert.ok(first !== undefined && second !== undefined && !first.equals(second));
    rmSync(paths.certFile);
    assert.throws(
      () => files.read(),
      (error) => error instanceof GatewayError && error.code === "CONFIG_UNREADABLE",
    );
    assert.equal(files.contents.cert, second);
  });

  test("a file that is no certificate has no end, and is left to the handshake", () => {
    const certFile = join(folder, "none.crt");
    writeFileSync(certFile, "not a certificate");
    const files = new TlsFiles({ certFile });
    files.read();
    assert.equal(files.certificateUntil, null);
  });
});
