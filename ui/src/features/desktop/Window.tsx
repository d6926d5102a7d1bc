import clsx from "clsx";
import { Maximize2, Minimize2, Minus, X } from "lucide-react";
import { type RefObject, type SyntheticEvent, useCallback, useEffect, useId, useRef, useState } from "react";
import { AppIcon } from "@/shared/ui/AppIcon";
import { IconButton } from "@/shared/ui/IconButton";
import { Toasts } from "@/shared/ui/Toasts";
import { useIsNarrow } from "@/shared/useMediaQuery";
import { ApprovalCards } from "../approvals/ApprovalCards";
import { PermissionsDialog } from "../approvals/PermissionsDialog";
import { useDesk } from "../apps/DeskContext";
import { ChangeDialog } from "../change/ChangeDialog";
import { HistoryDialog } from "../history/HistoryDialog";
import { SaveDialog } from "../registry/SaveDialog";
import { ReportDialog } from "../report/ReportDialog";
import { useKeyboardFrame } from "./useKeyboardFrame";
import { type Edges, startPointerFrame } from "./usePointerFrame";
import { WindowBody } from "./WindowBody";
import { WindowMenu } from "./WindowMenu";
import { type DesktopWindow, useWindows } from "./windowStore";

const HANDLES: Record<Exclude<Edges, "">, string> = {
  n: "inset-x-3 -top-1 h-2 cursor-ns-resize",
  s: "inset-x-3 -bottom-1 h-2 cursor-ns-resize",
  e: "inset-y-3 -right-1 w-2 cursor-ew-resize",
  w: "inset-y-3 -left-1 w-2 cursor-ew-resize",
  ne: "-top-1 -right-1 size-4 cursor-nesw-resize",
  sw: "-bottom-1 -left-1 size-4 cursor-nesw-resize",
  nw: "-top-1 -left-1 size-4 cursor-nwse-resize",
  se: "-right-1 -bottom-1 size-4 cursor-nwse-resize",
};

interface WindowProps {
  window: DesktopWindow;
  focused: boolean;
  zIndex: number;
}

