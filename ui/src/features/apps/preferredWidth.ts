/** How wide a new window should be, judged by what its document holds. */
import type { UiSpec } from "@/engine/protocol";

const NARROW = 400;
const MEDIUM = 560;
const WIDE = 800;
/** A grid of this many columns that holds more than keys asks for room. */
const ROOMY_COLUMNS = 3;

interface Part {
  type?: unknown;
  props?: { columns?: unknown; layout?: unknown };
  children?: unknown;
}

export function preferredWidth(spec: UiSpec): number {
  const asked = spec.layout === "horizontal" ? MEDIUM : NARROW;
  return parts(spec.components).reduce((width, part) => Math.max(width, widthOf(part)), asked);
}

function widthOf(part: Part): number {
  const children = parts(part.children);
  const inner = children.reduce((width, child) => Math.max(width, widthOf(child)), NARROW);
  if (part.type === "table" || part.type === "chart") return WIDE;
  const isKeypad = children.every((child) => child.type === "button");
  if (part.type === "grid" && !isKeypad && Number(part.props?.columns ?? 3) >= ROOMY_COLUMNS)
    return Math.max(inner, WIDE);
  const isRow = part.type === "row" || (part.type === "container" && part.props?.layout === "horizontal");
  if (isRow && children.filter((child) => child.type !== "button").length >= 3)
    return Math.max(inner, MEDIUM);
  return inner;
}

function parts(value: unknown): Part[] {
  return Array.isArray(value) ? value.filter((part) => typeof part === "object" && part !== null) : [];
}
