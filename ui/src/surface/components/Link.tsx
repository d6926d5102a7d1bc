import { ExternalLink } from "lucide-react";
import type { NodeOf } from "@/engine/protocol";
import { asText } from "../look";
import { useDispatch } from "../SurfaceContext";

const ALLOWED_ADDRESS = /^https?:\/\//i;

export function Link({ node }: { node: NodeOf<"link"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const text = asText(props.text) || props.label || props.href || "Link";
  if (!props.href || !ALLOWED_ADDRESS.test(props.href)) {
    return (
      <button
        type="button"
        data-node-id={node.id}
        className="w-fit max-w-full rounded-sm text-accent-ink underline underline-offset-3"
        style={props.style}
        aria-label={props.label}
        onClick={() => dispatch("click")}
      >
        {text}
      </button>
    );
  }
  return (
    <a
      data-node-id={node.id}
      href={props.href}
      target="_blank"
      rel="noopener noreferrer"
      className="inline-flex w-fit max-w-full items-center gap-1 rounded-sm text-accent-ink underline underline-offset-3"
      style={props.style}
      aria-label={props.label}
      onClick={() => dispatch("click")}
    >
      <span className="min-w-0">{text}</span>
      <ExternalLink size={13} className="flex-none" aria-hidden="true" />
    </a>
  );
}
