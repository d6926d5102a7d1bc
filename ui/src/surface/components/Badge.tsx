import clsx from "clsx";
import type { NodeOf } from "@/engine/protocol";
import { clickableLeaf } from "../clickable";
import { asText } from "../look";
import { useDispatch } from "../SurfaceContext";

const VARIANT = {
  default: "bg-surface-3 text-ink-2",
  primary: "bg-accent text-on-accent",
  secondary: "bg-accent-soft text-accent-ink",
  success: "bg-success-soft text-success-ink",
  error: "bg-danger-soft text-danger-ink",
  warning: "bg-warning-soft text-warning-ink",
};

const SIZE = { small: "px-1.5 text-xs", medium: "px-2 py-0.5 text-xs", large: "px-3 py-1 text-sm" };

export function Badge({ node }: { node: NodeOf<"badge"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  return (
    <span
      data-node-id={node.id}
      className={clsx(
        "badge inline-flex w-fit max-w-full flex-none items-center rounded-[0.75rem] font-medium",
        VARIANT[props.variant ?? "default"],
        SIZE[props.size ?? "medium"],
        node.events.includes("click") && "min-h-6 cursor-pointer",
      )}
      style={props.style}
      {...clickableLeaf(node, dispatch)}
    >
      <span className="min-w-0">{asText(props.text)}</span>
    </span>
  );
}
