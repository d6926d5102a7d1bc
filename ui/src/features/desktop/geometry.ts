/** Where windows go. All measures are CSS pixels of the workspace. */

export interface Frame {
  x: number;
  y: number;
  width: number;
  /** Null: as high as the content asks for. */
  height: number | null;
}

export interface Workspace {
  width: number;
  height: number;
}

export const SMALLEST = { width: 280, height: 160 };
const MARGIN = 16;
/** A little more than a title bar, so that the one below stays in sight. */
const CASCADE_STEP = 52;
/** How much of a title bar stays reachable. */
const GRIP = 96;
/** A window that fits its content is about this high. */
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

/** A free place beside the other windows when there is one, else a step down from the topmost. */
export function placeWindow(wanted: number, others: Frame[], workspace: Workspace): Frame {
  const width = Math.min(wanted, workspace.width - 2 * MARGIN);
  const top = Math.max(MARGIN, Math.round(workspace.height * 0.08));
  const centre = (workspace.width - width) / 2;
  const beside = others.flatMap((other) => [other.x + other.width + MARGIN, other.x - width - MARGIN]);
  const isFree = (x: number) =>
    x >= MARGIN &&
    x + width <= workspace.width - MARGIN &&
    others.every((other) => x >= other.x + other.width || x + width <= other.x);
  const free = [centre, ...beside].find(isFree);
  const place = free === undefined ? cascade(width, others, workspace) : { x: free, y: top };
  return fitted({ ...place, width, height: null }, workspace);
}

/** One step to the right and down from the topmost window, from the corner again when that is too far. */
function cascade(width: number, others: Frame[], workspace: Workspace): { x: number; y: number } {
  const topmost = others.at(-1) ?? { x: 0, y: 0 };
  const x = topmost.x + CASCADE_STEP;
  const y = topmost.y + CASCADE_STEP;
  return {
    x: x + width > workspace.width - MARGIN ? Math.max(MARGIN, workspace.width - width - MARGIN - x / 4) : x,
    y: y + USUAL_HEIGHT > workspace.height ? MARGIN : y,
  };
}

/** The same window around the same middle, but wider or narrower, and whole in sight. */
export function rewidened(frame: Frame, width: number, workspace: Workspace): Frame {
  const x = frame.x + (frame.width - width) / 2;
  return fitted({ ...frame, width, x: clamp(x, MARGIN, workspace.width - width - MARGIN) }, workspace);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
