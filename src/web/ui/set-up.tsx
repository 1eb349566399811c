import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CameraPlan } from "../../core/site.ts";
import type { ConditionStatus, SensorStatus, StatusView } from "../dashboard-source.ts";
import type { SetUpView, SiteView } from "../views.ts";
import { CameraPicture } from "./camera-picture.tsx";
import { conditionWords } from "./conditions.ts";
import { useNow, usePage } from "./context.ts";
import { STATE_WORDS } from "./equipment.tsx";
import { Locating } from "./locating.tsx";
import { Prose } from "./prose.tsx";
import { gapsOf } from "./set-up-gaps.ts";
import { Tags } from "./tags.tsx";
import { ARROW_WORDS, ROLE_WORDS, ZONE_WORDS } from "./words.ts";

interface SetUpProps {
  readonly site: SiteView;
  readonly status: StatusView;
}

/** The Set-up page: each camera's picture with what is drawn on it, how it does, and what is missing. */
export function SetUp({ site, status }: SetUpProps): JSX.Element {
  const view = useSetUpView();
  const wanted = useHash();
  const camera = site.cameras.find(({ id }) => id === wanted) ?? site.cameras[0];
  return (
    <>
      <h1>Set-up</h1>
      <p class="lead">
        What each camera sees and what is drawn on it. Lines and zones are changed in the site plan;
        this page shows them.
      </p>
      {camera === undefined ? (
        <p class="card">
          No camera is on the site plan yet. Add one with its lines and zones, and restart the
          gateway.
        </p>
      ) : (
        <>
          {site.cameras.length > 1 && (
            <CameraChoice cameras={site.cameras} shown={camera.id} sensors={status.sensors} />
          )}
          <CameraSheet key={camera.id} camera={camera} status={status} view={view} />
        </>
      )}
      <Locating />
      <Tags />
    </>
  );
}

