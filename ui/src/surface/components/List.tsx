import clsx from "clsx";
import type { NodeOf } from "@/engine/protocol";
import { Children, useIsLong } from "../Children";
import { gapOf } from "../look";

const VARIANT = {
  default: "",
  bordered: "divide-y divide-line overflow-hidden rounded-xl border border-line *:px-3.5! *:py-1.5!",
  striped: "overflow-hidden rounded-xl border border-line *:px-3.5! *:py-1.5! *:odd:bg-surface-2",
};

/** Where not all rows are in the page, a row looks as its place in the whole list wants it. */
const LONG_VARIANT = {
  default: "",
  bordered:
    "overflow-hidden rounded-xl border border-line *:border-line *:px-3.5! *:py-1.5! *:not-data-[place=0]:border-t",
  striped: "overflow-hidden rounded-xl border border-line *:px-3.5! *:py-1.5! *:data-odd:bg-surface-2",
};

export function List({ node }: { node: NodeOf<"list"> }) {
  const { props } = node;
  const isLong = useIsLong(node.total ?? node.children.length);
  const variant = props.variant ?? "default";
  const gap = variant === "default" ? gapOf({ spacing: props.spacing ?? "small" }) : 0;
  if (node.children.length === 0 && !(isLong && node.total)) {
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
        isLong
          ? LONG_VARIANT[variant]
          : ["*:[contain-intrinsic-size:auto_2.5rem] *:[content-visibility:auto]", VARIANT[variant]],
      )}
      style={{ gap, ...props.style }}
      role={isLong ? "list" : "group"}
      aria-label={props.label}
    >
      <Children node={node} listed />
    </div>
  );
}
