import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { CameraPlan } from "../../core/site.ts";
import type { SensorStatus } from "../dashboard-source.ts";
import type { SetUpView } from "../views.ts";
import { hintOf, summaryOf } from "./attention.ts";
import { CameraDrawing } from "./camera-drawing.tsx";
import {
  endWords,
  loadPlayer,
  type PictureState,
  paintStill,
  previewAddress,
  whyRefused,
} from "./camera-picture-state.ts";
import { usePage } from "./context.ts";
import type { DrawingSize } from "./plan-geometry.ts";
import { Prose } from "./prose.tsx";

interface PictureProps {
  readonly camera: CameraPlan;
  readonly sensor: SensorStatus | null;
  readonly preview: SetUpView["preview"];
  readonly hasPicture: boolean;
}

/** A camera's picture with what is drawn on it: a still, or live while somebody wants it. */
export function CameraPicture(props: PictureProps): JSX.Element {
  const { camera, preview } = props;
  const [isDrawn, setDrawn] = useState(true);
  const obstacle = obstacleOf(props);
  const picture = usePicture(camera.id, preview.playerUrl, obstacle === null);
  const [stage, size] = useSize();
  const { state } = picture;
  const notice = obstacle ?? (state.kind === "refused" ? state : null);
  return (
    <figure class="picture" data-picture={state.kind} data-testid="picture">
      <div class="stage" ref={stage}>
        <canvas
          ref={picture.canvas}
          width={640}
          height={480}
          role="img"
          aria-label={`Picture of ${camera.name}${preview.isPixelated ? ", people pixelated" : ""}`}
        />
        {isDrawn && size !== null && <CameraDrawing camera={camera} size={size} />}
        {notice !== null && <Notice title={notice.title} hint={notice.hint} />}
        {obstacle === null && state.kind === "loading" && (
          <p class="stage-busy">Fetching a picture…</p>
        )}
        {obstacle === null && state.kind === "opening" && (
          <p class="stage-busy">Opening the live preview…</p>
        )}
        {obstacle === null && state.kind === "live" && <p class="stage-live">Live</p>}
      </div>
      <figcaption>
        <div class="picture-actions">
          {obstacle === null && <Buttons picture={picture} />}
          <label class="check">
            <input type="checkbox" checked={isDrawn} onChange={() => setDrawn(!isDrawn)} />
            <span>Lines and zones</span>
          </label>
        </div>
        <p class="quiet" role="status" data-testid="picture-status">
          <StatusWords state={state} isShown={obstacle === null} />
        </p>
        {obstacle === null && <p class="quiet">{privacyWords(preview.isPixelated)}</p>}
      </figcaption>
    </figure>
  );
}

function Buttons({ picture }: { readonly picture: Picture }): JSX.Element {
  const { state } = picture;
  const isRunning = state.kind === "opening" || state.kind === "live";
  return (
    <>
      <button type="button" class="button" onClick={isRunning ? picture.stop : picture.start}>
        {isRunning ? "Stop the preview" : "Live preview"}
      </button>
      {!isRunning && (
        <button type="button" class="plain-button" onClick={picture.refresh}>
          {state.kind === "refused" ? "Try again" : "New picture"}
        </button>
      )}
    </>
  );
}

function Notice(props: { readonly title: string; readonly hint: string }): JSX.Element {
  return (
    <p class="stage-notice">
      <strong>{props.title}</strong> <Prose text={props.hint} />
    </p>
  );
}

function StatusWords(props: {
  readonly state: PictureState;
  readonly isShown: boolean;
}): JSX.Element {
  const { formats } = usePage();
  const { state } = props;
  if (!props.isShown) return <>No picture is fetched.</>;
  switch (state.kind) {
    case "loading":
      return <>Fetching a picture…</>;
    case "still":
      return <>Picture from {formats.timeWithSeconds(state.at)}.</>;
    case "opening":
      return <>Opening the live preview…</>;
    case "live":
      return <>Live. It stops when you leave this page, and after ten minutes.</>;
    case "stopped":
      return <>{state.why ?? "The preview is stopped; this is its last picture."}</>;
    case "refused":
      return <>No picture. {state.title}</>;
  }
}

function privacyWords(isPixelated: boolean): string {
  return isPixelated
    ? "People, and whatever moves, are pixelated before the picture leaves the camera\u2019s worker. Nothing is stored."
    : "People can be recognised: pixelation is switched off in the gateway file. Nothing is stored.";
}

