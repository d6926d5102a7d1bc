/** The panels of tabs and accordions: children that name themselves by their label. */
import { useCallback, useSyncExternalStore } from "react";
import type { NodeId, NodeOf, UiNode } from "@/engine/protocol";
import { asText, nameFromId } from "./look";
import { useSurface } from "./SurfaceContext";

export interface Panel {
  id: NodeId;
  label: string;
}

export function usePanels(node: NodeOf<"tabs"> | NodeOf<"accordion">): Panel[] {
  const { nodes } = useSurface();
  const { children } = node;
  const subscribe = useCallback(
    (listener: () => void) => {
      const ends = children.map((id) => nodes.subscribe(id, listener));
      return () => {
        for (const end of ends) end();
      };
    },
    [nodes, children],
  );
  const labels = useSyncExternalStore(subscribe, () =>
    JSON.stringify(children.map((id) => panelLabel(nodes.get(id), id))),
  );
  const texts = JSON.parse(labels) as string[];
  return children.map((id, index) => ({ id, label: texts[index] ?? nameFromId(id) }));
}

function panelLabel(panel: UiNode | undefined, id: NodeId): string {
  const props: Record<string, unknown> = { ...panel?.props };
  return asText(props.label) || asText(props.title) || nameFromId(id);
}
