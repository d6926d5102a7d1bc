import clsx from "clsx";
import { ImageOff } from "lucide-react";
import { useState } from "react";
import type { NodeOf } from "@/engine/protocol";
import { clickableLeaf } from "../clickable";
import { useDispatch } from "../SurfaceContext";

const ALLOWED_SOURCE = /^(https?:\/\/|data:image\/)/i;
const FIT = { cover: "object-cover", contain: "object-contain", fill: "object-fill", none: "object-none" };
const ROUNDED = {
  none: "",
  small: "rounded-md",
  medium: "rounded-xl",
  large: "rounded-3xl",
  full: "rounded-full",
};

export function Picture({ node }: { node: NodeOf<"image"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const [brokenSource, setBrokenSource] = useState<string | null>(null);
  const source = props.src && ALLOWED_SOURCE.test(props.src) ? props.src : null;
  const size = { width: props.width, height: props.height, ...props.style };
  if (!source || source === brokenSource) {
    return (
      <div
        data-node-id={node.id}
        role="img"
        aria-label={props.alt || "Picture that could not be shown"}
        className="flex min-h-24 flex-col items-center justify-center gap-2 rounded-xl bg-surface-3 p-4 text-ink-3 text-sm"
        style={size}
      >
        <ImageOff size={22} aria-hidden="true" />
        <span className="max-w-full text-center">{props.alt || "No picture"}</span>
      </div>
    );
  }
  return (
    <img
      data-node-id={node.id}
      src={source}
      alt={props.alt ?? ""}
      referrerPolicy="no-referrer"
      loading="lazy"
      draggable={false}
      className={clsx("max-w-full", FIT[props.fit ?? "cover"], ROUNDED[props.rounded ?? "none"])}
      style={size}
      onError={() => setBrokenSource(source)}
      {...clickableLeaf(node, dispatch)}
    />
  );
}