/** Why there can be no picture at all; null when one can be asked for. */
function obstacleOf(props: PictureProps): { readonly title: string; readonly hint: string } | null {
  const { preview, sensor, hasPicture } = props;
  if (!preview.isEnabled) {
    return {
      title: "Pictures are switched off.",
      hint: "Set `preview.enabled: true` in the gateway file and restart the gateway; switch it off again after set-up.",
    };
  }
  if (!hasPicture) {
    return {
      title: "This camera delivers no picture.",
      hint: "Its people are generated or counted elsewhere.",
    };
  }
  if (sensor?.state === "blind") {
    return {
      title: `Camera blind. ${summaryOf(sensor.code) ?? ""}`,
      hint: hintOf(sensor.code) ?? "Check its power and its cable.",
    };
  }
  if (sensor?.state === "stopped") return { title: "Camera switched off.", hint: "" };
  return null;
}

interface Picture {
  readonly canvas: RefObject<HTMLCanvasElement>;
  readonly state: PictureState;
  readonly start: () => void;
  readonly stop: () => void;
  readonly refresh: () => void;
}

/** The picture's life: a still when it can be had, live from start to stop, and gone with the page or its tab. */
function usePicture(cameraId: string, playerUrl: string, isAvailable: boolean): Picture {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [state, setState] = useState<PictureState>({ kind: "loading" });
  const halt = useRef<() => void>(() => undefined);

  const begin = (run: (signal: AbortSignal, canvas: HTMLCanvasElement) => Promise<void>): void => {
    halt.current();
    if (canvas.current === null) return;
    const abort = new AbortController();
    halt.current = () => abort.abort();
    void run(abort.signal, canvas.current);
  };
  const refresh = (): void =>
    begin(async (signal, target) => {
      setState({ kind: "loading" });
      const next = await paintStill(cameraId, target, signal);
      if (!signal.aborted) setState(next);
    });
  const start = (): void =>
    begin(async (signal, target) => {
      setState({ kind: "opening" });
      await runPreview({ cameraId, playerUrl, canvas: target, signal, onState: setState });
    });
  const stop = (): void => {
    halt.current();
    setState({ kind: "stopped", why: null });
  };

  // A new picture only for another camera, or for one that sees again.
  useEffect(() => {
    if (isAvailable) refresh();
    return () => halt.current();
  }, [cameraId, isAvailable]);
  useEffect(() => {
    const onHidden = (): void => {
      if (document.visibilityState !== "hidden") return;
      halt.current();
      setState((now) => (UNDER_WAY.has(now.kind) ? HIDDEN : now));
    };
    document.addEventListener("visibilitychange", onHidden);
    return () => document.removeEventListener("visibilitychange", onHidden);
  }, []);
  return { canvas, state, start, stop, refresh };
}

/** What ends with its request: without this word it would seem to go on for ever. */
const UNDER_WAY: ReadonlySet<PictureState["kind"]> = new Set(["loading", "opening", "live"]);
const HIDDEN: PictureState = { kind: "stopped", why: "Stopped while the page was hidden." };

async function runPreview(run: {
  readonly cameraId: string;
  readonly playerUrl: string;
  readonly canvas: HTMLCanvasElement;
  readonly signal: AbortSignal;
  readonly onState: (state: PictureState) => void;
}): Promise<void> {
  const { cameraId, signal } = run;
  const tell = (state: PictureState): void => {
    if (!signal.aborted) run.onState(state);
  };
  let hasPicture = false;
  try {
    const { play } = await loadPlayer(run.playerUrl);
    if (signal.aborted) return;
    const leave = play(previewAddress(cameraId), run.canvas, {
      onPicture: () => {
        if (!hasPicture) tell({ kind: "live" });
        hasPicture = true;
      },
      onOver: (reason) => {
        if (reason !== "" || hasPicture) tell({ kind: "stopped", why: endWords(reason) });
        else void whyRefused(cameraId).then(tell);
      },
    });
    signal.addEventListener("abort", leave, { once: true });
  } catch {
    // The script of the player could not be loaded.
    tell({ kind: "stopped", why: endWords("") });
  }
}

/** Size of an element on the screen, followed; null before the first measurement. */
function useSize(): readonly [RefObject<HTMLDivElement>, DrawingSize | null] {
  const element = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<DrawingSize | null>(null);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const { width, height } = entry.contentRect;
      if (width > 0 && height > 0) setSize({ width, height });
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, size];
}
