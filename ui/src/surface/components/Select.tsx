import clsx from "clsx";
import { useRef } from "react";
import type { NodeOf } from "@/engine/protocol";
import { Field } from "../Field";
import { asText, CONTROL_SIZE, CONTROL_VARIANT, nameFromId } from "../look";
import { choices } from "../options";
import { useDispatch } from "../SurfaceContext";
import { useControlId } from "../useControlId";

export function Select({ node }: { node: NodeOf<"select"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const control = useRef<HTMLSelectElement>(null);
  useControlId(control, node.id);
  const options = choices(props.options);
  const value = asText(props.value);
  const isKnown = options.some((option) => option.key === value);
  const error = node.error ?? props.error;
  const onChange = (key: string) => {
    const chosen = options.find((option) => option.key === key);
    if (chosen) dispatch("change", { value: chosen.value });
  };
  return (
    <Field nodeId={node.id} label={props.label} error={error} style={props.style}>
      {(names) => (
        <select
          ref={control}
          className={clsx(
            "control pr-9!",
            CONTROL_VARIANT[props.variant ?? "default"],
            CONTROL_SIZE[props.size ?? "medium"],
          )}
          value={isKnown ? value : ""}
          disabled={props.disabled || !node.events.includes("change")}
          aria-label={props.label ? undefined : (props.placeholder ?? nameFromId(node.id))}
          {...names}
          onChange={(event) => onChange(event.currentTarget.value)}
          onFocus={() => dispatch("focus")}
          onBlur={() => dispatch("blur")}
        >
          {!isKnown && (
            <option value="" disabled hidden>
              {props.placeholder ?? "Choose…"}
            </option>
          )}
          {options.map((option) => (
            <option key={option.key} value={option.key}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
