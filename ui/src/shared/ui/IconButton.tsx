import clsx from "clsx";
import type { LucideIcon } from "lucide-react";
import type { ComponentPropsWithRef } from "react";

interface IconButtonProps extends Omit<ComponentPropsWithRef<"button">, "children"> {
  label: string;
  icon: LucideIcon;
  size?: number;
}

/** A button that shows only an icon; its label is its name and its tooltip. */
export function IconButton({ label, icon: Icon, size = 18, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={clsx(
        "grid size-8 flex-none place-items-center rounded-lg text-ink-2 transition-colors hover:bg-surface-3 hover:text-ink",
        className,
      )}
    >
      <Icon size={size} aria-hidden="true" />
    </button>
  );
}
