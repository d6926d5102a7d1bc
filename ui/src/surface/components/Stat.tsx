import clsx from "clsx";
import { TrendingDown, TrendingUp } from "lucide-react";
import type { NodeOf } from "@/engine/protocol";
import { clickableLeaf } from "../clickable";
import { asText } from "../look";
import { useDispatch } from "../SurfaceContext";

const TONE = {
  default: "text-ink",
  success: "text-success-ink",
  warning: "text-warning-ink",
  danger: "text-danger-ink",
};

export function Stat({ node }: { node: NodeOf<"stat"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const delta = asText(props.delta);
  return (
    <div
      data-node-id={node.id}
      className={clsx(
        "min-w-0 rounded-xl border border-line bg-surface-2 px-4 py-3",
        node.events.includes("click") && "cursor-pointer hover:border-line-strong",
      )}
      style={props.style}
      {...clickableLeaf(node, dispatch)}
    >
      <p className="truncate text-ink-3 text-sm">{props.label}</p>
      <p
        className={clsx(
          "font-semibold text-2xl tabular-nums tracking-tight wrap-anywhere",
          TONE[props.tone ?? "default"],
        )}
      >
        {asText(props.value) || "–"}
        {props.unit && <span className="ml-1 font-medium text-base text-ink-3">{props.unit}</span>}
      </p>
      {(delta || props.trend === "up" || props.trend === "down") && (
        <p className="mt-0.5 flex items-center gap-1 text-ink-2 text-sm tabular-nums">
          {props.trend === "up" && <TrendingUp size={14} aria-label="rising" />}
          {props.trend === "down" && <TrendingDown size={14} aria-label="falling" />}
          {delta}
        </p>
      )}
    </div>
  );
}