export function Window({ window, focused, zIndex }: WindowProps) {
  const desk = useDesk();
  const root = useRef<HTMLDivElement>(null);
  const titleId = useId();
  const [dialog, setDialog] = useState<"save" | "change" | "history" | "permissions" | "report" | null>(null);
  const isNarrow = useIsNarrow();
  const fills = isNarrow || window.maximised;
  const drawnHeight = useCallback(() => root.current?.offsetHeight ?? 0, []);
  const keyboard = useKeyboardFrame(window.key, drawnHeight);
  useFocusFollows(root, focused);

  const { frame } = window;
  return (
    <div
      ref={root}
      role="dialog"
      aria-labelledby={titleId}
      aria-busy={window.phase.kind === "building" || window.phase.kind === "opening" || undefined}
      tabIndex={-1}
      hidden={window.minimised}
      data-window-key={window.key}
      data-app-id={window.appId ?? undefined}
      data-focused={focused || undefined}
      data-fills={isNarrow || undefined}
      className={clsx(
        "absolute flex animate-rise flex-col bg-surface outline-none",
        fills ? "inset-0" : "rounded-2xl border border-line",
        window.maximised && !isNarrow && "m-2 rounded-2xl border border-line",
        focused ? "shadow-window-active" : "shadow-window",
        keyboard.mode && "ring-3 ring-ring",
        window.minimised && "hidden",
      )}
      style={
        fills
          ? { zIndex }
          : {
              zIndex,
              left: frame.x,
              top: frame.y,
              width: frame.width,
              height: frame.height ?? undefined,
              maxHeight: `max(11rem, calc(100% - ${frame.y}px - 0.75rem))`,
            }
      }
      onPointerDownCapture={() => !focused && desk.focus(window.key)}
      onFocusCapture={() => !focused && desk.focus(window.key)}
    >
      <header
        className={clsx(
          "flex h-12 flex-none touch-none select-none items-center gap-2.5 border-line border-b pr-2 pl-3",
          !fills && "cursor-grab active:cursor-grabbing",
        )}
        onPointerDown={(event) => {
          if (!fills && onBar(event) && root.current) startPointerFrame(event, window.key, "", root.current);
        }}
        onDoubleClick={(event) => {
          if (!isNarrow && onBar(event)) useWindows.getState().toggleMaximised(window.key);
        }}
      >
        <AppIcon title={window.title} icon={window.icon} size="small" />
        <h2
          id={titleId}
          className={clsx("min-w-0 truncate font-semibold text-sm", focused ? "text-ink" : "text-ink-2")}
        >
          {window.title}
        </h2>
        {window.unsaved && <UnsavedMark />}
        <div className="ml-auto flex flex-none items-center">
          <WindowMenu
            window={window}
            canMove={!fills}
            onSave={() => setDialog("save")}
            onChange={() => setDialog("change")}
            onHistory={() => setDialog("history")}
            onPermissions={() => setDialog("permissions")}
            onReport={() => setDialog("report")}
            onMove={() => keyboard.start("move")}
            onResize={() => keyboard.start("resize")}
          />
          <IconButton
            icon={Minus}
            label="Minimise"
            onClick={() => useWindows.getState().minimise(window.key)}
          />
          {!isNarrow && (
            <IconButton
              icon={window.maximised ? Minimize2 : Maximize2}
              size={15}
              label={window.maximised ? "Restore" : "Maximise"}
              onClick={() => useWindows.getState().toggleMaximised(window.key)}
            />
          )}
          <IconButton
            icon={X}
            label="Close"
            className="hover:bg-danger-soft! hover:text-danger-ink!"
            onClick={() => void desk.close(window.key)}
          />
        </div>
      </header>
      <ApprovalCards appId={window.appId} />
      <WindowBody window={window} />
      <Toasts window={window.key} className="absolute inset-x-3 bottom-3 z-20" />
      <p role="status" className="sr-only">
        {keyboard.mode &&
          `${keyboard.mode === "move" ? "Moving" : "Resizing"} with the arrow keys. Enter to finish, Escape to undo.`}
      </p>
      {!fills &&
        Object.entries(HANDLES).map(([edges, className]) => (
          <div
            key={edges}
            className={clsx("absolute touch-none", className)}
            onPointerDown={(event) =>
              root.current && startPointerFrame(event, window.key, edges as Edges, root.current)
            }
          />
        ))}
      {dialog === "save" && <SaveDialog window={window} onClose={() => setDialog(null)} />}
      {dialog === "permissions" && <PermissionsDialog window={window} onClose={() => setDialog(null)} />}
      {dialog === "report" && <ReportDialog window={window} onClose={() => setDialog(null)} />}
      {dialog === "change" && <ChangeDialog window={window} onClose={() => setDialog(null)} />}
      {dialog === "history" && <HistoryDialog window={window} onClose={() => setDialog(null)} />}
    </div>
  );
}

/** On the bar itself: neither on one of its buttons nor in a menu that opened from it. */
function onBar(event: SyntheticEvent<HTMLElement>): boolean {
  const target = event.target as Element;
  return event.currentTarget.contains(target) && target.closest("button") === null;
}

/** When a window gets the desktop's attention, the keyboard goes there too. */
function useFocusFollows(root: RefObject<HTMLDivElement | null>, focused: boolean): void {
  useEffect(() => {
    if (!focused || !root.current || root.current.contains(document.activeElement)) return;
    root.current.focus({ preventScroll: true });
  }, [focused, root]);
}

/** Shown a moment late: most changes are acknowledged before an eye could follow. */
function UnsavedMark() {
  return (
    <span
      role="img"
      aria-label="Unsaved changes"
      title="Unsaved changes"
      className="size-2 flex-none animate-[fade_150ms_300ms_backwards] rounded-full bg-warning"
    />
  );
}
