import type { JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { TagListView, TagView } from "../tags-view.ts";
import { useNow, usePage } from "./context.ts";
import { EN_DASH, formatAge } from "./format.ts";
import { TagImport } from "./tag-import.tsx";

/** As many as a person reads; the search finds the others. */
const SHOWN = 100;
const REFRESH_MS = 5_000;

const KIND_WORDS: Readonly<Record<TagView["kind"], string>> = {
  basket: "basket",
  cart: "cart",
  staff: "staff",
  asset: "asset",
  "loyalty-card": "loyalty card",
};
const STATE_WORDS: Readonly<Record<TagView["state"], string>> = {
  outside: "not heard",
  passing: "passing",
  inside: "inside",
};

/** On the Set-up page: the registered tags, where they are, their batteries, and how to register more. */
export function Tags(): JSX.Element | null {
  const [search, setSearch] = useState("");
  const { list, refresh } = useTags(search);
  if (list === null || !list.canChange) return null;
  return (
    <section class="card tags" aria-labelledby="tags-title" data-testid="tags">
      <h2 id="tags-title">Tags</h2>
      {list.total === 0 ? (
        <p>
          No tag is registered. Write the baskets, carts and badges of the shop into a CSV file,
          with the identity each of them sends, and import it here.{" "}
          <code>vitrine site tags template</code> prints a file to begin with.
        </p>
      ) : (
        <>
          <label class="tags-search">
            <span>Find</span>
            <input
              type="search"
              value={search}
              placeholder="id, name or kind"
              onInput={(event) => setSearch(event.currentTarget.value)}
            />
          </label>
          <p class="quiet" role="status">
            {countWords(list)}
          </p>
          <TagsInZones zones={list.zones} />
          {list.tags.length > 0 && <TagTable tags={list.tags} />}
        </>
      )}
      <TagImport isKept={list.isKept} onImported={refresh} />
    </section>
  );
}

function countWords({ total, matching, tags }: TagListView): string {
  const all = total === 1 ? "1 tag is registered" : `${total} tags are registered`;
  if (matching === 0) return `${all}; none of them matches.`;
  const found = matching === total ? all : `${matching} of ${total} tags match`;
  return tags.length < matching ? `${found}; the first ${tags.length} are shown.` : `${found}.`;
}

function TagsInZones({ zones }: Pick<TagListView, "zones">): JSX.Element | null {
  const taken = zones.filter(({ tags }) => tags > 0);
  if (zones.length === 0) return null;
  const text = taken.map(({ name, tags }) => `${name} ${tags}`).join(", ");
  return (
    <p data-testid="tags-in-zones">
      {taken.length === 0 ? "No tag is in a zone now." : `In zones now: ${text}.`}
    </p>
  );
}

function TagTable({ tags }: { readonly tags: readonly TagView[] }): JSX.Element {
  return (
    <section class="tags-scroll" aria-label="Registered tags" tabindex={0}>
      <table class="tags-table">
        <thead>
          <tr>
            {["Tag", "State", "Zone", "Battery", "Last seen", "Kind"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tags.map((tag) => (
            <TagRow key={tag.id} tag={tag} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function TagRow({ tag }: { readonly tag: TagView }): JSX.Element {
  const { formats, store } = usePage();
  const now = useNow(store);
  const { id, name, kind, state, zone, lastSeenAt, isBatteryLow } = tag;
  const isRecent = lastSeenAt !== null && now - lastSeenAt < 60_000;
  const seen =
    lastSeenAt === null
      ? "never"
      : isRecent
        ? `${formatAge(Math.max(0, now - lastSeenAt))} ago`
        : formats.moment(lastSeenAt, now);
  return (
    <tr data-tag={id}>
      <th scope="row">
        {name}
        {name !== id && <span class="tag-id quiet">{id}</span>}
      </th>
      <td>
        <span class={`tag-state is-${state}`}>{STATE_WORDS[state]}</span>
      </td>
      <td>{zone ?? EN_DASH}</td>
      <td class={isBatteryLow ? "is-low" : undefined}>{batteryText(tag)}</td>
      <td>{seen}</td>
      <td>{KIND_WORDS[kind]}</td>
    </tr>
  );
}

function batteryText({ batteryRatio, batteryMv, isBatteryLow }: TagView): string {
  const volts = batteryMv === null ? null : `${(batteryMv / 1_000).toFixed(1)} V`;
  const text = batteryRatio === null ? volts : `${Math.round(batteryRatio * 100)} %`;
  if (text === null) return EN_DASH;
  return isBatteryLow ? `${text}, change it` : text;
}

/** The list, asked again every few seconds and at once when the search changes; null before the first answer. */
function useTags(search: string): {
  readonly list: TagListView | null;
  readonly refresh: () => void;
} {
  const [list, setList] = useState<TagListView | null>(null);
  const [asked, setAsked] = useState(0);
  const refresh = useCallback(() => setAsked((times) => times + 1), []);
  useEffect(() => {
    const abort = new AbortController();
    const path = `/api/tags?limit=${SHOWN}&search=${encodeURIComponent(search)}`;
    const ask = (): void => {
      fetch(path, { signal: abort.signal })
        .then(async (answer) => {
          if (answer.ok) setList((await answer.json()) as TagListView);
        })
        // A gateway that does not answer is told of at the top of the page.
        .catch(() => undefined);
    };
    ask();
    const timer = window.setInterval(ask, REFRESH_MS);
    return () => {
      window.clearInterval(timer);
      abort.abort();
    };
  }, [search, asked]);
  return { list, refresh };
}
