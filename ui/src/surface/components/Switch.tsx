import clsx from "clsx";
import { useRef } from "react";
import type { NodeOf } from "@/engine/protocol";
import { nameFromId, TEXT_SIZE } from "../look";
import { useDispatch } from "../SurfaceContext";
import { useControlId } from "../useControlId";

export function Switch({ node }: { node: NodeOf<"switch"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const control = useRef<HTMLInputElement>(null);
  useControlId(control, node.id);
  return (
    <label
      data-node-id={node.id}
      className={clsx(
        "flex min-h-8 min-w-0 items-center justify-between gap-3",
        TEXT_SIZE[props.size ?? "medium"],
      )}
      style={props.style}
    >
      {props.label && <span className="min-w-0 wrap-anywhere">{props.label}</span>}
      <input
        ref={control}
        type="checkbox"
        role="switch"
        className="tick"
        checked={props.checked === true}
        disabled={props.disabled || !node.events.includes("change")}
        aria-label={props.label ? undefined : nameFromId(node.id)}
        onChange={(event) => dispatch("change", { checked: event.currentTarget.checked })}
      />
    </label>
  );
}
