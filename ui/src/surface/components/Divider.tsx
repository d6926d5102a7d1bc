import clsx from "clsx";
import type { NodeOf } from "@/engine/protocol";

const LINE = { solid: "border-solid", dashed: "border-dashed", dotted: "border-dotted" };

export function Divider({ node }: { node: NodeOf<"divider"> }) {
  const { props } = node;
  const line = LINE[props.variant ?? "solid"];
  if (props.orientation === "vertical") {
    return (
      <hr
        data-node-id={node.id}
        aria-orientation="vertical"
        className={clsx("h-auto min-h-6 w-0 self-stretch border-line border-l", line)}
        style={props.style}
      />
    );
  }
  if (props.label) {
    return (
      <div data-node-id={node.id} className="flex items-center gap-3" style={props.style}>
        <hr className={clsx("min-w-4 flex-1 border-line", line)} />
        <span className="min-w-0 font-medium text-ink-3 text-sm">{props.label}</span>
        <hr className={clsx("min-w-4 flex-1 border-line", line)} />
      </div>
    );
  }
  return <hr data-node-id={node.id} className={clsx("w-full border-line", line)} style={props.style} />;
}
