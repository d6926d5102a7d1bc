import clsx from "clsx";
import { Tabs as RadixTabs } from "radix-ui";
import { type RefObject, useLayoutEffect, useRef } from "react";
import type { NodeId, NodeOf } from "@/engine/protocol";
import { componentId, nameFromId } from "../look";
import { SurfaceNode } from "../Surface";
import { useDispatch } from "../SurfaceContext";
import { usePanels } from "../usePanels";

const LIST = {
  default: "gap-4 border-b border-line",
  bordered: "gap-1 rounded-xl border border-line p-1",
  pills: "gap-1 rounded-xl bg-surface-3 p-1",
};

const TRIGGER = {
  default:
    "-mb-px rounded-t-md border-transparent border-b-2 px-1 py-2 data-[state=active]:border-accent data-[state=active]:text-ink",
  bordered: "rounded-lg px-3 py-1.5 data-[state=active]:bg-accent-soft data-[state=active]:text-accent-ink",
  pills:
    "rounded-lg px-3 py-1.5 data-[state=active]:bg-surface data-[state=active]:text-ink data-[state=active]:shadow-control",
};

export function Tabs({ node }: { node: NodeOf<"tabs"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const panels = usePanels(node);
  const variant = props.variant ?? "default";
  const asked = props.value ?? props.defaultTab;
  const open = panels.find((panel) => componentId(panel.id) === asked) ?? panels[0];
  const root = useRef<HTMLDivElement>(null);
  const onOpen = (id: string) => {
    const tabId = componentId(id);
    const kind = node.events.includes("change") ? "change" : "tabChange";
    dispatch(kind, { value: tabId, tabId });
  };
  return (
    <RadixTabs.Root
      ref={root}
      data-node-id={node.id}
      className="flex min-w-0 flex-col gap-4"
      style={props.style}
      value={open?.id ?? ""}
      onValueChange={onOpen}
    >
      <RadixTabs.List
        className={clsx("flex min-w-0 overflow-x-auto", LIST[variant])}
        aria-label={props.label ?? nameFromId(node.id)}
      >
        {panels.map((panel) => (
          <RadixTabs.Trigger
            key={panel.id}
            value={panel.id}
            className={clsx(
              "flex-none font-medium text-ink-2 -outline-offset-2 transition-colors hover:text-ink",
              props.size === "small" && "text-sm",
              props.size === "large" && "text-lg",
              TRIGGER[variant],
            )}
          >
            {panel.label}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {panels.map((panel) => (
        <RadixTabs.Content key={panel.id} value={panel.id} className="rounded-lg outline-offset-4">
          <Panel id={panel.id} tabs={root} />
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  );
}

/** A control that switches the tab from within goes with its panel; the keyboard goes into the one that comes. */
function Panel({ id, tabs }: { id: NodeId; tabs: RefObject<HTMLElement | null> }) {
  useLayoutEffect(
    () => () => {
      const around = document.activeElement?.parentElement?.closest("[role=tabpanel]");
      if (around && around.parentElement === tabs.current) queueMicrotask(() => enterPanel(tabs.current));
    },
    [tabs],
  );
  return <SurfaceNode id={id} />;
}

function enterPanel(tabs: HTMLElement | null): void {
  if (document.activeElement !== document.body) return;
  const panel = tabs?.querySelector<HTMLElement>(":scope > [role=tabpanel][data-state=active]");
  panel?.focus({ preventScroll: true });
}
