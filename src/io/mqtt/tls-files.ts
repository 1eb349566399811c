import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type EpochMs, epochMs } from "../../core/brand.ts";
import { GatewayError } from "../../core/errors.ts";

/** Where the files of a TLS connection lie, PEM. */
export interface TlsPaths {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Their contents, as mqtt.js takes them. */
export interface TlsContents {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * The files of a TLS connection, read anew for every connection: a certificate that was renewed counts from the next one
 * on, without a restart.
 */
export class TlsFiles {
  readonly #paths: TlsPaths;
  #contents: TlsContents = {};
  #certificateUntil: EpochMs | null = null;

  constructor(paths: TlsPaths) {
    this.#paths = paths;
  }

  /** As of the last reading that went well. */
  get contents(): TlsContents {
    return this.#contents;
  }

  /** When the own certificate ends; null without one, or when it cannot be read as one. */
  get certificateUntil(): EpochMs | null {
    return this.#certificateUntil;
  }

  /** Reads them; when one of them cannot be read, what was read before stays. @throws CONFIG_UNREADABLE */
  read(): void {
    const { caFile, certFile, keyFile } = this.#paths;
    const cert = contentOf("certificate", certFile);
    this.#contents = {
      ...named("ca", contentOf("authority's certificate", caFile)),
      ...named("cert", cert),
      ...named("key", contentOf("key", keyFile)),
    };
    this.#certificateUntil = cert === null ? null : endOf(cert);
  }
}

const named = <K extends string>(key: K, content: Buffer | null): Partial<Record<K, Buffer>> =>
  content === null ? {} : ({ [key]: content } as Record<K, Buffer>);

function contentOf(what: string, path: string | undefined): Buffer | null {
  if (path === undefined) return null;
  try {
    return readFileSync(path);
  } catch (error) {
    const message = `cannot read the ${what} for the broker`;
    throw new GatewayError("CONFIG_UNREADABLE", message, { cause: error, context: { path } });
  }
}

function endOf(certificate: Buffer): EpochMs | null {
  try {
    const at = Date.parse(new X509Certificate(certificate).validTo);
    return Number.isNaN(at) ? null : epochMs(at);
  } catch {
    // The handshake says what is wrong with it, in the words of the TLS library.
    return null;
  }
}
