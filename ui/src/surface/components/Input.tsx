import clsx from "clsx";
import { type KeyboardEvent, useEffect } from "react";
import type { NodeOf } from "@/engine/protocol";
import { Field } from "../Field";
import { asText, CONTROL_SIZE, CONTROL_VARIANT, nameFromId } from "../look";
import { useDispatch } from "../SurfaceContext";
import { useControlId } from "../useControlId";
import { useTextControl } from "../useTextControl";

export function Input({ node }: { node: NodeOf<"input"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const value = asText(props.value);
  const { ref, settle } = useTextControl<HTMLInputElement>(value);
  useControlId(ref, node.id);
  useEffect(() => {
    if (props.autofocus) ref.current?.focus();
  }, [props.autofocus, ref]);

  const readOnly = props.readonly || !node.events.includes("change");
  const isDisplay = readOnly && !props.label && (props.type ?? "text") === "text";
  const isNumber = props.type === "number";
  const error = node.error ?? props.error;
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    dispatch("key", { key: event.key });
    if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      dispatch("submit", { value: event.currentTarget.value });
    }
    if (event.key === "Escape") dispatch("escape");
  };
  return (
    <Field nodeId={node.id} label={props.label} error={error} style={props.style}>
      {(names) => (
        <input
          ref={ref}
          type={props.type ?? "text"}
          min={props.min}
          max={props.max}
          step={props.step ?? (isNumber ? "any" : undefined)}
          className={clsx(
            "control",
            CONTROL_VARIANT[props.variant ?? "default"],
            isDisplay ? "control-display" : CONTROL_SIZE[props.size ?? "medium"],
            isNumber && "tabular-nums",
          )}
          defaultValue={value}
          placeholder={props.placeholder}
          readOnly={readOnly}
          disabled={props.disabled}
          aria-label={props.label ? undefined : (props.placeholder ?? nameFromId(node.id))}
          {...names}
          autoComplete="off"
          spellCheck={props.type === undefined || props.type === "text" ? undefined : false}
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
