import clsx from "clsx";
import { type CSSProperties, useEffect, useRef, useState } from "react";
import type { NodeOf } from "@/engine/protocol";
import { nameFromId, TEXT_SIZE } from "../look";
import { useSurface } from "../SurfaceContext";
import { useControlId } from "../useControlId";

export function Slider({ node }: { node: NodeOf<"slider"> }) {
  const { props } = node;
  const { host } = useSurface();
  const control = useRef<HTMLInputElement>(null);
  useControlId(control, node.id);
  const [min, max] = [props.min ?? 0, props.max ?? 100];
  const resolved = props.value ?? min;
  const [moved, setMoved] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the engine's answer ends what was moved here.
  useEffect(() => setMoved(null), [resolved]);
  const value = moved ?? resolved;
  const fill = max > min ? ((value - min) / (max - min)) * 100 : 0;
  const onChange = (next: number) => {
    setMoved(next);
    host?.dispatchOnFrame({ component: node.id, kind: "change", payload: { value: next } });
  };
  return (
    <label data-node-id={node.id} className="field flex min-w-0 flex-col gap-2.5" style={props.style}>
      {(props.label || props.showValue !== false) && (
        <span className="field-label flex items-baseline justify-between gap-3 text-sm">
          <span className="min-w-0 font-medium text-ink-2">{props.label}</span>
          {props.showValue !== false && (
            <span className="text-ink-3 tabular-nums" aria-hidden="true">
              {value}
            </span>
          )}
        </span>
      )}
      <input
        ref={control}
        type="range"
        className={clsx("range", TEXT_SIZE[props.size ?? "medium"])}
        style={{ "--fill": `${fill}%` } as CSSProperties}
        min={min}
        max={max}
        step={props.step ?? 1}
        value={value}
        disabled={props.disabled || !node.events.includes("change")}
        aria-label={props.label ?? nameFromId(node.id)}
        onChange={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}
