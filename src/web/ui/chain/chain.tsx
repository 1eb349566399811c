import { type JSX, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { z } from "zod";
import type { storesAnswer } from "../../../wire/central-answers.ts";
import { Failed, Waiting } from "../states.tsx";
import { heldKey, holdKey } from "./ask.ts";
import { countText } from "./chain-words.ts";
import { CompareStores } from "./compare-stores.tsx";
import { StoreDetail } from "./store-detail.tsx";
import { StoreList } from "./store-list.tsx";
import { useAnswer } from "./use-answer.ts";

const PERIOD_MS = 15_000;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

function useHash(): string {
  const [hash, setHash] = useState(window.location.hash);
  useEffect(() => {
    const note = (): void => setHash(window.location.hash);
    window.addEventListener("hashchange", note);
    return () => window.removeEventListener("hashchange", note);
  }, []);
  return hash;
}

/** The chain page: all stores, one of them, or their comparison. Where it is stands in the address. */
function Chain(): JSX.Element {
  const hash = useHash();
  const stores = useAnswer<z.output<typeof storesAnswer>>("/api/v1/stores", PERIOD_MS);
  const { value, fault, retry } = stores;
  const isClosed = fault !== null && (fault.status === 401 || fault.status === 403);
  if (isClosed) return <SignIn hadKey={heldKey() !== null} onKey={retry} />;
  const needing = value?.stores.filter(({ attention }) => attention.length > 0).length ?? 0;
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to content
      </button>
      <Header hash={hash} />
      <main id="main" tabIndex={-1}>
        {value === null ? null : (
          <p class="chain-summary">
            <strong>{countText(needing)}</strong> of {countText(value.stores.length)} stores need
            attention. As of {TIME.format(value.now)}.
          </p>
        )}
        {fault === null ? null : <Failed what="The list" fault={fault} onRetry={retry} />}
        {value === null ? (
          <Waiting what="the stores" />
        ) : (
          <Place hash={hash} now={value.now} stores={value.stores} />
        )}
      </main>
    </>
  );
}

function skip(): void {
  document.querySelector<HTMLElement>("#main")?.focus();
}

function Place(props: { readonly hash: string } & z.output<typeof storesAnswer>): JSX.Element {
  const { hash, now, stores } = props;
  const storeId = /^#\/store\/(.+)$/.exec(hash)?.[1];
  if (storeId !== undefined) return <StoreDetail storeId={decodeURIComponent(storeId)} />;
  if (hash === "#/compare") return <CompareStores now={now} />;
  return <StoreList now={now} stores={stores} />;
}

function Header({ hash }: { readonly hash: string }): JSX.Element {
  const tabs = [
    ["#/", "Stores", !hash.startsWith("#/compare")],
    ["#/compare", "Compare", hash === "#/compare"],
  ] as const;
  return (
    <header class="top">
      <div class="top-row">
        <h1 class="brand-name">Vitrine</h1>
        {heldKey() === null ? null : (
          <button type="button" class="quiet-button" onClick={signOut}>
            Sign out
          </button>
        )}
      </div>
      <nav class="tabs" aria-label="Pages">
        {tabs.map(([href, name, isHere]) => (
          <a key={href} class="tab" href={href} aria-current={isHere ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
    </header>
  );
}

function signOut(): void {
  holdKey(null);
  window.location.reload();
}

function SignIn(props: { readonly hadKey: boolean; readonly onKey: () => void }): JSX.Element {
  const [key, setKey] = useState("");
  const enter = (event: Event): void => {
    event.preventDefault();
    holdKey(key.trim());
    props.onKey();
  };
  return (
    <main class="sign-in">
      <h1>Vitrine</h1>
      <p>The stores of a chain. Sign in with an API key of this centre.</p>
      {props.hadKey ? (
        <p class="sign-in-fault" id="fault" role="alert">
          This key is not valid here, or may not read figures.
        </p>
      ) : null}
      <form onSubmit={enter}>
        <label for="key">API key</label>
        <input
          id="key"
          type="password"
          autocomplete="current-password"
          required
          value={key}
          aria-describedby={props.hadKey ? "fault" : undefined}
          onInput={(e) => setKey(e.currentTarget.value)}
        />
        <button type="submit">Sign in</button>
      </form>
      <p class="quiet">
        Whoever runs the centre makes keys: <code>vitrine central keys add NAME</code>.
      </p>
    </main>
  );
}

const place = document.getElementById("app");
if (place !== null) {
  place.textContent = "";
  render(<Chain />, place);
}
