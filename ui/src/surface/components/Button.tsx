import clsx from "clsx";
import { LoaderCircle } from "lucide-react";
import type { NodeOf } from "@/engine/protocol";
import { NamedIcon } from "../icons";
import { asText, nameFromId } from "../look";
import { useDispatch } from "../SurfaceContext";

const VARIANT = {
  default: "border-line-strong/50 bg-surface text-ink shadow-control hover:bg-surface-2",
  primary: "border-transparent bg-accent text-on-accent shadow-control hover:bg-accent-hover",
  secondary: "border-transparent bg-surface-3 text-ink hover:bg-line",
  danger: "border-transparent bg-danger text-white shadow-control hover:bg-danger-hover",
  ghost: "border-transparent text-ink-2 hover:bg-surface-3 hover:text-ink",
  outline: "border-line-strong/70 text-ink hover:bg-surface-2",
};

/** One key among many is not worth an alarm. */
const KEYPAD_DANGER =
  "[.surface-grid>&]:bg-danger-soft [.surface-grid>&]:text-danger-ink [.surface-grid>&]:hover:brightness-95";

const SIZE = {
  small: "min-h-8 px-2.5 text-sm",
  medium: "min-h-10 px-4",
  large: "min-h-12 px-6 text-lg",
};

export function Button({ node }: { node: NodeOf<"button"> }) {
  const { props, pending } = node;
  const dispatch = useDispatch(node);
  const text = asText(props.text);
  const isKey = text.length <= 2 && !props.icon;
  return (
    <button
      type="button"
      data-node-id={node.id}
      className={clsx(
        "key relative inline-flex max-w-full select-none items-center justify-center gap-2 rounded-[0.625rem] border font-medium leading-tight",
        "transition-[background-color,scale] duration-100 active:scale-[0.97]",
        "disabled:pointer-events-none disabled:opacity-45",
        VARIANT[props.variant ?? "default"],
        SIZE[props.size ?? "medium"],
        props.fullWidth && "w-full",
        isKey && "tabular-nums [.surface-grid>&]:min-h-13 [.surface-grid>&]:text-lg",
        isKey && props.variant === "danger" && KEYPAD_DANGER,
      )}
      style={props.style}
      aria-label={accessibleName(node)}
      aria-busy={pending || undefined}
      disabled={props.disabled}
      onClick={() => dispatch("click")}
      onDoubleClick={() => dispatch("dblclick")}
      onFocus={() => dispatch("focus")}
      onBlur={() => dispatch("blur")}
    >
      {pending && <LoaderCircle size={16} className="animate-spin" aria-hidden="true" />}
      {props.icon && !pending && <NamedIcon name={props.icon} size={16} />}
      {text !== "" && <span className="min-w-0">{text}</span>}
    </button>
  );
}

function accessibleName({ id, props }: NodeOf<"button">): string | undefined {
  if (props.label) return props.label;
  return asText(props.text).trim() === "" ? (props.icon ?? nameFromId(id)) : undefined;
}
