import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One message of a remote scanner, as it was on the broker; forms after public samples, addresses invented. */
export interface RecordedPost {
  readonly topic: string;
  readonly text: string;
  readonly retained?: boolean;
}

export type RecordedScanner = "espresense" | "theengs" | "openmqttgateway" | "generic" | "gateway";

const FOLDER = join(import.meta.dirname, "../fixtures/radio/remote");

/** The recorded messages of one kind of scanner, in order. */
export function recordedPosts(kind: RecordedScanner): readonly RecordedPost[] {
  const lines = readFileSync(join(FOLDER, `${kind}.jsonl`), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as RecordedPost);
}

/** Where an address may stand: in `mac` and `id`, in the topic, and where somebody put one that should not be there. */
const ADDRESS =
  /(?:"(?:mac|id)":"|BTtoMQTT\/|devices\/)((?:[0-9a-f]{2}:?){5}[0-9a-f]{2})(?=["/{\n])|(AA(?::[0-9A-F]{2}){5})/gi;

/** Radio addresses that stand in the recordings, bare and with colons, lower and upper case. */
export function plantedAddresses(): readonly string[] {
  const kinds: readonly RecordedScanner[] = ["espresense", "theengs", "openmqttgateway", "generic"];
  const text = kinds.flatMap((kind) => recordedPosts(kind).map((post) => post.topic + post.text));
  const found = new Set<string>();
  for (const match of text.join("\n").matchAll(ADDRESS)) {
    const bare = (match[1] ?? match[2] ?? "").replaceAll(":", "").toLowerCase();
    const colons = bare.match(/../g)?.join(":") ?? bare;
    for (const form of [bare, colons]) found.add(form).add(form.toUpperCase());
  }
  return [...found];
}