function CameraChoice(props: {
  readonly cameras: readonly CameraPlan[];
  readonly shown: string;
  readonly sensors: readonly SensorStatus[];
}): JSX.Element {
  return (
    <nav aria-label="Camera">
      <ul class="camera-choice">
        {props.cameras.map(({ id, name }) => {
          const state = props.sensors.find(({ sensorId }) => sensorId === id)?.state ?? "stopped";
          return (
            <li key={id}>
              <a
                href={`/set-up#${id}`}
                data-link
                aria-current={id === props.shown ? "true" : undefined}
              >
                {name} <span class={`state is-${state}`}>{STATE_WORDS[state]}</span>
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

function CameraSheet(props: {
  readonly camera: CameraPlan;
  readonly status: StatusView;
  readonly view: Loaded;
}): JSX.Element {
  const { camera, status, view } = props;
  const sensor = status.sensors.find(({ sensorId }) => sensorId === camera.id) ?? null;
  const facts =
    view.kind === "known" ? (view.view.cameras.find(({ id }) => id === camera.id) ?? null) : null;
  return (
    <div class="set-up" data-camera={camera.id}>
      <section class="card" aria-labelledby="camera-title">
        <h2 id="camera-title">{camera.name}</h2>
        {view.kind === "loading" && <p class="quiet">Asking the gateway…</p>}
        {view.kind === "failed" && (
          <p class="sensor-why" role="alert">
            The gateway did not say what it may show. Reload this page.
          </p>
        )}
        {view.kind === "known" && (
          <CameraPicture
            camera={camera}
            sensor={sensor}
            preview={view.view.preview}
            hasPicture={facts?.hasPicture ?? false}
          />
        )}
      </section>
      <div class="stack">
        <Gaps camera={camera} sensor={sensor} facts={facts} />
        <Condition sensor={sensor} />
        <Drawn camera={camera} />
      </div>
    </div>
  );
}

function Gaps(props: {
  readonly camera: CameraPlan;
  readonly sensor: SensorStatus | null;
  readonly facts: SetUpView["cameras"][number] | null;
}): JSX.Element {
  const gaps = gapsOf(props.camera, props.sensor, props.facts);
  return (
    <section class="card" aria-labelledby="gaps-title">
      <h2 id="gaps-title">What is missing</h2>
      {gaps.length === 0 ? (
        <p class="all-well">
          <span class="tick" aria-hidden="true" />
          Lines, zones and ground points are there.
        </p>
      ) : (
        <ul class="steps">
          {gaps.map((gap) => (
            <li key={gap.title} class="is-open">
              <span class="step-mark" aria-hidden="true" />
              <span>
                <span class="step-title">{gap.title}</span>
                <span class="step-next">
                  <Prose text={gap.next} />
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** How the camera does: its rate, and what is not right although it sees. */
function Condition({ sensor }: { readonly sensor: SensorStatus | null }): JSX.Element {
  const { formats, store } = usePage();
  const now = useNow(store);
  return (
    <section class="card" aria-labelledby="condition-title">
      <h2 id="condition-title">Condition</h2>
      {sensor === null ? (
        <p class="quiet">This camera is not connected to the gateway.</p>
      ) : (
        <dl class="facts">
          <Fact label="State">
            <span class={`state is-${sensor.state}`}>{STATE_WORDS[sensor.state]}</span>{" "}
            <span class="quiet">since {formats.moment(sensor.since, now)}</span>
          </Fact>
          {sensor.facts.map(([label, text]) => (
            <Fact key={label} label={label}>
              {text}
            </Fact>
          ))}
          {sensor.conditions.map((condition) => (
            <Fact key={condition.condition} label={`It ${conditionWords(condition).does}`}>
              <Trouble condition={condition} now={now} />
            </Fact>
          ))}
        </dl>
      )}
    </section>
  );
}

function Trouble(props: {
  readonly condition: ConditionStatus;
  readonly now: number;
}): JSX.Element {
  const { formats } = usePage();
  const { what, next } = conditionWords(props.condition);
  return (
    <>
      since {formats.moment(props.condition.since, props.now)}
      <span class="quiet"> {what}</span>
      <span class="step-next">
        <Prose text={next} />
      </span>
    </>
  );
}

function Fact(props: {
  label: string;
  children: JSX.Element | string | (JSX.Element | string)[];
}): JSX.Element {
  return (
    <div class="fact">
      <dt>{props.label}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Drawn({ camera }: { readonly camera: CameraPlan }): JSX.Element {
  const { lines, zones, exclusions } = camera;
  return (
    <section class="card" aria-labelledby="drawn-title">
      <h2 id="drawn-title">What is drawn</h2>
      <dl class="facts">
        {lines.map((line) => (
          <Fact key={line.id} label={line.name}>
            {`${ROLE_WORDS[line.role]} line, its arrow points ${ARROW_WORDS[line.role]}`}
          </Fact>
        ))}
        {zones.map((zone) => (
          <Fact key={zone.id} label={zone.name}>
            {`${ZONE_WORDS[zone.kind]} zone, ${zone.polygon.length} corners`}
          </Fact>
        ))}
        {exclusions.length > 0 && (
          <Fact label="Exclusions">{`${exclusions.length}; nobody is counted there`}</Fact>
        )}
      </dl>
      {lines.length + zones.length + exclusions.length === 0 && (
        <p class="quiet">Nothing is drawn yet.</p>
      )}
    </section>
  );
}

type Loaded =
  | { readonly kind: "loading" }
  | { readonly kind: "failed" }
  | { readonly kind: "known"; readonly view: SetUpView };

function useSetUpView(): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ kind: "loading" });
  useEffect(() => {
    const abort = new AbortController();
    fetch("/api/set-up", { signal: abort.signal })
      .then(async (answer) => {
        if (!answer.ok) throw new Error(String(answer.status));
        setLoaded({ kind: "known", view: (await answer.json()) as SetUpView });
      })
      .catch(() => {
        if (!abort.signal.aborted) setLoaded({ kind: "failed" });
      });
    return () => abort.abort();
  }, []);
  return loaded;
}

/** The part of the address behind #, followed. */
function useHash(): string {
  const [hash, setHash] = useState(window.location.hash.slice(1));
  useEffect(() => {
    const follow = (): void => setHash(window.location.hash.slice(1));
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, []);
  return hash;
}
