/** The frame of a control: its label above, its error below. */
import clsx from "clsx";
import { type ReactNode, useId } from "react";
import type { StyleMap } from "@/engine/catalog";

/** What names and describes the control, to be spread on it. */
interface FieldNames {
  "aria-labelledby": string | undefined;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface FieldProps {
  nodeId: string;
  label?: string;
  error?: string | boolean | null;
  style?: StyleMap;
  className?: string;
  children(names: FieldNames): ReactNode;
}

export function Field({ nodeId, label, error, style, className, children }: FieldProps) {
  const labelId = useId();
  const errorId = useId();
  const message = typeof error === "string" && error !== "" ? error : null;
  return (
    <div className={clsx("field min-w-0", className)} style={style} data-node-id={nodeId}>
      <label className="flex flex-col gap-1.5">
        {label && (
          <span id={labelId} className="field-label font-medium text-ink-2 text-sm">
            {label}
          </span>
        )}
        {children({
          "aria-labelledby": label ? labelId : undefined,
          "aria-describedby": message ? errorId : undefined,
          "aria-invalid": error ? true : undefined,
        })}
      </label>
      {message && (
        <p id={errorId} className="mt-1.5 text-danger-ink text-sm" role="alert">
          {message}
        </p>
      )}
    </div>
  );
}
