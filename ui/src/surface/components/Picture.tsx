import clsx from "clsx";
import { ImageOff } from "lucide-react";
import { useState } from "react";
import type { NodeOf } from "@/engine/protocol";
import { clickableLeaf } from "../clickable";
import { NotLoaded } from "../NotLoaded";
import { useDispatch } from "../SurfaceContext";
import { useSource } from "../useSource";

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
  const source = useSource(props.src, true);
  const size = { width: props.width, height: props.height, ...props.style };
  if (source.url === undefined || source.url === brokenSource) {
    const name = props.alt || "No picture";
    return <NotLoaded nodeId={node.id} icon={ImageOff} name={name} source={source} style={size} />;
  }
  return (
    <img
      data-node-id={node.id}
      src={source.url}
      alt={props.alt ?? ""}
      referrerPolicy="no-referrer"
      loading="lazy"
      draggable={false}
      className={clsx("max-w-full", FIT[props.fit ?? "cover"], ROUNDED[props.rounded ?? "none"])}
      style={size}
      onError={() => setBrokenSource(source.url ?? null)}
      {...clickableLeaf(node, dispatch)}
    />
  );
}
