import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Questions } from "@/shared/ui/Questions";
import { Toasts } from "@/shared/ui/Toasts";
import { useDesk } from "../apps/DeskContext";
import { ChatPanel } from "../chat/ChatPanel";
import { useChat } from "../chat/chatStore";
import { MonitorDialog } from "../monitor/MonitorDialog";
import { useMonitor } from "../monitor/monitorStore";
import { focusPrompt } from "../prompt/promptStore";
import { Welcome } from "../prompt/Welcome";
import { Launcher } from "../registry/Launcher";
import { SettingsDialog } from "../settings/SettingsDialog";
import { useSettings } from "../settings/settingsStore";
import { Shelf } from "./Shelf";
import { useShortcuts } from "./shortcuts";
import { Window } from "./Window";
import { focusedKey, useWindows } from "./windowStore";

export function Desktop() {
  const desk = useDesk();
  const [launching, setLaunching] = useState(false);
  const setting = useSettings((store) => store.open);
  const monitoring = useMonitor((store) => store.open);
  const windows = useWindows((store) => store.windows);
  const order = useWindows((store) => store.order);
  const focused = useWindows(focusedKey);
  const chatting = useChat((store) => store.open);
  const workspace = useWorkspace();
  const online = useSyncExternalStore(
    (listener) => desk.stream.onOnline(listener),
    () => desk.stream.online,
  );
  useShortcuts(desk);
  useEffect(() => {
    if (focused === null && !useChat.getState().open) focusPrompt();
  }, [focused]);

  return (
    <div className="wallpaper flex h-dvh flex-col overflow-hidden">
      <div className="relative flex min-h-0 flex-1">
        <main ref={workspace} className="relative isolate min-w-0 flex-1" aria-label="Windows">
          <h1 className="sr-only">AgentOS</h1>
          {focused === null && <Welcome />}
          {Object.values(windows).map((window) => (
            <Window
              key={window.key}
              window={window}
              focused={window.key === focused}
              zIndex={order.indexOf(window.key) + 1}
            />
          ))}
        </main>
        {chatting && <ChatPanel />}
      </div>
      <Shelf online={online} showsPrompt={focused !== null} onLauncher={() => setLaunching(true)} />
      <Toasts window={null} className="fixed top-3 right-3 z-80 w-[min(22rem,calc(100vw-1.5rem))]" />
      {launching && <Launcher onClose={() => setLaunching(false)} />}
      {setting && <SettingsDialog />}
      {monitoring && <MonitorDialog />}
      <Questions />
    </div>
  );
}

/** Tells the window store how much room there is. */
function useWorkspace() {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!ref.current) return;
    const watch = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      useWindows.getState().setWorkspace({ width, height });
    });
    watch.observe(ref.current);
    return () => watch.disconnect();
  }, []);
  return ref;
}
