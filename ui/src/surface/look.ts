/** The measures and colours that several kinds share. */
import type { CSSProperties } from "react";
import type { Alignment, FieldVariant, Size, Spacing, StyleMap, TextColor } from "@/engine/catalog";

const SPACING_PX: Record<Spacing, number> = { none: 0, small: 8, medium: 14, large: 24 };
const PADDING_PX: Record<Spacing, number> = { none: 0, small: 10, medium: 16, large: 24 };

export function gapOf(props: { gap?: number; spacing?: Spacing }): number {
  return props.gap ?? SPACING_PX[props.spacing ?? "medium"];
}

export function paddingOf(padding: Spacing | undefined, otherwise: Spacing): number {
  return PADDING_PX[padding ?? otherwise];
}

export const ALIGN: Record<Alignment, string> = {
  start: "items-start",
  center: "items-center",
  end: "items-end",
  stretch: "items-stretch",
};

export const JUSTIFY = {
  start: "justify-start",
  center: "justify-center",
  end: "justify-end",
  between: "justify-between",
  around: "justify-around",
} as const;

export const TEXT_COLOR: Record<TextColor, string> = {
  primary: "text-ink",
  secondary: "text-ink-2",
  accent: "text-accent-ink",
  muted: "text-ink-3",
  error: "text-danger-ink",
  success: "text-success-ink",
  warning: "text-warning-ink",
};

export const CONTROL_SIZE: Record<Size, string> = {
  small: "h-8 px-2.5 text-sm",
  medium: "h-10 px-3 text-[0.9375rem]",
  large: "h-12 px-4 text-lg",
};

export const CONTROL_VARIANT: Record<FieldVariant, string> = {
  default: "",
  outline: "",
  filled: "control-filled",
  underline: "control-underline",
};

/** Properties that would let an app draw outside its own window. */
const ESCAPING: ReadonlySet<string> = new Set([
  "position",
  "zIndex",
  "inset",
  "top",
  "left",
  "right",
  "bottom",
]);

/** The document's own style, without what could leave the window or load from outside. */
export function ownStyle(style: StyleMap | undefined): CSSProperties {
  if (!style) return {};
  return Object.fromEntries(
    Object.entries(style).filter(([name, value]) => !ESCAPING.has(name) && !/url\s*\(/i.test(String(value))),
  );
}

/** How a scalar reads; nothing at all when it is missing. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A readable name from an id: `btn-save_all` reads “Btn save all”. */
export function nameFromId(id: string): string {
  const words = (id.split(/[/.:#]/).at(-1) ?? id).replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
