import clsx from "clsx";
import type { NodeOf } from "@/engine/protocol";
import { clickableLeaf } from "../clickable";
import { NamedIcon } from "../icons";
import { TEXT_COLOR } from "../look";
import { useDispatch } from "../SurfaceContext";

const SIZE = { small: 16, medium: 20, large: 32 };

export function Icon({ node }: { node: NodeOf<"icon"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const size = typeof props.size === "number" ? props.size : SIZE[props.size ?? "medium"];
  const label = props.label ?? (node.events.includes("click") ? props.name : undefined);
  return (
    <span
      data-node-id={node.id}
      className={clsx("inline-flex", TEXT_COLOR[props.color ?? "primary"])}
      style={props.style}
      aria-hidden={label ? undefined : true}
      role={label ? "img" : undefined}
      aria-label={label}
      {...clickableLeaf(node, dispatch)}
    >
      <NamedIcon name={props.name ?? ""} size={size} />
    </span>
  );
}
