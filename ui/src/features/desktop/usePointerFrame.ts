/** Moves and resizes a window by pointer. */
import type { PointerEvent } from "react";
import { type Frame, SMALLEST } from "./geometry";
import { useWindows } from "./windowStore";

/** The edges that follow the pointer; none of them means the whole window does. */
export type Edges = "" | "n" | "s" | "e" | "w" | "ne" | "nw" | "se" | "sw";

export function startPointerFrame(
  event: PointerEvent<HTMLElement>,
  key: string,
  edges: Edges,
  drawn: HTMLElement,
): void {
  if (event.button !== 0) return;
  const handle = event.currentTarget;
  const window = useWindows.getState().windows[key];
  if (!window) return;
  event.preventDefault();
  const height = drawn.offsetHeight;
  const start: Frame = edges === "" ? window.frame : { ...window.frame, height };
  const [startX, startY] = [event.clientX, event.clientY];
  const onMove = (moved: globalThis.PointerEvent) => {
    const frame = pulled(start, height, edges, moved.clientX - startX, moved.clientY - startY);
    useWindows.getState().move(key, frame);
  };
  const onEnd = () => {
    handle.removeEventListener("pointermove", onMove);
    handle.removeEventListener("pointerup", onEnd);
    handle.removeEventListener("pointercancel", onEnd);
  };
  handle.setPointerCapture(event.pointerId);
  handle.addEventListener("pointermove", onMove);
  handle.addEventListener("pointerup", onEnd);
  handle.addEventListener("pointercancel", onEnd);
}

function pulled(start: Frame, startHeight: number, edges: Edges, dx: number, dy: number): Frame {
  if (edges === "") return { ...start, x: start.x + dx, y: start.y + dy };
  const frame = { ...start, height: startHeight };
  if (edges.includes("e")) frame.width = Math.max(start.width + dx, SMALLEST.width);
  if (edges.includes("s")) frame.height = Math.max(startHeight + dy, SMALLEST.height);
  if (edges.includes("w")) {
    frame.width = Math.max(start.width - dx, SMALLEST.width);
    frame.x = start.x + start.width - frame.width;
  }
  if (edges.includes("n")) {
    frame.height = Math.max(startHeight - dy, SMALLEST.height);
    frame.y = start.y + startHeight - frame.height;
  }
  return frame;
}
