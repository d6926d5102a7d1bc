import clsx from "clsx";
import { CircleAlert, CirclePower, MonitorSmartphone } from "lucide-react";
import type { ReactNode } from "react";
import { PushButton } from "@/shared/ui/PushButton";
import { Surface } from "@/surface/Surface";
import { useDesk } from "../apps/DeskContext";
import { showSettings, useSettings } from "../settings/settingsStore";
import { ErrorBoundary } from "./ErrorBoundary";
import type { DesktopWindow, Phase } from "./windowStore";

/** What a window shows below its title bar. */
export function WindowBody({ window }: { window: DesktopWindow }) {
  const desk = useDesk();
  const { phase, key } = window;
  const session = desk.session(key);
  const nodes = desk.nodes(key);
  const isLive = phase.kind === "live";
  const hasDrawing = nodes.roots.length > 0;
  return (
    <div className="relative flex min-h-0 flex-1 flex-col overflow-hidden rounded-b-2xl in-data-fills:rounded-none">
      <div
        className={clsx(
          "flex min-h-0 flex-1 flex-col",
          (phase.kind === "replaced" || phase.kind === "stopped") && "opacity-50",
        )}
        inert={!isLive}
        aria-hidden={!isLive || undefined}
      >
        <ErrorBoundary
          key={phase.kind}
          fallback={(error) => (
            <Notice title="This view broke" message={error.message}>
              <PushButton tone="primary" onClick={() => desk.restart(key)}>
                Open it again
              </PushButton>
            </Notice>
          )}
        >
          <Surface
            nodes={nodes}
            host={isLive && session ? session.host : null}
            layout={session?.app.ui_spec.layout}
            theme={session?.app.ui_spec.theme}
            placeholder={(phase.kind === "building" || phase.kind === "opening") && <Skeleton />}
          />
        </ErrorBoundary>
      </div>
      <PhaseNotice window={window} phase={phase} covers={hasDrawing} />
    </div>
  );
}

function PhaseNotice({ window, phase, covers }: { window: DesktopWindow; phase: Phase; covers: boolean }) {
  const desk = useDesk();
  switch (phase.kind) {
    case "live":
      return null;
    case "opening":
      return covers ? null : <Progress>Opening…</Progress>;
    case "building":
      return (
        <Progress>
          <span className="min-w-0 flex-1 truncate first-letter:uppercase">
            {phase.thought || `Building “${phase.request}”`}
          </span>
          <PushButton className="min-h-7! px-3!" onClick={() => void desk.close(window.key)}>
            Stop
          </PushButton>
        </Progress>
      );
    case "replaced":
      return (
        <Notice
          icon={<MonitorSmartphone size={26} className="text-accent-ink" aria-hidden="true" />}
          title="Open somewhere else"
          message="This app now runs in another tab or program. What you see here no longer changes."
          over
        >
          <PushButton tone="primary" onClick={() => void desk.takeBack(window.key)}>
            Use here
          </PushButton>
        </Notice>
      );
    case "stopped":
      return (
        <Notice
          icon={<CirclePower size={26} className="text-warning-ink" aria-hidden="true" />}
          title="This app was stopped"
          message="Its process was ended. What it kept is still there."
          over
        >
          <PushButton tone="primary" onClick={() => void desk.takeBack(window.key)}>
            Start again
          </PushButton>
        </Notice>
      );
    case "failed":
      return (
        <Notice
          icon={<CircleAlert size={26} className="text-danger-ink" aria-hidden="true" />}
          title={phase.title}
          message={phase.message}
          over={covers}
        >
          {phase.canBuild.map((item) => (
            <button
              key={item}
              type="button"
              className="rounded-full border border-line bg-surface-2 px-3 py-1 text-ink-2 text-sm hover:border-line-strong hover:text-ink"
              onClick={() => desk.generateInstead(window.key, requestFor(item))}
            >
              {shortName(item)}
            </button>
          ))}
          <span className="basis-full" />
          <PushButton onClick={() => void desk.close(window.key)}>Close</PushButton>
          {phase.retry && (
            <WayOn declined={phase.canBuild.length > 0} onRetry={() => desk.retry(window.key)} />
          )}
        </Notice>
      );
  }
}

/** What the composer declined needs a model; it would decline it again. */
function WayOn({ declined, onRetry }: { declined: boolean; onRetry(): void }) {
  const connected = useSettings((store) => store.connected);
  const needsModel = declined && !connected;
  return (
    <PushButton tone="primary" onClick={needsModel ? showSettings : onRetry}>
      {needsModel ? "Connect a model" : "Try again"}
    </PushButton>
  );
}

/** The outline of an app that is not there yet. */
function Skeleton() {
  return ["h-10 w-3/5", "h-24", "h-10"].map((size) => (
    <div key={size} className={clsx("animate-pulse rounded-xl bg-surface-3", size)} />
  ));
}

function Progress({ children }: { children: ReactNode }) {
  return (
    <div role="status" className="flex-none border-line border-t bg-surface-2">
      <div className="h-0.5 animate-shimmer bg-[length:50%_100%] bg-[linear-gradient(90deg,transparent,var(--accent),transparent)] bg-no-repeat" />
      <div className="flex min-h-11 items-center gap-3 px-4 py-2 text-ink-2 text-sm">{children}</div>
    </div>
  );
}

interface NoticeProps {
  icon?: ReactNode;
  title: string;
  message: string;
  /** Lies above what the window drew, which stays visible around it. */
  over?: boolean;
  children: ReactNode;
}

function Notice({ icon, title, message, over, children }: NoticeProps) {
  return (
    <div
      role="alert"
      className={clsx(
        "flex flex-col items-center justify-center-safe overflow-auto p-6 text-center",
        over ? "absolute inset-0 bg-surface/80" : "min-h-48",
      )}
    >
      {icon}
      <h3 className="mt-2 font-semibold text-lg">{title}</h3>
      <p className="mt-1 max-w-md wrap-anywhere whitespace-pre-line text-ink-2">{message}</p>
      <div className="mt-4 flex flex-wrap justify-center gap-2">{children}</div>
    </div>
  );
}

/** “a list of anything (“track books”)” is asked for by its example, “a counter” by its name. */
function requestFor(buildable: string): string {
  return /["“]([^"”]+)["”]/.exec(buildable)?.[1] ?? `make ${buildable.replace(/\s*\(.*\)$/, "")}`;
}

function shortName(buildable: string): string {
  return buildable
    .replace(/^an? /, "")
    .replace(/\s*\(.*\)$/, "")
    .replace(/,? with .*$/, "");
}
