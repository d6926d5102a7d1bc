import { ChevronLeft, ChevronRight } from "lucide-react";

export function Pager({ page, pages, onPage }: { page: number; pages: number; onPage(page: number): void }) {
  const step = "grid size-8 place-items-center rounded-lg hover:bg-surface-3 disabled:opacity-40";
  return (
    <div className="flex items-center justify-end gap-2 border-line border-t px-3 py-1.5 text-ink-2 text-sm">
      <button
        type="button"
        className={step}
        aria-label="Previous page"
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      >
        <ChevronLeft size={16} aria-hidden="true" />
      </button>
      <span className="tabular-nums" aria-live="polite">
        Page {page + 1} of {pages}
      </span>
      <button
        type="button"
        className={step}
        aria-label="Next page"
        disabled={page === pages - 1}
        onClick={() => onPage(page + 1)}
      >
        <ChevronRight size={16} aria-hidden="true" />
      </button>
    </div>
  );
}
