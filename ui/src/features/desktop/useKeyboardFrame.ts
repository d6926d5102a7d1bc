/** Moves and resizes a window with the arrow keys, once chosen from its menu. */
import { useEffect, useState } from "react";
import type { Frame } from "./geometry";
import { useWindows } from "./windowStore";

export type KeyboardFrameMode = "move" | "resize";

const STEP = 16;
const LARGE_STEP = 64;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface KeyboardFrame {
  mode: KeyboardFrameMode | null;
  start(mode: KeyboardFrameMode): void;
}

export function useKeyboardFrame(key: string, drawnHeight: () => number): KeyboardFrame {
  const [active, setActive] = useState<{ mode: KeyboardFrameMode; before: Frame } | null>(null);

  useEffect(() => {
    if (!active) return;
    const onKeyDown = (event: KeyboardEvent) => {
      const window = useWindows.getState().windows[key];
      const arrow = ARROWS[event.key];
      if (!window || !["Enter", "Escape", "Tab"].includes(event.key) === !arrow) return;
      event.preventDefault();
      event.stopPropagation();
      const { move } = useWindows.getState();
      if (arrow)
        move(
          key,
          nudged(window.frame, active.mode, arrow, event.shiftKey ? LARGE_STEP : STEP, drawnHeight()),
        );
      else {
        if (event.key === "Escape") move(key, active.before);
        setActive(null);
      }
    };
    window.addEventListener("keydown", onKeyDown, true);
    return () => window.removeEventListener("keydown", onKeyDown, true);
  }, [active, key, drawnHeight]);

  const start = (mode: KeyboardFrameMode) => {
    const before = useWindows.getState().windows[key]?.frame;
    if (before) setActive({ mode, before });
  };
  return { mode: active?.mode ?? null, start };
}

function nudged(
  frame: Frame,
  mode: KeyboardFrameMode,
  [dx, dy]: [number, number],
  step: number,
  height: number,
): Frame {
  if (mode === "move") return { ...frame, x: frame.x + dx * step, y: frame.y + dy * step };
  return {
    ...frame,
    width: frame.width + dx * step,
    height: dy === 0 ? frame.height : (frame.height ?? height) + dy * step,
  };
}
