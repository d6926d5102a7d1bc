import clsx from "clsx";
import { VideoOff } from "lucide-react";
import { useRef } from "react";
import type { NodeOf } from "@/engine/protocol";
import { nameFromId } from "../look";
import { NotLoaded } from "../NotLoaded";
import { useDispatch } from "../SurfaceContext";
import { useMedia } from "../useMedia";
import { useSource } from "../useSource";

const FIT = { cover: "object-cover", contain: "object-contain", fill: "object-fill", none: "object-none" };
const ROUNDED = { none: "", small: "rounded-md", medium: "rounded-xl", large: "rounded-3xl" };

export function VideoPlayer({ node }: { node: NodeOf<"video"> }) {
  const { props } = node;
  const dispatch = useDispatch(node);
  const element = useRef<HTMLVideoElement>(null);
  const source = useSource(useMedia(element, props.src, props.playlist));
  const name = props.label || nameFromId(node.id);
  if (source.url === undefined) {
    return <NotLoaded nodeId={node.id} icon={VideoOff} name={name} source={source} style={props.style} />;
  }
  return (
    <video
      ref={element}
      data-node-id={node.id}
      aria-label={name}
      src={source.url}
      controls={props.controls ?? true}
      autoPlay={props.autoPlay}
      loop={props.loop}
      muted={props.muted}
      playsInline
      preload="metadata"
      className={clsx(
        "aspect-video max-w-full bg-surface-3",
        props.width === undefined && "w-full",
        FIT[props.fit ?? "contain"],
        ROUNDED[props.rounded ?? "none"],
      )}
      style={{ width: props.width, height: props.height, ...props.style }}
      onPlay={() => dispatch("play")}
      onPause={() => dispatch("pause")}
      onEnded={() => dispatch("ended")}
    />
  );
}
