import clsx from "clsx";
import type { CSSProperties } from "react";
import type { NodeOf } from "@/engine/protocol";
import { Children, useIsLong } from "../Children";
import { clickableBox } from "../clickable";
import { ALIGN, gapOf, paddingOf } from "../look";
import { useDispatch, useSurface } from "../SurfaceContext";

/** Below this a column is too narrow for what it holds: a key of a keypad, or anything else. */
const NARROWEST_KEY_PX = 44;
const NARROWEST_COLUMN_PX = 132;

export function Grid({ node }: { node: NodeOf<"grid"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const { nodes } = useSurface();
  const isLong = useIsLong(node.total ?? node.children.length);
  const click = clickableBox(node, dispatch);
  const isKeypad = node.children.every((child) => nodes.get(child)?.type === "button");
  const columns = Math.min(Math.max(Math.round(props.columns ?? 3), 1), 12);
  const narrowest = props.responsive === false ? 0 : isKeypad ? NARROWEST_KEY_PX : NARROWEST_COLUMN_PX;
  const gap = gapOf({ gap: props.gap, spacing: props.spacing ?? "small" });
  return (
    <div
      data-node-id={node.id}
      className={clsx("surface-grid grid min-w-0", ALIGN[props.align ?? "stretch"])}
      style={{
        gridTemplateColumns: template(columns, gap, narrowest),
        gap,
        padding: paddingOf(props.padding, "none"),
        ...props.style,
      }}
      aria-label={props.label}
      {...click}
      role={click.role ?? (isLong ? "list" : props.label ? "group" : undefined)}
    >
      <Children node={node} listed={isLong && !click.role} />
    </div>
  );
}

/** As many columns as asked for, or fewer when they would get too narrow. */
function template(columns: number, gap: number, narrowest: number): CSSProperties["gridTemplateColumns"] {
  const share = `calc((100% - ${(columns - 1) * gap}px) / ${columns} - 0.5px)`;
  return `repeat(auto-fill, minmax(max(${narrowest}px, ${share}), 1fr))`;
}
