/** The children of a node; of many, those in view. */
import { useEffect, useRef } from "react";
import type { UiNode } from "@/engine/protocol";
import { SurfaceNode } from "./Surface";
import { useSurface } from "./SurfaceContext";
import { isVirtual, VirtualChildren, type VirtualLayout } from "./VirtualChildren";

const ROWS_A_STEP = 50;

interface ChildrenProps {
  node: UiNode;
  /** How they stand, where they fill their owner in lines; otherwise all that were asked for are drawn. */
  layout?: VirtualLayout;
}

export function Children({ node, layout }: ChildrenProps) {
  if (layout && isVirtual(node)) return <VirtualChildren owner={node} layout={layout} />;
  const missing = node.rows !== undefined && (node.rows.at(-1) ?? 0) + 1 < (node.total ?? 0);
  return (
    <>
      {node.children.map((id) => (
        <SurfaceNode key={id} id={id} />
      ))}
      {missing && <MoreRows key={node.children.length} node={node} />}
    </>
  );
}

/** Asks for more rows as the end comes near. */
function MoreRows({ node }: { node: UiNode }) {
  const { host } = useSurface();
  const end = useRef<HTMLDivElement>(null);
  const drawn = (node.rows?.at(-1) ?? 0) + 1;
  useEffect(() => {
    if (!end.current || !host) return;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) host.range(node.id, { first: 0, count: drawn + ROWS_A_STEP });
      },
      { rootMargin: "400px" },
    );
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [host, node.id, drawn]);
  return (
    <div ref={end} className="py-2 text-center text-ink-3 text-sm">
      {drawn} of {node.total}
    </div>
  );
}
