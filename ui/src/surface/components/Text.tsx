import clsx from "clsx";
import type { NodeOf } from "@/engine/protocol";
import { clickableLeaf } from "../clickable";
import { asText, TEXT_COLOR } from "../look";
import { Markdown } from "../Markdown";
import { useDispatch } from "../SurfaceContext";

const TAG = { h1: "h1", h2: "h2", h3: "h3", body: "p", caption: "p", label: "span", code: "code" } as const;

const VARIANT = {
  h1: "text-[1.75rem] leading-tight font-semibold tracking-tight",
  h2: "text-xl leading-snug font-semibold tracking-tight",
  h3: "text-base leading-snug font-semibold",
  body: "",
  caption: "text-sm",
  label: "text-sm font-medium",
  code: "font-mono text-sm",
};

const WEIGHT = { normal: "font-normal", medium: "font-medium", semibold: "font-semibold", bold: "font-bold" };
const ALIGN = { left: "text-left", center: "text-center", right: "text-right" };

export function Text({ node }: { node: NodeOf<"text"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const variant = props.variant ?? "body";
  const content = asText(props.content);
  const isMarkdown = props.format === "markdown";
  const Tag = isMarkdown ? "div" : TAG[variant];
  const color =
    props.color ?? (variant === "caption" ? "muted" : variant === "label" ? "secondary" : "primary");
  return (
    <Tag
      data-node-id={node.id}
      className={clsx(
        "surface-text min-w-0 whitespace-pre-line wrap-anywhere",
        VARIANT[variant],
        props.weight && WEIGHT[props.weight],
        TEXT_COLOR[color],
        props.align && ALIGN[props.align],
        node.events.includes("click") && "cursor-pointer rounded-md",
      )}
      style={props.style}
      {...clickableLeaf(node, dispatch)}
    >
      {isMarkdown ? <Markdown source={content} /> : content}
    </Tag>
  );
}
