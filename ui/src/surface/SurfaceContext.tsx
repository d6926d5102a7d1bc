/** What every drawn node may reach: its siblings' nodes and the engine behind them. */
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { Access } from "@/engine/access";
import type { NodeStore } from "@/engine/nodeStore";
import type { EventKind, NodeId, UiNode } from "@/engine/protocol";

/** Where the events of a surface go. A draft has no host: nothing on it can be used yet. */
export interface SurfaceHost {
  readonly access: Pick<Access, "to" | "forget">;
  dispatch(event: { component: NodeId; kind: EventKind; payload?: Record<string, unknown> }): void;
  dispatchOnFrame(event: { component: NodeId; kind: EventKind; payload?: Record<string, unknown> }): void;
  range(component: NodeId, first: number, count: number, keep?: NodeId[]): void;
}

export interface SurfaceScope {
  nodes: NodeStore;
  host: SurfaceHost | null;
  /** Where modals are put: above the app's content, inside its window. */
  overlay: HTMLElement | null;
}

export const SurfaceContext = createContext<SurfaceScope | null>(null);

export function useSurface(): SurfaceScope {
  const scope = useContext(SurfaceContext);
  if (!scope) throw new Error("a node is drawn outside a Surface");
  return scope;
}

/** The node as it is now; its reader renders again only when this one node changes. */
export function useNode(id: NodeId): UiNode | undefined {
  const { nodes } = useSurface();
  const subscribe = useCallback((listener: () => void) => nodes.subscribe(id, listener), [nodes, id]);
  return useSyncExternalStore(subscribe, () => nodes.get(id));
}

/** A function that dispatches events of `node`, and drops kinds the engine does not expect. */
export function useDispatch(node: UiNode): (kind: EventKind, payload?: Record<string, unknown>) => void {
  const { host } = useSurface();
  return (kind, payload) => {
    if (node.events.includes(kind)) host?.dispatch({ component: node.id, kind, payload });
  };
}
