import clsx from "clsx";
import { ScrollText } from "lucide-react";
import { useState } from "react";
import { api } from "@/shared/api/client";
import { PushButton } from "@/shared/ui/PushButton";

type Check =
  | { kind: "none" | "checking" }
  | { kind: "whole"; rows: number }
  | { kind: "wrong"; message: string };

/** Whether the record of what was done and refused is as it was written. */
export function AuditCheck() {
  const [check, setCheck] = useState<Check>({ kind: "none" });
  const begin = async () => {
    setCheck({ kind: "checking" });
    try {
      const { holds, rows, fault } = await api.verifyAudit();
      if (holds) setCheck({ kind: "whole", rows: rows ?? 0 });
      else setCheck({ kind: "wrong", message: `The audit is not whole: ${fault ?? "it was changed"}.` });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      setCheck({ kind: "wrong", message: `The audit could not be checked: ${reason}` });
    }
  };
  return (
    <div className="flex flex-none flex-wrap items-center gap-x-4 gap-y-2 border-line border-t px-5 py-3 text-sm">
      <p
        role={check.kind === "wrong" ? "alert" : "status"}
        className={clsx(
          "wrap-anywhere flex-1 text-ink-2 sm:min-w-48",
          check.kind !== "none" && "max-sm:basis-full",
        )}
      >
        {check.kind === "none" && (
          <span className="max-sm:hidden">
            Everything that is done and refused is written into the audit.
          </span>
        )}
        {check.kind === "checking" && "Reading the audit…"}
        {check.kind === "whole" && (
          <span className="text-success-ink">
            The audit is whole: {check.rows.toLocaleString()} {check.rows === 1 ? "row" : "rows"}, none edited
            or removed.
          </span>
        )}
        {check.kind === "wrong" && <span className="text-danger-ink">{check.message}</span>}
      </p>
      <PushButton aria-disabled={check.kind === "checking" || undefined} onClick={() => void begin()}>
        <ScrollText size={16} aria-hidden="true" />
        Verify the audit
      </PushButton>
    </div>
  );
}
