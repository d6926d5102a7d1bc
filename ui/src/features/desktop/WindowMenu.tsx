import {
  ArrowDownToLine,
  ClipboardCheck,
  Ellipsis,
  History,
  type LucideIcon,
  Move,
  Scaling,
  ShieldCheck,
  Sparkles,
} from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { DesktopWindow } from "./windowStore";

interface WindowMenuProps {
  window: DesktopWindow;
  canMove: boolean;
  onSave(): void;
  onChange(): void;
  onHistory(): void;
  onPermissions(): void;
  onReport(): void;
  onMove(): void;
  onResize(): void;
}

export function WindowMenu(props: WindowMenuProps) {
  const { window, canMove, onSave, onChange, onHistory, onPermissions, onReport, onMove, onResize } = props;
  const isLive = window.phase.kind === "live";
  return (
    <>
      {isLive && !window.packageId && (
        <button
          type="button"
          className="mr-1 inline-flex h-8 items-center rounded-lg bg-accent-soft px-3 font-medium text-accent-ink text-sm hover:brightness-95 dark:hover:brightness-115"
          aria-label="Save app"
          onClick={onSave}
        >
          Save
        </button>
      )}
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger
          aria-label="Window menu"
          title="Window menu"
          className="grid size-8 place-items-center rounded-lg text-ink-2 hover:bg-surface-3 hover:text-ink data-[state=open]:bg-surface-3"
        >
          <Ellipsis size={18} aria-hidden="true" />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            align="end"
            sideOffset={6}
            className="z-80 min-w-52 animate-rise rounded-xl border border-line bg-surface p-1.5 text-sm shadow-float"
          >
            {isLive && (
              <Item icon={ArrowDownToLine} onSelect={onSave}>
                {window.packageId ? "Save a new version…" : "Save to apps…"}
              </Item>
            )}
            {isLive && (
              <Item icon={Sparkles} onSelect={onChange}>
                Change…
              </Item>
            )}
            {isLive && (
              <Item icon={History} onSelect={onHistory}>
                History…
              </Item>
            )}
            {isLive && (
              <Item icon={ShieldCheck} onSelect={onPermissions}>
                Permissions…
              </Item>
            )}
            {isLive && (
              <Item icon={ClipboardCheck} onSelect={onReport}>
                How it was made…
              </Item>
            )}
            <Item icon={Move} disabled={!canMove} onSelect={onMove}>
              Move with arrow keys
            </Item>
            <Item icon={Scaling} disabled={!canMove} onSelect={onResize}>
              Resize with arrow keys
            </Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </>
  );
}

interface ItemProps {
  icon: LucideIcon;
  disabled?: boolean;
  onSelect(): void;
  children: React.ReactNode;
}

function Item({ icon: Icon, disabled, onSelect, children }: ItemProps) {
  return (
    <DropdownMenu.Item
      disabled={disabled}
      onSelect={onSelect}
      className="flex min-h-9 cursor-pointer select-none items-center gap-3 rounded-lg px-2.5 outline-none data-disabled:cursor-default data-highlighted:bg-surface-3 data-disabled:text-ink-3"
    >
      <Icon size={16} className="text-ink-3" aria-hidden="true" />
      {children}
    </DropdownMenu.Item>
  );
}
