import clsx from "clsx";
import type { NodeOf } from "@/engine/protocol";
import { Field } from "../Field";
import { asText, CONTROL_SIZE, CONTROL_VARIANT, nameFromId } from "../look";
import { useDispatch } from "../SurfaceContext";
import { useControlId } from "../useControlId";
import { useTextControl } from "../useTextControl";

export function DateField({ node }: { node: NodeOf<"date"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const value = asText(props.value);
  const { ref, settle } = useTextControl<HTMLInputElement>(value);
  useControlId(ref, node.id);
  const error = node.error ?? props.error;
  return (
    <Field nodeId={node.id} label={props.label} error={error} style={props.style}>
      {(names) => (
        <input
          ref={ref}
          type={props.type ?? "date"}
          className={clsx(
            "control tabular-nums",
            CONTROL_VARIANT[props.variant ?? "default"],
            CONTROL_SIZE[props.size ?? "medium"],
          )}
          defaultValue={value}
          min={props.min}
          max={props.max}
          disabled={props.disabled}
          readOnly={props.readonly || !node.events.includes("change")}
          aria-label={props.label ? undefined : nameFromId(node.id)}
          {...names}
          onChange={(event) => dispatch("change", { value: event.currentTarget.value })}
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
