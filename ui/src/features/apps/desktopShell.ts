/** What the desktop does for an app that asks for it. */
import type { Shell } from "@/engine/shell";
import { ask } from "@/shared/questions";
import { useToasts } from "@/shared/toasts";

const FOCUSABLE = "input, select, textarea, button, a[href], [tabindex='0']";

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
    copy: (text) => navigator.clipboard.writeText(text),
    paste: () => navigator.clipboard.readText(),
    notify: (notice) =>
      useToasts.getState().show({ ...notice, title: notice.title ?? appTitle(), window: null }),
    focus: async (component) => {
      await drawn();
      const root = document.querySelector(`[data-window-key="${CSS.escape(windowKey)}"]`);
      const id = CSS.escape(component);
      // Inside a list a node's id is its component's id with the keys of its rows after it.
      const node = root?.querySelector(`[data-node-id="${id}"], [data-node-id^="${id}@"]`);
      const target = node?.matches(FOCUSABLE) ? node : node?.querySelector(FOCUSABLE);
      if (!(target instanceof HTMLElement)) return false;
      target.focus();
      return true;
    },
  };
}

/** What the turn changed is in the page after React has had its moment. */
function drawn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
