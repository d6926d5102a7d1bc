/** Draws the nodes the engine resolves. */
import clsx from "clsx";
import {
  type ComponentType,
  type CSSProperties,
  memo,
  type ReactNode,
  useCallback,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import type { NodeStore } from "@/engine/nodeStore";
import type { NodeId, UiNode, UiSpec } from "@/engine/protocol";
import { registry } from "./registry";
import { SurfaceContext, type SurfaceHost, useNode } from "./SurfaceContext";
import { accentVariables } from "./theme";
import { isVirtual, VirtualChildren } from "./VirtualChildren";

interface SurfaceProps {
  nodes: NodeStore;
  host: SurfaceHost | null;
  layout?: UiSpec["layout"];
  theme?: UiSpec["theme"];
  /** Shown while there is nothing to draw. */
  placeholder?: ReactNode;
}

export function Surface({ nodes, host, layout = "vertical", theme, placeholder }: SurfaceProps) {
  const [overlay, setOverlay] = useState<HTMLElement | null>(null);
  const [lineHeights] = useState(() => new Map<string, number>());
  const scope = useMemo(() => ({ nodes, host, overlay, lineHeights }), [nodes, host, overlay, lineHeights]);
  const style = useMemo<CSSProperties>(() => accentVariables(theme?.accent), [theme?.accent]);
  return (
    <SurfaceContext value={scope}>
      <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)] grid-rows-[minmax(0,1fr)]" style={style}>
        <div
          className={clsx(
            "@container overflow-auto [grid-area:1/1]",
            theme?.density === "compact" ? "p-3" : "p-5",
          )}
          data-surface-content
        >
          <div
            className={clsx(
              layout === "vertical" && "surface-column flex flex-col gap-4",
              layout === "horizontal" && "surface-row flex flex-wrap items-start gap-4",
              layout === "grid" && "grid @3xl:grid-cols-3 @md:grid-cols-2 gap-4",
            )}
          >
            <Roots nodes={nodes} layout={layout} placeholder={placeholder} />
          </div>
        </div>
        <div ref={setOverlay} className="pointer-events-none grid min-h-0 [grid-area:1/1]" />
      </div>
    </SurfaceContext>
  );
}

/** The gap between the roots, as the classes above have it. */
const ROOT_GAP_PX = 16;

interface RootsProps extends Pick<SurfaceProps, "nodes" | "placeholder"> {
  layout: "vertical" | "horizontal" | "grid";
}

function Roots({ nodes, layout, placeholder }: RootsProps) {
  const subscribe = useCallback((listener: () => void) => nodes.subscribeRoots(listener), [nodes]);
  const roots = useSyncExternalStore(subscribe, () => nodes.roots);
  if (roots.length === 0) return placeholder;
  if (layout !== "horizontal" && isVirtual({ children: roots })) {
    const kind = layout === "grid" ? "grid" : "column";
    return <VirtualChildren owner={{ children: roots }} layout={{ kind, gap: ROOT_GAP_PX }} />;
  }
  return roots.map((id) => <SurfaceNode key={id} id={id} />);
}

/** One node. It alone renders when its node changes. */
export const SurfaceNode = memo(function SurfaceNode({ id }: { id: NodeId }) {
  const node = useNode(id);
  if (!node) return null;
  const View = (registry[node.type] ?? registry.unknown) as ComponentType<{ node: UiNode }>;
  return <View key={node.type} node={node} />;
});
