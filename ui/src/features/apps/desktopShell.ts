/** What the desktop does for an app that asks for it. */
import type { Shell } from "@/engine/shell";
import { ask } from "@/shared/questions";
import { useToasts } from "@/shared/toasts";
import { sendCommand } from "@/surface/commands";
import { FOCUSABLE } from "@/surface/look";
import { reveal } from "@/surface/rows/scrolling";

export function desktopShell(windowKey: string, appTitle: () => string): Shell {
  return {
    alert: async (message, title) => {
      await ask({
        title: title ?? appTitle(),
        message,
        answers: [{ key: "ok", label: "OK", tone: "primary" }],
      });
    },
    confirm: async (message, title) => {
      const answer = await ask({
        title: title ?? appTitle(),
        message,
        answers: [
          { key: "cancel", label: "Cancel" },
          { key: "ok", label: "OK", tone: "primary" },
        ],
      });
      return answer === "ok";
    },
    log: (level, message) => {
      (level === "error" ? console.error : level === "warning" ? console.warn : console.info)(
        `[${appTitle()}] ${message}`,
      );
    },
    copy: (text) => clipboard().writeText(text),
    paste: () => clipboard().readText(),
    notify: (notice) =>
      useToasts.getState().show({ ...notice, title: notice.title ?? appTitle(), window: null }),
    focus: async (component) => {
      const node = await nodeOf(windowKey, component);
      const target = node?.matches(FOCUSABLE) ? node : node?.querySelector(FOCUSABLE);
      if (!(target instanceof HTMLElement)) return false;
      target.focus();
      return true;
    },
    command: async (component, command) => {
      const node = await nodeOf(windowKey, component);
      return node ? sendCommand(node, command) : false;
    },
  };
}

function clipboard(): Clipboard {
  if ("clipboard" in navigator) return navigator.clipboard;
  throw new Error("the browser keeps the clipboard from a page that came from another machine unencrypted");
}

async function nodeOf(windowKey: string, component: string): Promise<Element | null> {
  await drawn();
  const root = document.querySelector(`[data-window-key="${CSS.escape(windowKey)}"]`);
  if (!root) return null;
  const id = CSS.escape(component);
  // Inside a list a node's id is its component's id with the keys of its rows after it.
  const find = () => root.querySelector(`[data-node-id="${id}"], [data-node-id^="${id}@"]`);
  return find() ?? (reveal(root, component) ? find() : null);
}

/** What the turn changed is in the page after React has had its moment. */
function drawn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
