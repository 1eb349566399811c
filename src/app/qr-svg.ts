import { qrModules } from "../core/qr-code.ts";

/** Modules of white around a code, without which readers do not find it. */
const QUIET = 4;

/**
 * A QR code as an SVG picture that needs nothing from elsewhere; `title`, as XML text already, says what it is to who cannot
 * see it. `sideMm`: how large it is printed. A text that no code holds throws a RangeError. Pure.
 */
export function qrSvg(text: string, title: string, sideMm: number): string {
  const modules = qrModules(text);
  const side = modules.length + 2 * QUIET;
  const dark = modules.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" width="${sideMm}mm" height="${sideMm}mm" role="img" shape-rendering="crispEdges"><title>${title}</title><path fill="#fff" d="M0 0h${side}v${side}H0z"/><path d="${dark.join("")}"/></svg>`;
}
