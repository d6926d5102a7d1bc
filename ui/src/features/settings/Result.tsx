import type { ReachedModels } from "@/shared/api/types";
import type { Outcome } from "./useModelForm";

/** How the last test or save went. */
export function Result({ outcome }: { outcome: Outcome }) {
  return (
    <>
      <p role="status" className="text-ink-2 text-sm empty:hidden">
        {outcome.kind === "testing" && "Asking which models are there…"}
        {outcome.kind === "reached" && <Reached {...outcome} />}
      </p>
      {outcome.kind === "failed" && (
        <p
          role="alert"
          className="wrap-anywhere rounded-xl bg-danger-soft px-3.5 py-2.5 text-danger-ink text-sm"
        >
          {outcome.message}
        </p>
      )}
    </>
  );
}

function Reached({ reached, model }: { reached: ReachedModels; model: string }) {
  const count = reached.models.length === 1 ? "1 model" : `${reached.models.length} models`;
  const there = `It answers and has ${count}.`;
  if (model === "" || reached.model_is_there) {
    return <span className="block rounded-xl bg-success-soft px-3.5 py-2.5 text-success-ink">{there}</span>;
  }
  return (
    <span className="wrap-anywhere block rounded-xl bg-warning-soft px-3.5 py-2.5 text-warning-ink">
      {there} “{model}” is not among them.
    </span>
  );
}
