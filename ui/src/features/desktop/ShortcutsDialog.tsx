import { Sheet } from "@/shared/ui/Sheet";
import { SHORTCUTS } from "./shortcuts";

export function ShortcutsDialog({ onClose }: { onClose(): void }) {
  return (
    <Sheet title="Keyboard shortcuts" className="max-w-md" onClose={onClose}>
      <dl className="flex flex-col overflow-auto px-5 pb-5">
        {SHORTCUTS.map(({ keys, does }) => (
          <div
            key={does}
            className="flex items-center justify-between gap-4 border-line py-2 not-last:border-b"
          >
            <dt className="text-ink-2">{does}</dt>
            <dd>
              <kbd className="rounded-md border border-line bg-surface-2 px-2 py-0.5 font-sans text-sm">
                {keys}
              </kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
