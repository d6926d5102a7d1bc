import clsx from "clsx";
import type { ComponentPropsWithRef } from "react";

interface PushButtonProps extends ComponentPropsWithRef<"button"> {
  tone?: "plain" | "primary" | "danger";
}

const TONE = {
  plain: "border-line-strong/50 bg-surface text-ink hover:bg-surface-2",
  primary: "border-transparent bg-accent text-on-accent hover:bg-accent-hover",
  danger: "border-transparent bg-danger text-white hover:bg-danger-hover",
};

/** A button of the desktop itself. */
export function PushButton({ tone = "plain", className, ...rest }: PushButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={clsx(
        "inline-flex min-h-9 items-center justify-center gap-2 rounded-[0.625rem] border px-4 font-medium text-sm shadow-control transition-colors",
        "disabled:pointer-events-none disabled:opacity-50",
        TONE[tone],
        className,
      )}
    />
  );
}
