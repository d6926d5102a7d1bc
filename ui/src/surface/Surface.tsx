/** Draws the nodes the engine resolves. */
import clsx from "clsx";
import {
  type ComponentType,
  type CSSProperties,
  memo,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { NodeStore } from "@/engine/nodeStore";
import type { NodeId, UiNode, UiSpec } from "@/engine/protocol";
import { Column } from "./Children";
import { FOCUSABLE } from "./look";
import { registry } from "./registry";
import { SurfaceContext, type SurfaceHost, useNode } from "./SurfaceContext";
import { accentVariables } from "./theme";

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
  const scope = useMemo(() => ({ nodes, host, overlay }), [nodes, host, overlay]);
  const scroller = useRef<HTMLDivElement>(null);
  const isStop = useIsKeyboardStop(scroller);
  const style = useMemo<CSSProperties>(() => accentVariables(theme?.accent), [theme?.accent]);
  return (
    <SurfaceContext value={scope}>
      <div
        className={clsx(
          "wrap-break-word grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)] grid-rows-[minmax(0,1fr)]",
          theme?.mode && "bg-surface text-ink",
        )}
        data-theme={theme?.mode}
        style={style}
      >
        <div
          ref={scroller}
          tabIndex={isStop ? 0 : undefined}
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
            <Roots nodes={nodes} inLine={layout === "horizontal"} placeholder={placeholder} />
          </div>
        </div>
        <div ref={setOverlay} className="pointer-events-none grid min-h-0 [grid-area:1/1]" />
      </div>
    </SurfaceContext>
  );
}

/** Whether content that scrolls must take the keyboard itself, since nothing in it does. */
function useIsKeyboardStop(scroller: RefObject<HTMLElement | null>): boolean {
  const [isStop, setIsStop] = useState(false);
  useEffect(() => {
    const frame = scroller.current;
    const content = frame?.firstElementChild;
    if (!frame || !content || typeof ResizeObserver === "undefined") return;
    const watch = new ResizeObserver(() =>
      setIsStop(frame.scrollHeight > frame.clientHeight && !content.querySelector(FOCUSABLE)),
    );
    watch.observe(frame);
    watch.observe(content);
    return () => watch.disconnect();
  }, [scroller]);
  return isStop;
}

interface RootsProps extends Pick<SurfaceProps, "nodes" | "placeholder"> {
  /** Whether they stand beside one another. */
  inLine: boolean;
}

function Roots({ nodes, inLine, placeholder }: RootsProps) {
  const subscribe = useCallback((listener: () => void) => nodes.subscribeRoots(listener), [nodes]);
  const roots = useSyncExternalStore(subscribe, () => nodes.roots);
  if (roots.length === 0) return placeholder;
  return <Column ids={roots} flow={inLine ? "wrapping" : "down"} />;
}

/** One node. It alone renders when its node changes. */
export const SurfaceNode = memo(function SurfaceNode({ id }: { id: NodeId }) {
  const node = useNode(id);
  if (!node) return null;
  const View = (registry[node.type] ?? registry.unknown) as ComponentType<{ node: UiNode }>;
  return <View key={node.type} node={node} />;
});
