import clsx from "clsx";
import { CircleCheck, CircleX, Info, TriangleAlert, X } from "lucide-react";
import { useEffect } from "react";
import type { NoticeTone } from "@/engine/shell";
import { type Toast, useToasts } from "../toasts";

const LIFETIME_MS: Record<NoticeTone, number> = {
  info: 6000,
  success: 6000,
  warning: 12_000,
  danger: 20_000,
};

const TONE = {
  info: { Icon: Info, look: "text-accent-ink" },
  success: { Icon: CircleCheck, look: "text-success-ink" },
  warning: { Icon: TriangleAlert, look: "text-warning-ink" },
  danger: { Icon: CircleX, look: "text-danger-ink" },
};

interface ToastsProps {
  window: string | null;
  className?: string;
}

/** The messages of one window, or of the desktop, read out as they come. */
export function Toasts({ window, className }: ToastsProps) {
  const toasts = useToasts((store) => store.toasts);
  const here = toasts.filter((toast) => toast.window === window);
  return (
    <div aria-live="polite" className={clsx("pointer-events-none flex flex-col gap-2", className)}>
      {here.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastCard({ toast }: { toast: Toast }) {
  const dismiss = useToasts((store) => store.dismiss);
  const { Icon, look } = TONE[toast.tone];
  // biome-ignore lint/correctness/useExhaustiveDependencies: a repeated message stays as long as a new one.
  useEffect(() => {
    const timer = setTimeout(() => dismiss(toast.id), LIFETIME_MS[toast.tone]);
    return () => clearTimeout(timer);
  }, [toast.id, toast.tone, toast.count, dismiss]);
  return (
    <div className="pointer-events-auto flex animate-rise items-start gap-3 rounded-xl border border-line bg-surface p-3 text-sm shadow-float">
      <Icon size={18} className={clsx("mt-px flex-none", look)} aria-hidden="true" />
      <div className="min-w-0 flex-1 wrap-anywhere">
        {toast.title && <p className="font-semibold">{toast.title}</p>}
        <p className={toast.title ? "text-ink-2" : undefined}>{toast.message}</p>
      </div>
      {toast.count > 1 && <span className="text-ink-3 tabular-nums">×{toast.count}</span>}
      <button
        type="button"
        className="-m-1 grid size-6 flex-none place-items-center rounded-md text-ink-3 hover:bg-surface-3 hover:text-ink"
        aria-label="Dismiss message"
        onClick={() => dismiss(toast.id)}
      >
        <X size={14} aria-hidden="true" />
      </button>
    </div>
  );
}
