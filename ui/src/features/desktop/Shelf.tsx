import clsx from "clsx";
import { Activity, Keyboard, LayoutGrid, MessageCircle, Moon, Settings, Sun, WifiOff } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTheme } from "@/shared/theme";
import { AppIcon } from "@/shared/ui/AppIcon";
import { IconButton } from "@/shared/ui/IconButton";
import { useDesk } from "../apps/DeskContext";
import { useChat } from "../chat/chatStore";
import { showMonitor } from "../monitor/monitorStore";
import { PromptBar } from "../prompt/PromptBar";
import { showSettings } from "../settings/settingsStore";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { type DesktopWindow, focusedKey, useWindows } from "./windowStore";

interface ShelfProps {
  online: boolean;
  /** The prompt is on the shelf unless the empty desktop shows it. */
  showsPrompt: boolean;
  onLauncher(): void;
}

/** The bar at the bottom: launcher, running apps, prompt, and the state of the desktop. */
export function Shelf({ online, showsPrompt, onLauncher }: ShelfProps) {
  const windows = useWindows((store) => store.windows);
  const focused = useWindows(focusedKey);
  const { theme, toggle } = useTheme();
  const { open: chatting, setOpen: setChatting } = useChat();
  const [helping, setHelping] = useState(false);
  const running = Object.values(windows);
  return (
    <footer
      aria-label="Shelf"
      className="relative z-40 flex flex-none justify-center px-2 pt-1.5 pb-2 sm:px-4 sm:pt-0 sm:pb-3"
    >
      <div
        className={clsx(
          "flex max-w-full flex-wrap items-center gap-x-2 gap-y-1.5 rounded-2xl border border-line bg-glass p-1.5 shadow-float backdrop-blur-xl sm:flex-nowrap",
          showsPrompt && "w-full sm:w-auto",
        )}
      >
        <button
          type="button"
          className="flex h-10 flex-none items-center gap-2 rounded-xl px-3 font-medium text-sm hover:bg-surface-3"
          onClick={onLauncher}
        >
          <LayoutGrid size={18} className="text-accent-ink" aria-hidden="true" />
          Apps
        </button>
        {running.length > 0 && (
          <nav
            aria-label="Running apps"
            className="flex min-w-12 flex-1 items-center gap-1 overflow-x-auto p-0.5 sm:flex-initial sm:shrink-1000"
          >
            {running.map((window) => (
              <DockIcon key={window.key} window={window} focused={window.key === focused} />
            ))}
          </nav>
        )}
        {showsPrompt && (
          <div className="order-last w-full sm:order-none sm:w-80 lg:w-96">
            <PromptBar opens="up" />
          </div>
        )}
        <div className="ml-auto flex flex-none items-center sm:ml-0">
          {!online && (
            <span
              role="status"
              className="mr-1 inline-flex h-8 items-center gap-1.5 rounded-lg bg-warning-soft px-2.5 font-medium text-sm text-warning-ink"
            >
              <WifiOff size={15} aria-hidden="true" />
              Offline
            </span>
          )}
          <IconButton
            icon={MessageCircle}
            label="Chat"
            aria-expanded={chatting}
            className={clsx(chatting && "bg-surface-3 text-ink")}
            onClick={() => setChatting(!chatting)}
          />
          <IconButton
            className="hidden sm:grid"
            icon={Keyboard}
            label="Keyboard shortcuts"
            onClick={() => setHelping(true)}
          />
          <IconButton icon={Activity} label="System monitor" onClick={showMonitor} />
          <IconButton icon={Settings} label="Settings" onClick={showSettings} />
          <IconButton
            icon={theme === "dark" ? Sun : Moon}
            label={theme === "dark" ? "Use light theme" : "Use dark theme"}
            onClick={toggle}
          />
        </div>
      </div>
      {helping && <ShortcutsDialog onClose={() => setHelping(false)} />}
    </footer>
  );
}

function DockIcon({ window, focused }: { window: DesktopWindow; focused: boolean }) {
  const desk = useDesk();
  const state = window.minimised ? "minimised" : focused ? "in front" : "open";
  const icon = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focused) icon.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [focused]);
  return (
    <button
      ref={icon}
      type="button"
      className={clsx(
        "relative grid size-11 flex-none place-items-center rounded-xl outline-offset-0 transition-colors hover:bg-surface-3",
        focused && "bg-surface-3",
      )}
      aria-label={`${window.title}, ${state}`}
      title={window.title}
      onClick={() => (focused ? useWindows.getState().minimise(window.key) : desk.focus(window.key))}
    >
      <span className={clsx("scale-85 transition-opacity", window.minimised && "opacity-60")}>
        <AppIcon title={window.title} icon={window.icon} />
      </span>
      <span
        className={clsx("absolute bottom-0 h-0.75 rounded-full", focused ? "w-4 bg-accent" : "w-1 bg-ink-3")}
        aria-hidden="true"
      />
    </button>
  );
}
