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

/** A free place beside the other windows when there is one, else a cascade. */
export function placeWindow(wanted: number, others: Frame[], workspace: Workspace): Frame {
  const width = Math.min(wanted, workspace.width - 2 * MARGIN);
  const centre = (workspace.width - width) / 2;
  const y = Math.max(MARGIN, Math.round(workspace.height * 0.09));
  const beside = others.flatMap((other) => [other.x + other.width + MARGIN, other.x - width - MARGIN]);
  const free = [centre, ...beside].find(
    (x) =>
      x >= MARGIN &&
      x + width <= workspace.width - MARGIN &&
      others.every((other) => !overlaps(other, x, width, y)),
  );
  if (free !== undefined) return fitted({ x: free, y, width, height: null }, workspace);
  const step = (others.length % 6) * CASCADE_STEP;
  return fitted({ x: centre - 2 * CASCADE_STEP + step, y: MARGIN + step, width, height: null }, workspace);
}

function overlaps(other: Frame, x: number, width: number, y: number): boolean {
  const isBeside = x >= other.x + other.width || x + width <= other.x;
  const isBelow = y >= other.y + (other.height ?? USUAL_HEIGHT) || y + USUAL_HEIGHT <= other.y;
  return !isBeside && !isBelow;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
