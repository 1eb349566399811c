import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** The browser's own reader of codes, where it has one. @source W3C, Accelerated Shape Detection in Images */
interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
type DetectorClass = new (options: { readonly formats: readonly string[] }) => Detector;

const LOOK_MS = 250;
const LIMIT_MS = 30_000;

function detectorClass(): DetectorClass | null {
  const { BarcodeDetector } = window as unknown as { readonly BarcodeDetector?: DetectorClass };
  return BarcodeDetector ?? null;
}

/** Whether this browser can read codes with the camera of its own device. */
export const canReadCodes = (): boolean =>
  detectorClass() !== null && window.isSecureContext && "mediaDevices" in navigator;

/**
 * Reads one QR code with the camera of the device that shows the page, in the browser alone: no picture is sent. The
 * camera goes off with the first code, after half a minute, or when somebody presses.
 */
export function CodeReader(props: {
  readonly label: string;
  readonly onCode: (text: string) => void;
  readonly onEnd: () => void;
}): JSX.Element {
  const place = useRef<HTMLVideoElement>(null);
  const { onCode, onEnd } = props;
  // The callbacks of the first drawing will do: the camera is opened once.
  useEffect(() => {
    const over = new AbortController();
    const limit = setTimeout(() => over.abort(), LIMIT_MS);
    void readOne(place.current, over.signal)
      .then((text) => {
        if (text !== null) onCode(text);
      })
      .finally(onEnd);
    return () => {
      clearTimeout(limit);
      over.abort();
    };
  }, []);
  return <video ref={place} class="code-reader" aria-label={props.label} muted playsInline />;
}

async function readOne(video: HTMLVideoElement | null, stop: AbortSignal): Promise<string | null> {
  const Reader = detectorClass();
  if (video === null || Reader === null) return null;
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { facingMode: "environment" } })
    .catch(() => null);
  if (stream === null) return null;
  try {
    const reader = new Reader({ formats: ["qr_code"] });
    video.srcObject = stream;
    await video.play();
    while (!stop.aborted) {
      const [found] = await reader.detect(video);
      if (found !== undefined) return found.rawValue;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}
