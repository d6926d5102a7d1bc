/** The children of a node; asks for more rows of a long list as its end comes near. */
import { useEffect, useRef } from "react";
import type { UiNode } from "@/engine/protocol";
import { SurfaceNode } from "./Surface";
import { useSurface } from "./SurfaceContext";

const ROWS_A_STEP = 50;

export function Children({ node }: { node: UiNode }) {
  const missing = (node.total ?? 0) > node.children.length;
  return (
    <>
      {node.children.map((id) => (
        <SurfaceNode key={id} id={id} />
      ))}
      {missing && <MoreRows key={node.children.length} node={node} />}
    </>
  );
}

function MoreRows({ node }: { node: UiNode }) {
  const { host } = useSurface();
  const end = useRef<HTMLDivElement>(null);
  const wanted = node.children.length + ROWS_A_STEP;
  useEffect(() => {
    if (!end.current || !host) return;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) host.range(node.id, 0, wanted);
      },
      { rootMargin: "400px" },
    );
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [host, node.id, wanted]);
  return (
    <div ref={end} className="py-2 text-center text-ink-3 text-sm">
      {node.children.length} of {node.total}
    </div>
  );
}
