/** Turns a document's accent colour into the variables its components read. */
import type { CSSProperties } from "react";

/** Luminance at which black and white text have the same contrast on a colour. */
const CONTRAST_TURN = 0.179;

export function accentVariables(accent: string | undefined): CSSProperties {
  const colour = accent ? parseHex(accent) : null;
  if (!colour) return {};
  const onAccent = luminance(colour) > CONTRAST_TURN ? "#000000" : "#ffffff";
  const variables: Record<`--${string}`, string> = {
    "--accent": accent ?? "",
    "--accent-hover": `color-mix(in oklab, ${accent} 88%, ${onAccent === "#000000" ? "white" : "black"})`,
    "--on-accent": onAccent,
    "--accent-soft": `color-mix(in oklab, ${accent} 14%, var(--surface))`,
    "--accent-ink": `color-mix(in oklab, ${accent} 45%, var(--ink))`,
  };
  return variables;
}

function parseHex(colour: string): [number, number, number] | null {
  const match = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(colour.trim());
  const digits = match?.[1];
  if (!digits) return null;
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const channel = (at: number) => Number.parseInt(full.slice(at, at + 2), 16) / 255;
  return [channel(0), channel(2), channel(4)];
}

/** Relative luminance as WCAG defines it. */
function luminance(rgb: [number, number, number]): number {
  const [r, g, b] = rgb.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}
