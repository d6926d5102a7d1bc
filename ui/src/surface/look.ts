/** The measures and colours that several kinds share. */
import type { Alignment, FieldVariant, Size, Spacing, TextColor } from "@/engine/catalog";

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

/** A tick, a switch and a slider are as large as the text beside them. */
export const TEXT_SIZE: Record<Size, string> = { small: "text-sm", medium: "", large: "text-lg" };

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

/** What can hold the keyboard. */
export const FOCUSABLE = "input, select, textarea, button, a[href], [tabindex='0']";

/** The id of the component a node stands for: inside a list the keys of its rows follow it. */
export function componentId(nodeId: string): string {
  return nodeId.split("@", 1)[0] ?? nodeId;
}

/** How a scalar reads; nothing at all when it is missing. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A readable name from an id: `btn-save_all` reads “Btn save all”. */
export function nameFromId(id: string): string {
  const words = componentId(id).replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
