import type { NodeOf } from "@/engine/protocol";
import { Children } from "../Children";

/** The engine fires the form's submit when a field inside it submits, so nothing is dispatched here. */
export function Form({ node }: { node: NodeOf<"form"> }) {
  const { props } = node;
  return (
    <form
      data-node-id={node.id}
      className="surface-column flex min-w-0 flex-col"
      style={{ gap: props.gap ?? 14, ...props.style }}
      aria-label={props.label}
      noValidate
      onSubmit={(event) => event.preventDefault()}
    >
      <Children node={node} />
    </form>
  );
}
