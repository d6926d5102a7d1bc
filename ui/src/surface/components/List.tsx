import clsx from "clsx";
import type { NodeOf } from "@/engine/protocol";
import { Children } from "../Children";
import { gapOf } from "../look";
import { isVirtual } from "../VirtualChildren";

const VARIANT = {
  default: "",
  bordered: "divide-y divide-line overflow-hidden rounded-xl border border-line *:px-3.5! *:py-1.5!",
  striped: "overflow-hidden rounded-xl border border-line *:px-3.5! *:py-1.5!",
};

export function List({ node }: { node: NodeOf<"list"> }) {
  const { props } = node;
  const variant = props.variant ?? "default";
  const gap = variant === "default" ? gapOf({ spacing: props.spacing ?? "small" }) : 0;
  const isLong = isVirtual(node);
  if (node.children.length === 0 && !isLong) {
    if (!props.empty) return null;
    return (
      <p
        data-node-id={node.id}
        className="rounded-xl border border-line-strong/50 border-dashed px-4 py-6 text-center text-ink-3 text-sm"
      >
        {props.empty}
      </p>
    );
  }
  return (
    <div
      data-node-id={node.id}
      className={clsx(
        "flex min-w-0 flex-col",
        VARIANT[variant],
        variant === "striped" && (isLong ? "*:data-even:bg-surface-2" : "*:odd:bg-surface-2"),
      )}
      style={{ gap, ...props.style }}
      role={isLong ? "list" : "group"}
      aria-label={props.label}
    >
      <Children node={node} layout={{ kind: "column", gap, isList: true }} />
    </div>
  );
}
