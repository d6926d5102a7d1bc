import clsx from "clsx";
import type { CSSProperties } from "react";
import type { NodeOf } from "@/engine/protocol";
import { Children } from "../Children";
import { clickableBox } from "../clickable";
import { ALIGN, gapOf, ownStyle, paddingOf } from "../look";
import { useDispatch } from "../SurfaceContext";

/** Below this a responsive column would no longer hold a label beside its value. */
const NARROWEST_COLUMN_PX = 56;

export function Grid({ node }: { node: NodeOf<"grid"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const columns = Math.min(Math.max(Math.round(props.columns ?? 3), 1), 12);
  const gap = gapOf({ gap: props.gap, spacing: props.spacing ?? "small" });
  return (
    <div
      data-node-id={node.id}
      className={clsx("surface-grid grid min-w-0", ALIGN[props.align ?? "stretch"])}
      style={{
        gridTemplateColumns: template(columns, gap, props.responsive ?? true),
        gap,
        padding: paddingOf(props.padding, "none"),
        ...ownStyle(props.style),
      }}
      aria-label={node.events.includes("click") ? props.label : undefined}
      {...clickableBox(node, dispatch)}
    >
      <Children node={node} />
    </div>
  );
}

/** As many columns as asked for, or fewer when they would get too narrow to read. */
function template(columns: number, gap: number, responsive: boolean): CSSProperties["gridTemplateColumns"] {
  if (!responsive) return `repeat(${columns}, minmax(0, 1fr))`;
  const share = `calc((100% - ${(columns - 1) * gap}px) / ${columns})`;
  return `repeat(auto-fit, minmax(max(${NARROWEST_COLUMN_PX}px, ${share}), 1fr))`;
}
