/** The desktop's keys. They leave alone what browsers keep for themselves. */
import { useEffect } from "react";
import type { Desk } from "../apps/desk";
import { useChat } from "../chat/chatStore";
import { showMonitor } from "../monitor/monitorStore";
import { focusPrompt } from "../prompt/promptStore";
import { showSettings } from "../settings/settingsStore";
import { focusedKey, useWindows } from "./windowStore";

interface Shortcut {
  keys: string;
  does: string;
  matches(event: KeyboardEvent): boolean;
  run(desk: Desk): void;
}

export const SHORTCUTS: Shortcut[] = [
  {
    keys: "Ctrl K or ⌘ K",
    does: "Describe an app",
    matches: (event) => (event.ctrlKey || event.metaKey) && !event.altKey && event.code === "KeyK",
    run: focusPrompt,
  },
  {
    keys: "Ctrl J or ⌘ J",
    does: "Open or close the chat",
    matches: (event) => (event.ctrlKey || event.metaKey) && !event.altKey && event.code === "KeyJ",
    run: () => useChat.getState().setOpen(!useChat.getState().open),
  },
  {
    keys: "Ctrl `",
    does: "Next window",
    matches: (event) => event.ctrlKey && !event.shiftKey && event.code === "Backquote",
    run: (desk) => cycle(desk, 1),
  },
  {
    keys: "Ctrl Shift `",
    does: "Previous window",
    matches: (event) => event.ctrlKey && event.shiftKey && event.code === "Backquote",
    run: (desk) => cycle(desk, -1),
  },
  {
    keys: "Alt M",
    does: "Minimise the window",
    matches: (event) => event.altKey && !event.ctrlKey && event.code === "KeyM",
    run: () => withFocused((key) => useWindows.getState().minimise(key)),
  },
  {
    keys: "Alt Enter",
    does: "Maximise or restore the window",
    matches: (event) => event.altKey && !event.ctrlKey && event.code === "Enter",
    run: () => withFocused((key) => useWindows.getState().toggleMaximised(key)),
  },
  {
    keys: "Alt W",
    does: "Close the window",
    matches: (event) => event.altKey && !event.ctrlKey && event.code === "KeyW",
    run: (desk) => withFocused((key) => void desk.close(key)),
  },
  {
    keys: "Alt ,",
    does: "Settings",
    matches: (event) => event.altKey && !event.ctrlKey && event.code === "Comma",
    run: showSettings,
  },
  {
    keys: "Alt P",
    does: "System monitor",
    matches: (event) => event.altKey && !event.ctrlKey && event.code === "KeyP",
    run: showMonitor,
  },
];

export function useShortcuts(desk: Desk): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const shortcut = SHORTCUTS.find(({ matches }) => matches(event));
      if (!shortcut) return;
      event.preventDefault();
      shortcut.run(desk);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [desk]);
}

function withFocused(act: (key: string) => void): void {
  const key = focusedKey(useWindows.getState());
  if (key) act(key);
}

/** Goes round the windows in the order they were opened. */
function cycle(desk: Desk, step: 1 | -1): void {
  const { windows, order } = useWindows.getState();
  const keys = Object.keys(windows);
  const current = focusedKey({ windows, order });
  const at = current ? keys.indexOf(current) : step === 1 ? -1 : 0;
  const next = keys[(at + step + keys.length) % keys.length];
  if (next) desk.focus(next);
}
