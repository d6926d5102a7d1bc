/** The windows of the desktop: where they are, which is on top, what each one shows. */
import { create } from "zustand";
import { type Frame, fitted, placeWindow, type Workspace } from "./geometry";

/** What fills a window below its title bar. */
export type Phase =
  | { kind: "building"; request: string; thought: string }
  | { kind: "opening" }
  | { kind: "live" }
  /** The app runs in another tab or program now. */
  | { kind: "replaced" }
  /** Its process was ended. */
  | { kind: "stopped" }
  | { kind: "failed"; title: string; message: string; canBuild: string[]; retry: Retry | null };

/** What trying again means for a window that failed. */
export type Retry = { kind: "generate"; request: string } | { kind: "open" };

export interface DesktopWindow {
  key: string;
  appId: string | null;
  packageId: string | null;
  title: string;
  icon: string | null;
  frame: Frame;
  maximised: boolean;
  minimised: boolean;
  unsaved: boolean;
  phase: Phase;
}

export interface NewWindow {
  key: string;
  title: string;
  phase: Phase;
  width: number;
  appId?: string | null;
  packageId?: string | null;
  icon?: string | null;
  place?: Frame | null;
  minimised?: boolean;
  maximised?: boolean;
}

interface WindowStore {
  windows: Record<string, DesktopWindow>;
  /** Keys from the bottom to the top. */
  order: string[];
  workspace: Workspace;
  open(window: NewWindow): void;
  change(key: string, change: Partial<Omit<DesktopWindow, "key">>): void;
  move(key: string, frame: Partial<Frame>): void;
  focus(key: string): void;
  /** Puts a window behind all others. */
  sendBack(key: string): void;
  minimise(key: string): void;
  toggleMaximised(key: string): void;
  remove(key: string): void;
  setWorkspace(workspace: Workspace): void;
}

/** Only until the desktop has measured its workspace. */
const SHELF_HEIGHT_PX = 76;

export const useWindows = create<WindowStore>()((set, get) => {
  const change: WindowStore["change"] = (key, changed) =>
    set(({ windows }) => {
      const before = windows[key];
      return before ? { windows: { ...windows, [key]: { ...before, ...changed } } } : {};
    });
  return {
    windows: {},
    order: [],
    workspace: { width: window.innerWidth, height: window.innerHeight - SHELF_HEIGHT_PX },
    open: ({ key, title, phase, width, place, appId = null, packageId = null, icon = null, ...rest }) => {
      const { windows, order, workspace } = get();
      const others = order.flatMap((other) =>
        windows[other]?.minimised ? [] : (windows[other]?.frame ?? []),
      );
      const frame = place ? fitted(place, workspace) : placeWindow(width, others, workspace);
      const { minimised = false, maximised = false } = rest;
      const opened = {
        key,
        appId,
        packageId,
        title,
        icon,
        frame,
        maximised,
        minimised,
        unsaved: false,
        phase,
      };
      set({
        windows: { ...windows, [key]: opened },
        order: [...order.filter((other) => other !== key), key],
      });
    },
    change,
    move: (key, frame) => {
      const { windows, workspace } = get();
      const before = windows[key];
      if (before) change(key, { frame: fitted({ ...before.frame, ...frame }, workspace) });
    },
    focus: (key) => {
      change(key, { minimised: false });
      set(({ order }) =>
        order.at(-1) === key ? {} : { order: [...order.filter((other) => other !== key), key] },
      );
    },
    sendBack: (key) => set(({ order }) => ({ order: [key, ...order.filter((other) => other !== key)] })),
    minimise: (key) => {
      change(key, { minimised: true });
      set(({ order }) => ({ order: [key, ...order.filter((other) => other !== key)] }));
    },
    toggleMaximised: (key) => change(key, { maximised: !get().windows[key]?.maximised }),
    remove: (key) =>
      set(({ windows: { [key]: _, ...windows }, order }) => ({
        windows,
        order: order.filter((other) => other !== key),
      })),
    setWorkspace: (workspace) =>
      set(({ windows }) => ({
        workspace,
        windows: Object.fromEntries(
          Object.entries(windows).map(([key, window]) => [
            key,
            { ...window, frame: fitted(window.frame, workspace) },
          ]),
        ),
      })),
  };
});

/** The window that has the desktop's attention: the topmost one that is not minimised. */
export function focusedKey({ windows, order }: Pick<WindowStore, "windows" | "order">): string | null {
  return order.findLast((key) => windows[key] && !windows[key].minimised) ?? null;
}

export function windowOfApp(appId: string): DesktopWindow | undefined {
  return Object.values(useWindows.getState().windows).find((window) => window.appId === appId);
}
