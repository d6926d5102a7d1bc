import clsx from "clsx";
import { useId } from "react";
import type { NodeOf } from "@/engine/protocol";
import { asText, nameFromId, TEXT_SIZE } from "../look";
import { choices } from "../options";
import { useDispatch } from "../SurfaceContext";

export function Radio({ node }: { node: NodeOf<"radio"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const group = useId();
  const value = asText(props.value);
  return (
    <fieldset
      data-node-id={node.id}
      className="min-w-0"
      style={props.style}
      disabled={props.disabled || !node.events.includes("change")}
      aria-label={props.label ? undefined : props.name || nameFromId(node.id)}
    >
      {props.label && (
        <legend className="field-label mb-1.5 max-w-full font-medium text-ink-2 text-sm">
          {props.label}
        </legend>
      )}
      <div
        className={clsx(
          "flex gap-x-5 gap-y-2",
          props.layout === "horizontal" ? "flex-wrap" : "flex-col",
          TEXT_SIZE[props.size ?? "medium"],
        )}
      >
        {choices(props.options).map((option) => (
          <label key={option.key} className="flex min-h-6 items-center gap-2.5">
            <input
              type="radio"
              className="tick"
              name={group}
              value={option.key}
              checked={option.key === value}
              onChange={() => dispatch("change", { value: option.value })}
            />
            <span className="min-w-0">{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
