/** Stands where something would be that is not, or not yet, loaded. */
import clsx from "clsx";
import type { LucideIcon } from "lucide-react";
import type { CSSProperties } from "react";
import type { Source } from "./useSource";

interface NotLoadedProps {
  /** Of the component it stands for; none where it stands inside that one. */
  nodeId?: string;
  icon: LucideIcon;
  /** What it is, in words. */
  name: string;
  source: Source;
  className?: string;
  style?: CSSProperties;
}

export function NotLoaded({ nodeId, icon: Icon, name, source, className, style }: NotLoadedProps) {
  return (
    <div
      data-node-id={nodeId}
      role="group"
      aria-label={name}
      className={clsx(
        "flex min-h-24 min-w-0 flex-col items-center justify-center gap-1.5 rounded-xl bg-surface-3 p-4 text-center text-ink-2 text-sm",
        className,
      )}
      style={style}
    >
      <Icon size={22} aria-hidden="true" />
      <span className="wrap-anywhere">{name}</span>
      {source.state === "asking" && <span className="text-xs">Waits until it may contact {source.host}</span>}
      {source.state === "refused" && (
        <>
          <span className="wrap-anywhere text-xs">It may not contact {source.host}</span>
          <button
            type="button"
            className="min-h-6 text-accent-ink text-xs underline"
            onClick={source.askAgain}
          >
            Ask again
          </button>
        </>
      )}
    </div>
  );
}
