import clsx from "clsx";
import type { KeyboardEvent } from "react";
import type { NodeOf } from "@/engine/protocol";
import { Field } from "../Field";
import { asText, CONTROL_VARIANT, nameFromId } from "../look";
import { useDispatch } from "../SurfaceContext";
import { useControlId } from "../useControlId";
import { useTextControl } from "../useTextControl";

const RESIZE = { none: "resize-none", vertical: "resize-y", horizontal: "resize-x", both: "resize" };
const TEXT_SIZE = { small: "text-sm", medium: "text-[0.9375rem]", large: "text-lg" };

export function Textarea({ node }: { node: NodeOf<"textarea"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const value = asText(props.value);
  const { ref, settle } = useTextControl<HTMLTextAreaElement>(value);
  useControlId(ref, node.id);
  const error = node.error ?? props.error;
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      dispatch("submit", { value: event.currentTarget.value });
    }
    if (event.key === "Escape") dispatch("escape");
  };
  return (
    <Field nodeId={node.id} label={props.label} error={error} style={props.style}>
      {(names) => (
        <textarea
          ref={ref}
          className={clsx(
            "control px-3 py-2.5 leading-relaxed",
            CONTROL_VARIANT[props.variant ?? "default"],
            RESIZE[props.resize ?? "vertical"],
            TEXT_SIZE[props.size ?? "medium"],
          )}
          rows={props.rows ?? 4}
          defaultValue={value}
          placeholder={props.placeholder}
          readOnly={props.readonly || !node.events.includes("change")}
          disabled={props.disabled}
          aria-label={props.label ? undefined : (props.placeholder ?? nameFromId(node.id))}
          {...names}
          onChange={(event) => dispatch("change", { value: event.currentTarget.value })}
          onKeyDown={onKeyDown}
          onFocus={() => dispatch("focus")}
          onBlur={() => {
            settle();
            dispatch("blur");
          }}
        />
      )}
    </Field>
  );
}
