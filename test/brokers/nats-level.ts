import { within } from "./leftovers.ts";
import { connectOnce } from "./node-process.ts";

/** A stream or a consumer as `/jsz` of a node tells it. Without `cluster` the node keeps it for itself alone. */
interface Asset {
  readonly name: string;
  readonly cluster?: Group;
}

interface Group {
  readonly leader?: string;
  readonly replicas?: readonly { readonly name: string; readonly current: boolean }[];
}

interface ConsumerDetail extends Asset {
  readonly config?: { readonly filter_subject?: string };
}

interface StreamDetail extends Asset {
  readonly consumer_detail?: readonly ConsumerDetail[] | null;
}

/** What a node answered at its monitoring port. */
interface Answer {
  /** What it finds wrong with itself. */
  readonly fault: string | null;
  readonly meta: Group;
  readonly assets: ReadonlyMap<string, Group | undefined>;
}

export interface MonitoredNode {
  readonly name: string;
  readonly port: number;
}

const ANSWER_MS = 5000;
const MARK_MS = 10_000;
const MARK = "mark";

/**
 * Makes a session nobody needs, so that its subscription is the last thing the nodes have agreed upon before one is
 * killed. 2.9.10 loses that last thing: the killed node has written it down, but does not know yet whether the others
 * agree, and when it is told by a snapshot of everything, it leaves out the subscriptions it did not know. It never takes
 * part in that one again. Without a mark it is the one of the gateway that connected last.
 */
export async function leaveMark(url: string): Promise<void> {
  const client = await connectOnce(url, { connectTimeout: MARK_MS, clientId: MARK });
  try {
    await within(MARK_MS, client.subscribeAsync(MARK, { qos: 1 }));
  } finally {
    await client.endAsync(true);
  }
}

const isMark = ({ config }: ConsumerDetail): boolean =>
  config?.filter_subject === `$MQTT.msgs.${MARK}`;

async function ask(port: number, path: string): Promise<unknown> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  return (await fetch(`http://127.0.0.1:${port}${path}`, { signal })).json();
}

async function answerOf(port: number): Promise<Answer | null> {
  try {
    const health = (await ask(port, "/healthz")) as { status: string; error?: string };
    const all = (await ask(port, "/jsz?accounts=1&streams=1&consumers=1&config=1")) as {
      meta_cluster?: Group;
      account_details?: readonly { readonly stream_detail?: readonly StreamDetail[] | null }[];
    };
    const streams = (all.account_details ?? []).flatMap((account) => account.stream_detail ?? []);
    const assets = new Map<string, Group | undefined>();
    const marks: string[] = [];
    for (const stream of streams) {
      assets.set(stream.name, stream.cluster);
      for (const consumer of stream.consumer_detail ?? [])
        if (isMark(consumer)) marks.push(consumer.name);
        else assets.set(`${stream.name} > ${consumer.name}`, consumer.cluster);
    }
    const { status, error = status } = health;
    const isSound = error === "ok" || marks.some((name) => error.includes(name));
    return { fault: isSound ? null : error, meta: all.meta_cluster ?? {}, assets };
  } catch {
    // Not there yet.
    return null;
  }
}

/** Waits until nothing speaks against the death of the next node; what still does when the time is up. */
export async function untilLevel(
  nodes: readonly MonitoredNode[],
  limitMs: number,
  lookMs: number,
): Promise<readonly string[]> {
  const end = performance.now() + limitMs;
  for (;;) {
    const faults = await unlevel(nodes);
    if (faults.length === 0 || performance.now() > end) return faults;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/**
 * Why the next node must not die yet; empty when every copy of everything is as new as its leader's. `/healthz` alone is
 * not enough: a node that has lost its part in a group calls itself healthy (2.9.10), and the group stands still as soon
 * as another node dies.
 */
async function unlevel(nodes: readonly MonitoredNode[]): Promise<readonly string[]> {
  const answers = await Promise.all(nodes.map(({ port }) => answerOf(port)));
  const names = new Set(answers.flatMap((answer) => [...(answer?.assets.keys() ?? [])]));
  return nodes.flatMap(({ name: node }, index) => {
    const answer = answers[index] ?? null;
    if (answer === null) return [`${node} does not answer`];
    const { fault, meta, assets } = answer;
    return [
      ...(fault === null ? [] : [`${node}: ${fault}`]),
      ...faultsOf("the meta group", meta, node),
      ...[...names].flatMap((name) => faultsOf(name, assets.get(name), node)),
    ];
  });
}

function faultsOf(name: string, group: Group | undefined, node: string): readonly string[] {
  if (group === undefined) return [`${node} has no part in ${name}`];
  const { leader = "", replicas = [] } = group;
  if (leader === "") return [`${node} knows no leader of ${name}`];
  // Only the leader knows how far the others are.
  const behind = leader === node ? replicas.filter(({ current }) => !current) : [];
  return behind.map((replica) => `${replica.name} is behind in ${name}`);
}
