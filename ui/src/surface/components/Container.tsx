import clsx from "clsx";
import type { NodeOf } from "@/engine/protocol";
import { Children, useIsLong } from "../Children";
import { clickableBox } from "../clickable";
import { ALIGN, gapOf, JUSTIFY, paddingOf } from "../look";
import { useDispatch } from "../SurfaceContext";

export function Container({ node }: { node: NodeOf<"container"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const horizontal = props.layout === "horizontal";
  const scrolls = props.maxHeight !== undefined;
  const wraps = horizontal && props.wrap !== false;
  const isLong = useIsLong(node.total ?? node.children.length);
  const click = clickableBox(node, dispatch);
  const isList = isLong && !horizontal && !props.role && !click.role;
  return (
    <div
      data-node-id={node.id}
      className={clsx(
        "flex min-w-0",
        horizontal ? "surface-row flex-row" : "flex-col",
        wraps && "flex-wrap",
        props.align ? ALIGN[props.align] : horizontal ? "surface-row-auto" : "surface-column",
        JUSTIFY[props.justify ?? "start"],
        // A list that clips its corners would shrink into the frame, and nothing would be left to scroll.
        scrolls && ["overflow-auto", !horizontal && "*:shrink-0"],
        node.events.includes("click") && "cursor-pointer",
      )}
      style={{
        gap: gapOf(props),
        padding: paddingOf(props.padding, "none"),
        maxHeight: props.maxHeight,
        ...props.style,
      }}
      {...click}
      role={
        props.role ?? click.role ?? (isList ? "list" : scrolls ? "region" : props.label ? "group" : undefined)
      }
      aria-label={props.label}
      tabIndex={click.tabIndex ?? (scrolls ? 0 : undefined)}
    >
      <Children node={node} listed={isList} flow={horizontal ? (wraps ? "wrapping" : "sideways") : "down"} />
    </div>
  );
}
