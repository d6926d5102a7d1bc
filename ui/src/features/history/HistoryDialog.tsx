import clsx from "clsx";
import { type LucideIcon, Redo2, Undo2 } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { api } from "@/shared/api/client";
import type { AppHistory, AppVersion } from "@/shared/api/types";
import { PushButton } from "@/shared/ui/PushButton";
import { Sheet } from "@/shared/ui/Sheet";
import type { DesktopWindow } from "../desktop/windowStore";
import { VersionDifference } from "./VersionDifference";

/** The versions of an app, what changed in each, and the way back and forth. */
export function HistoryDialog({ window, onClose }: { window: DesktopWindow; onClose(): void }) {
  const { appId } = window;
  const [history, setHistory] = useState<AppHistory | null>(null);
  const [walking, setWalking] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  const load = useCallback(async () => {
    if (!appId) return;
    try {
      setHistory(await api.history(appId));
    } catch (cause) {
      setFailure(cause instanceof Error ? cause.message : String(cause));
    }
  }, [appId]);
  useEffect(() => void load(), [load]);

  const walk = async (step: (app: string) => Promise<unknown>) => {
    if (!appId || walking) return;
    setWalking(true);
    setFailure(null);
    try {
      await step(appId);
    } catch (cause) {
      setFailure(cause instanceof Error ? cause.message : String(cause));
    }
    await load();
    setWalking(false);
  };
  return (
    <Sheet
      title="History"
      description="How this app was edited. What you entered stays where it still fits."
      className="max-w-md"
      onClose={onClose}
    >
      <div className="flex flex-col gap-4 overflow-auto px-5 pt-2 pb-5">
        <div className="flex gap-2">
          <Walk icon={Undo2} can={history?.can_undo} onWalk={() => void walk(api.undoEdit)}>
            Undo
          </Walk>
          <Walk icon={Redo2} can={history?.can_redo} onWalk={() => void walk(api.redoEdit)}>
            Redo
          </Walk>
        </div>
        {history && appId && <Versions app={appId} history={history} />}
        <p role="status" className="sr-only">
          {history && `Version ${history.version} is shown.`}
        </p>
        {failure && (
          <p role="alert" className="rounded-xl bg-danger-soft px-3.5 py-2.5 text-danger-ink text-sm">
            {failure}
          </p>
        )}
      </div>
    </Sheet>
  );
}

interface WalkProps {
  icon: LucideIcon;
  can: boolean | undefined;
  onWalk(): void;
  children: string;
}

/** Keeps the focus at the end of the way, which a disabled button would lose. */
function Walk({ icon: Icon, can, onWalk, children }: WalkProps) {
  return (
    <PushButton
      aria-disabled={!can || undefined}
      className="aria-disabled:opacity-50"
      onClick={() => can && onWalk()}
    >
      <Icon size={16} aria-hidden="true" />
      {children}
    </PushButton>
  );
}

/** The newest one first, undone ones included. */
function Versions({ app, history }: { app: string; history: AppHistory }) {
  const oldest = history.first === 1 ? "As it was made" : "The oldest that is kept";
  return (
    <ol className="flex flex-col gap-1.5" aria-label="Versions">
      {history.versions.toReversed().map((version) => (
        <Version
          key={version.version}
          app={app}
          version={version}
          current={version.version === history.version}
          undone={version.version > history.version}
        />
      ))}
      <Version
        app={app}
        version={{ version: history.first, text: oldest, at: "", changes: [] }}
        current={history.first === history.version}
        undone={false}
      />
    </ol>
  );
}

interface VersionProps {
  app: string;
  version: AppVersion;
  current: boolean;
  undone: boolean;
}

function Version({ app, version: { version, text, at, changes }, current, undone }: VersionProps) {
  const [comparing, setComparing] = useState(false);
  return (
    <li
      aria-current={current || undefined}
      className={clsx(
        "rounded-xl border px-3.5 py-2.5 text-sm",
        current ? "border-accent bg-accent-soft text-accent-ink" : "border-line",
        undone && "border-dashed",
      )}
    >
      <p className="flex justify-between gap-3 font-medium">
        <span className="min-w-0 wrap-anywhere">{text || `Version ${version}`}</span>
        <span className="flex-none font-normal">{current ? "shown" : undone ? "undone" : ""}</span>
      </p>
      {at && (
        <time dateTime={at} className="text-xs">
          {new Date(at).toLocaleString()}
        </time>
      )}
      {changes.length > 0 && (
        <>
          <ul className="mt-1 list-disc pl-5 wrap-anywhere">
            {changes.map((change, index) => (
              <li key={index}>{change}</li>
            ))}
          </ul>
          <button
            type="button"
            aria-expanded={comparing}
            className="mt-1.5 inline-flex min-h-6 items-center rounded-md font-medium underline underline-offset-2"
            onClick={() => setComparing(!comparing)}
          >
            {comparing ? "Hide the difference" : "Show the difference"}
          </button>
          {comparing && <VersionDifference app={app} version={version} />}
        </>
      )}
    </li>
  );
}
