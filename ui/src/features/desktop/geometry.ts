/** Where windows go. All measures are CSS pixels of the workspace. */

export interface Frame {
  x: number;
  y: number;
  width: number;
  /** Null: as high as the content asks for. */
  height: number | null;
}

export type Place = Frame;

export interface Workspace {
  width: number;
  height: number;
}

export const SMALLEST = { width: 280, height: 160 };
const MARGIN = 16;
const CASCADE_STEP = 36;
/** How much of a title bar stays reachable. */
const GRIP = 96;
/** A window that fits its content is taken to be about this high when others are placed beside it. */
const USUAL_HEIGHT = 420;
const TITLE_BAR = 48;
const TITLE_WEIGHT = 800;

/** A frame that is large enough to use and whose title bar can be reached. */
export function fitted(frame: Frame, workspace: Workspace): Frame {
  const width = clamp(frame.width, SMALLEST.width, Math.max(workspace.width - MARGIN, SMALLEST.width));
  const height =
    frame.height === null
      ? null
      : clamp(frame.height, SMALLEST.height, Math.max(workspace.height, SMALLEST.height));
  return {
    x: Math.round(clamp(frame.x, GRIP - width, Math.max(workspace.width - GRIP, 0))),
    y: Math.round(clamp(frame.y, 0, Math.max(workspace.height - 48, 0))),
    width: Math.round(width),
    height: height === null ? null : Math.round(height),
  };
}

/** Where a new window hides least of the others: beside them when there is room, else a cascade. */
export function placeWindow(wanted: number, others: Frame[], workspace: Workspace): Frame {
  const width = Math.min(wanted, workspace.width - 2 * MARGIN);
  const top = Math.max(MARGIN, Math.round(workspace.height * 0.08));
  const centre = (workspace.width - width) / 2;
  const beside = others.flatMap((other) => [other.x + other.width + MARGIN, other.x - width - MARGIN]);
  const steps = [1, 2, 3, 4, 5].map((step) => ({
    x: centre + step * CASCADE_STEP,
    y: top + step * CASCADE_STEP,
  }));
  const places = [centre, ...beside, MARGIN, workspace.width - width - MARGIN]
    .filter((x) => x >= MARGIN && x + width <= workspace.width - MARGIN)
    .map((x) => ({ x, y: top }));
  const best = [...places, ...steps].reduce<{ x: number; y: number; hidden: number } | null>(
    (least, place) => {
      const hidden = others.reduce(
        (sum, other) => sum + overlap(other, { ...place, width, height: null }),
        0,
      );
      return least === null || hidden < least.hidden ? { ...place, hidden } : least;
    },
    null,
  );
  const { x, y } = best ?? { x: MARGIN, y: MARGIN };
  return fitted({ x, y, width, height: null }, workspace);
}

/** How much two windows share; sharing the title bar of the lower one weighs most. */
function overlap(other: Frame, placed: Frame): number {
  const across = Math.min(other.x + other.width, placed.x + placed.width) - Math.max(other.x, placed.x);
  if (across <= 0) return 0;
  const heightOf = (frame: Frame) => frame.height ?? USUAL_HEIGHT;
  const down = Math.min(other.y + heightOf(other), placed.y + heightOf(placed)) - Math.max(other.y, placed.y);
  const hidesTitle = placed.y < other.y + TITLE_BAR && other.y < placed.y + heightOf(placed);
  return across * Math.max(down, 0) + (hidesTitle ? across * TITLE_WEIGHT : 0);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
