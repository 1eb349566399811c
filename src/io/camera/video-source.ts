/** How a video source is opened. */
export type VideoSourceKind = "rtsp" | "http" | "file" | "v4l2";

/** A configured source; `address` is what ffmpeg is given and may hold credentials, so it is never logged. */
export interface VideoSource {
  readonly kind: VideoSourceKind;
  readonly address: string;
}

/** Tells an RTSP or HTTP URL, a V4L2 device and a file apart; everything else is taken for a file path. Pure. */
export function parseVideoSource(text: string): VideoSource {
  if (/^rtsps?:\/\//i.test(text)) return { kind: "rtsp", address: text };
  if (/^https?:\/\//i.test(text)) return { kind: "http", address: text };
  if (/^\/dev\/video\d+$/.test(text)) return { kind: "v4l2", address: text };
  return { kind: "file", address: text };
}

/**
 * Returns a function that removes the credentials of this source from any text: user name and password as written
 * and as decoded, the query of the URL, and whatever stands before an `@` in another URL. Pure.
 */
export function createRedactor(source: VideoSource): (text: string) => string {
  const secrets = secretsOf(source).sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of secrets) clean = clean.replaceAll(secret, "***");
    return clean.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, "$1***@");
  };
}

/** The source as it may be shown: no user name, password or query. Pure. */
export function describeSource(source: VideoSource): string {
  return createRedactor(source)(source.address);
}

function secretsOf(source: VideoSource): string[] {
  if (source.kind === "file" || source.kind === "v4l2") return [];
  // Split by hand: a camera password often holds characters that make a strict URL parser refuse the whole text.
  const authority = /^[a-z][a-z0-9+.-]*:\/\/(.*)@/i.exec(source.address)?.[1] ?? "";
  const query = /\?(.*)$/.exec(source.address)?.[1] ?? "";
  const password = authority.slice(authority.indexOf(":") + 1);
  const found = [authority, password, query];
  for (const text of [authority, password]) found.push(decoded(text));
  return found.filter((secret) => secret.length >= 2);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is not an escape; then there is no second spelling to hide.
    return text;
  }
}
