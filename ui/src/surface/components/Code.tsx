import type { NodeOf } from "@/engine/protocol";
import { asText } from "../look";

export function Code({ node }: { node: NodeOf<"code"> }) {
  const { props } = node;
  return (
    <figure
      data-node-id={node.id}
      className="min-w-0 overflow-hidden rounded-xl border border-line bg-surface-2"
      style={props.style}
    >
      {props.language && (
        <figcaption className="border-line border-b px-4 py-1.5 font-medium text-ink-3 text-xs">
          {props.language}
        </figcaption>
      )}
      <pre tabIndex={0} className="overflow-x-auto p-4 font-mono text-sm leading-relaxed">
        <code>{asText(props.content)}</code>
      </pre>
    </figure>
  );
}
