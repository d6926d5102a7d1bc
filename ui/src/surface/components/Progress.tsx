import clsx from "clsx";
import type { NodeOf } from "@/engine/protocol";
import { nameFromId } from "../look";

const COLOR = {
  default: "bg-accent",
  primary: "bg-accent",
  success: "bg-success",
  error: "bg-danger",
  warning: "bg-warning",
};

const HEIGHT = { small: "h-1", medium: "h-2", large: "h-3" };

export function Progress({ node }: { node: NodeOf<"progress"> }) {
  const { props } = node;
  const max = props.max ?? 100;
  const value = Math.min(Math.max(props.value ?? 0, 0), max);
  const percent = max > 0 ? (value / max) * 100 : 0;
  return (
    <div data-node-id={node.id} className="field flex min-w-0 flex-col gap-1.5" style={props.style}>
      {(props.label || props.showValue) && (
        <div className="field-label flex justify-between gap-3 text-sm">
          <span className="min-w-0 font-medium text-ink-2">{props.label}</span>
          {props.showValue && <span className="text-ink-3 tabular-nums">{Math.round(percent)}%</span>}
        </div>
      )}
      <div
        role="progressbar"
        aria-label={props.label ?? nameFromId(node.id)}
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuenow={value}
        className={clsx("overflow-hidden rounded-full bg-surface-3", HEIGHT[props.size ?? "medium"])}
      >
        <div
          className={clsx(
            "h-full rounded-full transition-[width] duration-200",
            COLOR[props.variant ?? "default"],
          )}
          style={{ width: `${percent}%` }}
        />
      </div>
    </div>
  );
}
