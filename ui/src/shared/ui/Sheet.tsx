import clsx from "clsx";
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";

interface SheetProps {
  title: string;
  description?: string;
  className?: string;
  onClose(): void;
  children: ReactNode;
}

/** A modal dialog of the desktop itself. */
export function Sheet({ title, description, className, onClose, children }: SheetProps) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        {/* Radix's own overlay writes a style sheet into the page, which the server's content policy forbids. */}
        <div className="fixed inset-0 z-70 animate-fade bg-scrim" />
        <Dialog.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          className={clsx(
            "-translate-x-1/2 -translate-y-1/2 fixed top-1/2 left-1/2 z-70 flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] animate-rise flex-col overflow-hidden rounded-2xl border border-line bg-surface shadow-float",
            className,
          )}
        >
          <div className="flex flex-none items-start justify-between gap-3 pt-4 pr-3 pb-2 pl-5">
            <div>
              <Dialog.Title className="font-semibold text-lg">{title}</Dialog.Title>
              {description && (
                <Dialog.Description className="text-ink-2 text-sm">{description}</Dialog.Description>
              )}
            </div>
            <Dialog.Close
              aria-label="Close"
              className="grid size-8 flex-none place-items-center rounded-lg text-ink-2 hover:bg-surface-3 hover:text-ink"
            >
              <X size={18} aria-hidden="true" />
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
