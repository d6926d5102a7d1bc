import { ChevronDown } from "lucide-react";
import { Accordion as RadixAccordion } from "radix-ui";
import type { NodeOf } from "@/engine/protocol";
import { componentId } from "../look";
import { SurfaceNode } from "../Surface";
import { useDispatch } from "../SurfaceContext";
import { usePanels } from "../usePanels";

export function Accordion({ node }: { node: NodeOf<"accordion"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const panels = usePanels(node);
  const open = panels.find((panel) => componentId(panel.id) === props.value);
  return (
    <RadixAccordion.Root
      data-node-id={node.id}
      type="single"
      collapsible
      className="min-w-0 divide-y divide-line overflow-hidden rounded-xl border border-line"
      style={props.style}
      value={open?.id ?? ""}
      onValueChange={(id) => dispatch("change", { value: id === "" ? null : componentId(id) })}
      aria-label={props.label}
    >
      {panels.map((panel) => (
        <RadixAccordion.Item key={panel.id} value={panel.id}>
          <RadixAccordion.Header>
            <RadixAccordion.Trigger className="group flex w-full items-center justify-between gap-3 px-4 py-3 text-left font-medium -outline-offset-2 hover:bg-surface-2">
              <span className="min-w-0">{panel.label}</span>
              <ChevronDown
                size={18}
                className="flex-none text-ink-3 transition-transform group-data-[state=open]:rotate-180"
                aria-hidden="true"
              />
            </RadixAccordion.Trigger>
          </RadixAccordion.Header>
          <RadixAccordion.Content className="px-4 pt-1 pb-4">
            <SurfaceNode id={panel.id} />
          </RadixAccordion.Content>
        </RadixAccordion.Item>
      ))}
    </RadixAccordion.Root>
  );
}
