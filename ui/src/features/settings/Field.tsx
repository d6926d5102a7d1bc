import { type ReactNode, useId } from "react";

/** What a control needs to be known by its label, its help and its failure. */
interface Control {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

interface FieldProps {
  label: string;
  help?: string;
  invalid?: boolean;
  /** Beside the label. */
  aside?: ReactNode;
  children(control: Control): ReactNode;
}

/** A labelled control of the settings. */
export function Field({ label, help, invalid = false, aside, children }: FieldProps) {
  const id = useId();
  const control: Control = {
    id,
    "aria-describedby": help ? `${id}-help` : undefined,
    "aria-invalid": invalid || undefined,
  };
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="font-medium text-ink-2 text-sm">
          {label}
        </label>
        {aside}
      </div>
      {children(control)}
      {help && (
        <p id={`${id}-help`} className="text-ink-3 text-sm">
          {help}
        </p>
      )}
    </div>
  );
}
