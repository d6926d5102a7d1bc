import clsx from "clsx";
import { useRef } from "react";
import type { NodeOf } from "@/engine/protocol";
import { nameFromId, TEXT_SIZE } from "../look";
import { useDispatch } from "../SurfaceContext";
import { useControlId } from "../useControlId";

export function Checkbox({ node }: { node: NodeOf<"checkbox"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const control = useRef<HTMLInputElement>(null);
  useControlId(control, node.id);
  return (
    <label
      data-node-id={node.id}
      className={clsx(
        "flex min-h-8 min-w-0 flex-[1_1_auto] items-center gap-2.5",
        TEXT_SIZE[props.size ?? "medium"],
      )}
      style={props.style}
    >
      <input
        ref={control}
        type="checkbox"
        className="tick"
        checked={props.checked === true}
        disabled={props.disabled || !node.events.includes("change")}
        aria-label={props.label ? undefined : nameFromId(node.id)}
        onChange={(event) => dispatch("change", { checked: event.currentTarget.checked })}
      />
      {props.label && <span className="min-w-0 wrap-anywhere">{props.label}</span>}
    </label>
  );
}
