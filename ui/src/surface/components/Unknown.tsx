import { Puzzle } from "lucide-react";
import type { NodeOf } from "@/engine/protocol";
import { Children } from "../Children";

/** Stands for a component this version cannot draw: it names the type, and its children still show. */
export function Unknown({ node }: { node: NodeOf<"unknown"> }) {
  return (
    <div data-node-id={node.id} className="flex min-w-0 flex-col gap-3">
      <div className="flex items-center gap-3 rounded-xl border border-line-strong/60 border-dashed px-4 py-3 text-ink-2 text-sm">
        <Puzzle size={18} className="flex-none text-ink-3" aria-hidden="true" />
        <p className="min-w-0">
          This version cannot draw{" "}
          <code className="font-mono text-ink">{node.props.type ?? "this component"}</code> yet.
        </p>
      </div>
      {node.children.length > 0 && <Children node={node} />}
    </div>
  );
}
